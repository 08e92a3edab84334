"""The inputs that networks are trained and measured on.

Minibatches are N(0, I), fresh at every step. Losses are measured on two domains: held-out samples
of N(0, I), where the network was trained, and a grid on [-5, 5]^d, most of which is extrapolation.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from npnets.randomness import generator

#: Numbers drawn from one stream: a stream a step would cost more to seed than to draw.
PAGE_NUMBERS = 2**14
#: Numbers that one step may draw, the batch size times d_in.
MOST_STEP_NUMBERS = 2**24

HELD_OUT = 10_000
"""Held-out samples a loss is measured on."""

DEAD_SAMPLE = 1_000
"""Held-out samples, the first, on which a dead neuron has to stay silent."""

GRID_EDGE = 5.0
"""The grid reaches from -5 to 5 in every dimension."""

_GRID_POINTS = {1: 1001, 2: 41, 3: 13}


def minibatches(
    seed: int, d_in: int, batch_size: int, start: int, stop: int, dtype: str = "float32"
) -> np.ndarray:
    """The inputs of steps start to stop - 1: (steps, d_in, batch_size), samples last.

    A function of the seed, d_in, the batch size and the step, and not of the network's shape: all
    networks of a seed see the same data. The numbers are drawn as float32 for either dtype.

    >>> whole = minibatches(0, 1, 64, 0, 600)
    >>> bool((whole[300:500] == minibatches(0, 1, 64, 300, 500)).all())
    True
    """
    per_page = page_steps(d_in, batch_size)
    draw = _kept_page if per_page > 1 else _page
    numbers = range(start // per_page, -(-stop // per_page))
    pages = [draw(seed, d_in, batch_size, number) for number in numbers]
    first = start // per_page * per_page
    steps = np.concatenate(pages) if pages else np.empty((0, d_in, batch_size), np.float32)
    return steps[start - first : stop - first].astype(dtype, copy=False)


def _page(seed: int, d_in: int, batch_size: int, number: int) -> np.ndarray:
    """The minibatches that come from one stream, (steps, d_in, batch_size)."""
    shape = (page_steps(d_in, batch_size), d_in, batch_size)
    page = generator(seed, "minibatches", d_in, number).standard_normal(shape, dtype=np.float32)
    page.setflags(write=False)
    return page


#: Who takes few steps at a time asks for a page again and again, each thread for one of its own.
_kept_page = lru_cache(maxsize=16, typed=True)(_page)


def page_steps(d_in: int, batch_size: int) -> int:
    """Steps whose minibatches come from one stream.

    >>> page_steps(1, 64), page_steps(2, 1_000_000)
    (256, 1)
    """
    return max(1, PAGE_NUMBERS // (d_in * batch_size))


def held_out(d_in: int) -> np.ndarray:
    """10,000 samples of N(0, I) that no network is trained on, (n, d_in)."""
    return generator(0, "held-out", d_in).standard_normal((HELD_OUT, d_in))


def uniform_grid(d_in: int) -> np.ndarray:
    """Evenly spaced points of [-5, 5]^d, (n, d_in): 1001, 41², 13³; from d = 4 on, 10,000 random.

    >>> uniform_grid(1)[:3, 0].tolist()
    [-5.0, -4.99, -4.98]
    """
    if d_in not in _GRID_POINTS:
        return generator(0, "uniform", d_in).uniform(-GRID_EDGE, GRID_EDGE, (HELD_OUT, d_in))
    axis = np.linspace(-GRID_EDGE, GRID_EDGE, _GRID_POINTS[d_in])
    return np.stack(np.meshgrid(*[axis] * d_in, indexing="ij"), axis=-1).reshape(-1, d_in)
