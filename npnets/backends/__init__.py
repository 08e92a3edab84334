"""Two ways to train: the NumPy reference, to be read, and the compiled kernels, to be run."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Protocol as Interface

import numpy as np

from npnets.protocol import Protocol


class Backend(Interface):
    """Some networks in training."""

    widths: Sequence[tuple[int, ...]]

    def __init__(
        self, protocol: Protocol, widths: Sequence[tuple[int, ...]], theta: np.ndarray
    ) -> None:
        """Networks of these widths, where theta (P_1 + … + P_K,) has them start."""

    @property
    def theta(self) -> np.ndarray:
        """(P_1 + … + P_K,) their parameters now, a copy."""

    def advance(self, x: np.ndarray, y: np.ndarray, start: int, record: bool) -> np.ndarray:
        """Take the steps from ``start`` on, on minibatches x (steps, d_in, n), y (steps, 1, n).

        Returns the losses before each step, (K, steps), or (K, 0) if not to be recorded.
        """


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
