"""Every random number npnets draws, as a function of what it is for.

A stream is named by (seed, purpose, key) and by nothing else: not by the worker, the thread, the
chunk or the order of work. Philox is counter-based, and SeedSequence turns the name into its key,
so a network trained alone sees the same numbers as the same network among 32,768 others.
"""

from __future__ import annotations

import numpy as np

PURPOSES = ("initialization", "minibatches", "held-out", "uniform", "sampling")


def generator(seed: int, purpose: str, *key: int) -> np.random.Generator:
    """The random generator for one purpose, e.g. ``generator(0, "initialization", 1, 16, 1)``.

    Parameters
    ----------
    seed : non-negative int
        The replicate: one seed, one run.
    purpose : one of PURPOSES
    key : non-negative ints
        What else the numbers may depend on, e.g. the widths of a network.

    >>> float(generator(0, "held-out", 1).random()) == float(generator(0, "held-out", 1).random())
    True
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ValueError(f"seed must be a non-negative integer, got {seed!r}")
    sequence = np.random.SeedSequence(int(seed), spawn_key=(PURPOSES.index(purpose), *key))
    return np.random.Generator(np.random.Philox(sequence))
