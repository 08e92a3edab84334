"""The loss along all eigenvectors of the Hessians of many networks, tier by tier.

Along the unit eigenvector q_i of eigenvalue λ_i, a distance t away and in the worse of the two
ways, the loss should be, to second order (npnets.landscape.walk),

    max over ± of L(θ ± t q_i) ≈ L + |g·q_i| t + ½ λ_i t²

That worse loss is measured here, and both are averaged over the eigenvectors of a tier.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from npnets.backends.layout import Layout
from npnets.backends.threads import in_threads, thread_count
from npnets.backprop import loss_and_gradient
from npnets.curvature import exact_inputs, finite_array
from npnets.landscape.replicates import common_kind
from npnets.landscape.spectrum import TIER_THRESHOLDS, Spectrum, Tiers, spectra
from npnets.network import Network
from npnets.records import to_json

#: Five distances a decade, in units of weights.
DISTANCES = tuple(10 ** (k / 5) for k in range(-10, 11))
#: Bytes of the parameters at which the loss is taken together.
BLOCK_BYTES = 16 << 20


@dataclass(frozen=True, eq=False)
class TierWalks:
    """Walks of K networks of P parameters, to T distances along each eigenvector, both ways."""

    distances: np.ndarray
    """(T,) t, in units of weights."""
    weight_norm: np.ndarray
    """(K,) ‖θ‖."""
    tier_of: np.ndarray
    """(K, P) the tier of each eigenvector: 0 steep, 1 moderate, 2 weak, 3 zero, 4 negative."""
    loss: np.ndarray
    """(K, P, T) measured, in the worse of the two ways."""
    predicted: np.ndarray
    """(K, P, T) L + |g·q_i| t + ½ λ_i t²."""

    @property
    def tier_loss(self) -> np.ndarray:
        """(K, 5, T) the mean over the eigenvectors of each tier, NaN where there are none."""
        return self._by_tier(self.loss)

    @property
    def tier_predicted(self) -> np.ndarray:
        """(K, 5, T) the same of what is predicted."""
        return self._by_tier(self.predicted)

    def _by_tier(self, values: np.ndarray) -> np.ndarray:
        means = np.full((len(values), 5, len(self.distances)), np.nan)
        for k, tiers in enumerate(self.tier_of):
            for tier in set(tiers.tolist()):
                means[k, tier] = values[k, tiers == tier].mean(axis=0)
        return means

    @property
    def tier_count(self) -> np.ndarray:
        """(K, 5) how many eigenvectors are in each tier."""
        return np.sum(self.tier_of[:, None, :] == np.arange(5)[:, None], axis=2)

    def rows(self) -> list[dict[str, Any]]:
        """The means of the tiers as a table: a row for each network, tier and distance."""
        measured, predicted, counts = self.tier_loss, self.tier_predicted, self.tier_count
        return [
            {
                "network": k,
                "tier": tier,
                "eigenvectors": int(counts[k, i]),
                "distance": float(t),
                "loss": float(measured[k, i, j]),
                "predicted": float(predicted[k, i, j]),
            }
            for k in range(len(counts))
            for i, tier in enumerate(Tiers._fields)
            if counts[k, i]
            for j, t in enumerate(self.distances)
        ]

    def record(self) -> dict[str, Any]:
        """The means of the tiers, for JSON."""
        measured, predicted = self.tier_loss, self.tier_predicted
        return {
            "distances": self.distances.tolist(),
            "weight_norm": self.weight_norm.tolist(),
            "tiers": {
                name: {
                    "eigenvectors": self.tier_count[:, k].tolist(),
                    "loss": measured[:, k].tolist(),
                    "predicted": predicted[:, k].tolist(),
                }
                for k, name in enumerate(Tiers._fields)
            },
        }

    def to_json(self) -> str:
        """The means of the tiers, as one JSON document; NaN and infinity become null."""
        return to_json(self.record())


def tier_walks(
    nets: Sequence[Network],
    x: ArrayLike,
    y: ArrayLike,
    distances: Sequence[float] = DISTANCES,
    *,
    tier_thresholds: Sequence[float] = TIER_THRESHOLDS,
    threads: int | None = None,
) -> TierWalks:
    """Walk from each of many networks of one shape along every eigenvector of its Hessian.

    Parameters
    ----------
    nets : networks with P parameters each
    x, y : samples (n, d_in), targets (n, d_out) of the mean squared error
    distances : (T,) how far to go, none negative, in units of weights
    tier_thresholds : as in npnets.landscape.spectrum
    threads : how many networks at a time; None for all processors

    Raises
    ------
    ValueError
        If an argument breaks its rule, or a Hessian is not finite or too large.

    >>> found = tier_walks([Network([[[2.0]]], [[1.0]])], [-1.0, 1.0], [-1.0, 3.0], [0.0, 1.0])
    >>> found.tier_loss[0, 0].round(12).tolist(), found.tier_predicted[0, 0].round(12).tolist()
    ([0.0, 1.0], [0.0, 1.0])
    """
    threads = thread_count(threads)
    t = finite_array("distances", distances).astype(np.float64)
    if t.ndim != 1 or len(t) == 0 or t.min() < 0:
        raise ValueError(f"distances must be numbers >= 0, at least one, got {distances!r}")
    common_kind(nets)
    found = spectra(nets, x, y, "mse", tier_thresholds, threads=threads)

    def work(pair: tuple[Network, Spectrum]) -> tuple[np.ndarray, np.ndarray]:
        return _walks(*pair, x, y, t)

    done = in_threads(work, zip(nets, found, strict=True), threads)
    return TierWalks(
        t,
        np.array([np.linalg.norm(net.parameters.astype(np.float64)) for net in nets]),
        np.array([spectrum.tier_of for spectrum in found]),
        np.array([loss for loss, _ in done]),
        np.array([predicted for _, predicted in done]),
    )


def _walks(
    net: Network, spectrum: Spectrum, x: ArrayLike, y: ArrayLike, t: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Measured and predicted loss, (P, T) each, of one network."""
    exact, samples = exact_inputs(net, x)
    targets = finite_array("y", y).reshape(len(samples), -1)
    level, gradient = loss_and_gradient(exact, samples, targets)
    q, values = spectrum.eigenvectors, spectrum.eigenvalues
    assert q is not None
    measured = np.empty((len(values), len(t)))
    size = max(1, BLOCK_BYTES // (8 * t.size * len(values)))
    for first in range(0, len(values), size):
        block = slice(first, first + size)
        steps = t[:, None] * q.T[block, None, :]  # (eigenvectors, distances, parameters)
        there, back = (
            _losses(exact, exact.parameters + way, samples, targets) for way in (steps, -steps)
        )
        measured[block] = np.maximum(there, back)
    slopes = np.abs(gradient @ q)[:, None]
    return measured, level + slopes * t + values[:, None] / 2 * t**2


def _losses(net: Network, theta: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The mean squared error at parameters (…, P), on x (n, d_in), y (n, d_out)."""
    from npnets.backends.evaluation import evaluate

    layout, flat = Layout.of([net.widths] * (theta.size // theta.shape[-1])), theta.ravel()
    return evaluate(layout, flat, net.activation, net.slope, x, y).loss.reshape(theta.shape[:-1])
