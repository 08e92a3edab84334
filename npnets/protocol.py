"""How networks are trained: everything of a run but the shapes and the seeds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np

from npnets.activations import get_activation
from npnets.choices import check_choice
from npnets.optimizers import OPTIMIZERS, check_lr
from npnets.samples import MOST_STEP_NUMBERS, minibatches, page_steps
from npnets.targets import Target

DTYPES = ("float32", "float64")

#: Bytes of minibatches held at a time, for a thread.
DATA_BYTES = 16 << 20


@dataclass(frozen=True)
class Protocol:
    """A target and how it is learned; the defaults are those of the source.

    Raises
    ------
    ValueError
        If a field breaks its rule; the message names it.
    """

    target: Target
    steps: int = 2000
    batch_size: int = 64
    lr: float = 0.01
    optimizer: str = "adam"
    activation: str = "relu"
    slope: float = 0.01
    dtype: str = "float32"

    def __post_init__(self) -> None:
        check_count("steps", self.steps, 0)
        check_batch_size(self.batch_size, self.target.d_in)
        check_lr(self.lr)
        check_choice("optimizer", self.optimizer, OPTIMIZERS)
        check_choice("dtype", self.dtype, DTYPES)
        get_activation(self.activation, self.slope)

    def segments(self, cuts: tuple[int, ...]) -> Iterator[tuple[int, int]]:
        """The steps from cut to cut, in pieces whose minibatches fit DATA_BYTES."""
        step_bytes = self.target.d_in * self.batch_size * np.dtype(self.dtype).itemsize
        page = page_steps(self.target.d_in, self.batch_size)
        most = max(1, DATA_BYTES // (step_bytes * page)) * page
        for start, stop in pairwise(sorted({0, *cuts, self.steps})):
            for first in range(start, stop, most):
                yield first, min(first + most, stop)

    @lru_cache(maxsize=2)  # noqa: B019 - protocols are few; chunks of a seed share its data
    def minibatches(self, seed: int, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
        """Inputs (steps, d_in, batch size) and targets (steps, 1, batch size), samples last."""
        d_in, n = self.target.d_in, self.batch_size
        x = minibatches(seed, d_in, n, start, stop, self.dtype)
        y = self.target(x.transpose(0, 2, 1).reshape(-1, d_in))
        y = y.reshape(stop - start, 1, n)
        x.setflags(write=False)
        y.setflags(write=False)
        return x, y


def check_batch_size(batch_size: int, d_in: int) -> int:
    """The batch size, if one step's inputs are no more than memory can be asked to hold."""
    return check_count("batch_size", batch_size, 1, MOST_STEP_NUMBERS // d_in)


def check_count(name: str, value: int, least: int, most: int | None = None) -> int:
    """The value, if it is an integer from least to most.

    >>> check_count("steps", -1, 0)
    Traceback (most recent call last):
    ValueError: steps must be an integer >= 0, got -1
    """
    integer = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not integer or value < least or (most is not None and value > most):
        rule = f">= {least}" if most is None else f"from {least} to {most}"
        raise ValueError(f"{name} must be an integer {rule}, got {value!r}")
    return int(value)
