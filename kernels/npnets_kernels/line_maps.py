"""The affine functions that a network is between points of a line, and the kinks where they meet.

On an interval of a known activation pattern, each layer is W a + b of affine functions a, masked by
the states of the layer before; errors are bounds of what rounding may have done.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from npnets_kernels.inner import inner
from npnets_kernels.line_points import (
    STEP,
    UNDECIDED,
    add_combinations,
    add_products_quickly,
    at_least_tiny,
    margin,
    parameters,
)


class Maps(NamedTuple):
    """One layer's numbers as affine functions on each of I intervals."""

    slopes: np.ndarray
    """float64 (n, I)"""
    slope_errors: np.ndarray
    intercepts: np.ndarray
    """float64 (n, I)"""


@njit
def empty_maps(n, intervals):
    return Maps(np.empty((n, intervals)), np.empty((n, intervals)), np.empty((n, intervals)))


@njit
def preactivation_maps(net, layer, maps):
    """z = W a + b in place of a."""
    weights, biases = parameters(net, layer)
    found = empty_maps(len(biases), maps.slopes.shape[1])
    found.slopes[:] = 0.0
    add_products_quickly(
        weights, maps.slopes, maps.slope_errors, net.doubt, found.slopes, found.slope_errors
    )
    for j in range(len(biases)):
        found.intercepts[j] = biases[j]
    add_combinations(weights, maps.intercepts, found.intercepts)
    return found


@inner
def mask(slope_below, maps, j, places, signs, found):
    """Write φ(z) of neuron j on all intervals that points of these signs divide the old ones into.

    Interval i becomes those from places[i] up to places[i + 1].
    """
    slopes, errors, intercepts = maps.slopes[j], maps.slope_errors[j], maps.intercepts[j]
    to_slopes, to_errors = found.slopes[j], found.slope_errors[j]
    to_intercepts = found.intercepts[j]
    for i in range(len(slopes)):
        for to in range(places[i], places[i + 1]):
            active = signs[to] > 0 or signs[to + 1] > 0
            factor = 1.0 if active else slope_below
            slope, error = factor * slopes[i], factor * errors[i]
            if factor != 0.0 and factor != 1.0:
                error = at_least_tiny(slope, (error + STEP * abs(slope)) * margin(2))
            to_slopes[to], to_errors[to] = slope, error
            to_intercepts[to] = factor * intercepts[i]


@njit
def find_kinks(net, slopes, errors, words, kinks):
    """Whether the output's slope changes from each interval to the next; how many are undecided.

    Parameters
    ----------
    slopes, errors : (m + 1, d_out)
    words : uint64 (m + 1, W)
        Patterns, neuron k in bit k % 64 of word k // 64.
    kinks : int8 (m,)
        Becomes 0, 1 or ``UNDECIDED``.
    """
    widest = net.widths.max()
    reached, reaches = np.empty(widest, np.bool_), np.empty(widest, np.bool_)
    undecided = 0
    for i in range(len(kinks)):
        kinks[i] = 0
        for k in range(slopes.shape[1]):
            error = errors[i, k] + errors[i + 1, k]
            change = abs(slopes[i + 1, k] - slopes[i, k])
            if change > error * margin(2):
                kinks[i] = 1
                break
            if error != 0.0:
                kinks[i] = UNDECIDED
        if kinks[i] == UNDECIDED and not change_reaches_output(net, words, i, reached, reaches):
            kinks[i] = 0
        undecided += kinks[i] == UNDECIDED
    return undecided


@inner
def change_reaches_output(net, words, i, reached, reaches):
    """Whether active neurons pass on, by weights other than 0, what changes after interval i."""
    reached[:] = False
    first = 0
    n_layers = len(net.widths) - 1
    for layer in range(1, n_layers + 1):
        weights, _ = parameters(net, layer)
        for j in range(len(weights)):
            hit = False
            if layer > 1:
                for k in range(weights.shape[1]):
                    hit = hit or (reached[k] and weights[j, k] != 0.0)
            if layer < n_layers:
                was, now = bit(words, i, first + j), bit(words, i + 1, first + j)
                hit = was != now or (hit and (was or net.slope != 0.0))
            reaches[j] = hit
        for j in range(len(weights)):
            reached[j] = reaches[j]
        first += len(weights)
    return reached[: net.widths[n_layers]].any()


@inner
def bit(words, i, k):
    """Bit k of row i."""
    return (words[i, k >> 6] >> np.uint64(k & 63)) & np.uint64(1) != np.uint64(0)
