"""A network's weights and biases as float64, and the norms by which errors of forms may grow."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from npnets_kernels.plane_forms import ROUNDING

from npnets.network import Network
from npnets.regions.exact import slope_below


@dataclass(frozen=True, eq=False)
class FloatLayer:
    """Weights (fan_out, fan_in) and biases (fan_out,)."""

    weights: np.ndarray
    biases: np.ndarray

    @cached_property
    def row_norm(self) -> float:
        """‖W‖_∞, the largest sum of a row's sizes."""
        with np.errstate(over="ignore"):  # then nothing is known of what follows
            return float(np.abs(self.weights).sum(axis=1).max())

    @cached_property
    def largest_bias(self) -> float:
        """The largest size of a bias."""
        return float(np.abs(self.biases).max())

    @cached_property
    def spectral_norm(self) -> float:
        """A bound on ‖W‖₂."""
        return spectral_norm(self.weights)


class FloatNetwork:
    """A piecewise linear network in float64."""

    def __init__(self, net: Network) -> None:
        self.slope, self.depth = slope_below(net), net.depth
        self.layers = tuple(
            FloatLayer(w.astype(np.float64), b.astype(np.float64))
            for w, b in zip(net.weights, net.biases, strict=True)
        )


def spectral_norm(weights: np.ndarray) -> float:
    """A bound on ‖W‖₂ that no rounding makes too small: ‖(W Wᵀ)⁴‖_F^(1/8), or less if others are.

    >>> round(spectral_norm(np.diag([3.0, 1.0])), 3)
    3.0
    """
    size = float(np.abs(weights).max())
    if not 0.0 < size < np.inf:
        return size
    scaled = weights / size
    gram = scaled @ scaled.T if len(scaled) < len(scaled.T) else scaled.T @ scaled
    power = gram @ gram
    power = power @ power
    # relative errors of the entries' root of sum of squares are some n² ulps
    safe = 1.0 + 64.0 * max(weights.shape) ** 2 * ROUNDING
    return math.nextafter(size * safe * float(np.vdot(power, power)) ** 0.0625, math.inf)
