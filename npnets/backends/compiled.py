"""Train with the compiled kernels: arrays laid out for them, and the optimiser's numbers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from npnets_kernels import train as kernel
from npnets_kernels.activations import NAMES
from npnets_kernels.simd import lanes

from npnets.backends.layout import Layout
from npnets.optimizers import Adam, Momentum, adam_scalars
from npnets.protocol import Protocol


def pad_samples(x: np.ndarray, multiple: int = 0) -> np.ndarray:
    """Samples (…, n), repeated from the first to a multiple, contiguous; 0 for a batch vector's."""
    n = x.shape[-1]
    missing = -n % (multiple or lanes(x.dtype))
    if missing == 0:
        return np.ascontiguousarray(x)
    padded = np.empty((*x.shape[:-1], n + missing), x.dtype)
    padded[..., :n] = x
    padded[..., n:] = x.take(np.arange(missing) % n, axis=-1)
    return padded


def pad_weights(n: int, weight: float, dtype: np.dtype, multiple: int = 0) -> np.ndarray:
    """The weight for each of n samples, 0 for what ``pad_samples`` adds to them."""
    weights = np.zeros(n + -n % (multiple or lanes(dtype)), dtype)
    weights[:n] = weight
    return weights


@lru_cache(maxsize=16)
def optimizer_schedule(
    name: str, lr: float, start: int, steps: int
) -> tuple[np.ndarray, np.ndarray]:
    """The kernel's rate and epsilon for each of the steps from ``start`` on; see its ``update``."""
    if name != "adam":
        return np.full(steps, lr), np.zeros(steps)
    scalars = [adam_scalars(t, lr) for t in range(start + 1, start + steps + 1)]
    step_sizes, roots = np.array(scalars).reshape(-1, 2).T
    return step_sizes * roots, Adam().eps * roots


class Compiled:
    """A ``Backend`` that trains with the compiled kernels."""

    def __init__(
        self, protocol: Protocol, widths: Sequence[tuple[int, ...]], theta: np.ndarray
    ) -> None:
        self.protocol, self.widths = protocol, widths
        self.layout = Layout.of(widths)
        self._theta = theta.copy()
        self.first, self.second = np.zeros_like(theta), np.zeros_like(theta)

    @property
    def theta(self) -> np.ndarray:
        return self._theta.copy()

    def advance(self, x: np.ndarray, y: np.ndarray, start: int, record: bool) -> np.ndarray:
        steps, d_out, n = y.shape
        protocol, number = self.protocol, self._theta.dtype.type
        rates, epsilons = optimizer_schedule(protocol.optimizer, protocol.lr, start, steps)
        with np.errstate(over="ignore"):  # a rate beyond float32 is infinite, and so is the loss
            rates, epsilons = rates.astype(number), epsilons.astype(number)
        beta1, beta2 = Adam().betas if protocol.optimizer == "adam" else (Momentum().mu, 0.0)
        losses = np.empty((len(self.widths), steps if record else 0), number)
        kernel.train(
            self.layout.widths,
            self.layout.width_offsets,
            self._theta,
            self.first,
            self.second,
            self.layout.offsets,
            pad_samples(x),
            pad_samples(y),
            pad_weights(n, 2 / (n * d_out), x.dtype),
            rates,
            epsilons,
            kernel.OPTIMIZERS.index(protocol.optimizer),
            beta1,
            beta2,
            NAMES.index(protocol.activation),
            float(protocol.slope),
            losses,
        )
        return losses
