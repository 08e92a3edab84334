"""The pieces of a network on a line: where neurons change their state, layer by layer.

The points found so far divide the line into intervals on which each layer up to now is affine. The
next layer's preactivations are computed at the points, as a network is continuous; where a neuron's
signs at neighbouring points differ, a new point is put between them, and all numbers there are
interpolated. Every decision is a sign whose error is bounded; a search that comes upon one that
floats can't decide is handed back, and goes on where it was when it has been decided.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from npnets_kernels.compiled import kernel
from npnets_kernels.inner import inner
from npnets_kernels.line_crossings import LATER, Crossings, find_crossings
from npnets_kernels.line_maps import (
    Maps,
    empty_maps,
    find_kinks,
    mask,
    preactivation_maps,
)
from npnets_kernels.line_points import (
    UNDECIDED,
    Net,
    Points,
    activation,
    between,
    margin,
    preactivations,
)

#: Where a search is: before a layer's preactivations, with their signs, with the crossings' orders;
#: at its end; or at the limit of its memory.
LAYER, SIGNS, ORDERS, DONE, FULL = range(5)
#: A position's error is at most this share of its size, or of the way to the nearest.
ACCURATE = 2.0**-30


class Search(NamedTuple):
    """A search for points, which may be under way."""

    stage: int
    layer: int
    """1, 2, … of which the numbers are."""
    points: Points
    maps: Maps
    """Of the layer before; of the output when it is done."""
    words: np.ndarray
    """uint64 (I, W) the states so far in each interval, neuron k in bit k % 64 of word k // 64."""
    crossings: Crossings
    decided: int
    """How many decisions floats have made."""
    undecided: int
    """How many are to be made before the search can go on."""


class Found(NamedTuple):
    """The pieces that a search has found: m positions, m + 1 pieces."""

    positions: np.ndarray
    """float64 (m,)"""
    position_errors: np.ndarray
    slopes: np.ndarray
    """float64 (m + 1, d_out)"""
    intercepts: np.ndarray
    words: np.ndarray
    """uint64 (m + 1, W)"""
    kinks: np.ndarray
    """int8 (m,) 1 where the output's slope changes, 0 where not, or ``UNDECIDED``."""
    decided: int
    undecided: int


@njit
def go_on(net, search):
    """Search until all points are found or a decision is to be made."""
    stage, layer, points, maps, words, crossings, decided, undecided = search
    while True:
        hidden = layer < len(net.widths) - 1
        if hidden and stage == LAYER:
            points, undecided = preactivations(net, layer, points)
            stage = SIGNS
            decided += points.signs.size - undecided
            if undecided > 0:
                return Search(stage, layer, points, maps, words, crossings, decided, undecided)
        if hidden and stage == SIGNS:
            crossings, undecided = find_crossings(points)
            stage = ORDERS
            decided += decided_orders(crossings)
            if undecided > 0:
                return Search(stage, layer, points, maps, words, crossings, decided, undecided)
        if hidden and too_many(net, layer, points, crossings):
            return Search(FULL, layer, points, maps, words, crossings, decided, 0)
        maps = preactivation_maps(net, layer, maps)
        if not hidden:
            return Search(DONE, layer, points, maps, words, crossings, decided, 0)
        points, maps, words = divide(net, layer, points, maps, words, crossings)
        stage = LAYER
        layer += 1


@inner
def decided_orders(crossings):
    """How many neighbours in an interval are known to be in order, or at the same point."""
    first, orders = crossings.first, crossings.orders
    decided = 0
    for i in range(len(first) - 1):
        for q in range(first[i] + 1, first[i + 1]):
            decided += orders[q] != UNDECIDED
    return decided


@inner
def too_many(net, layer, points, crossings):
    """Whether some layer's numbers would be too many to keep."""
    widest = 0
    for k in range(layer - 1, len(net.widths)):
        widest = max(widest, net.widths[k])
    return (len(points.positions) + len(crossings.neurons)) * widest > net.most


@njit
def divide(net, layer, points, maps, words, crossings):
    """The points with the crossings among them, the layer's activations, their maps, its states."""
    n_old, n = len(points.positions), net.widths[layer]
    places = new_places(n_old, crossings)
    total = places[n_old - 1] + 1
    needed = total if layer < len(net.widths) - 2 else 0  # the output is computed from maps alone
    positions, position_errors = np.empty(total), np.empty(total)
    values, errors = np.empty((n, needed)), np.empty((n, needed))
    interpolate(
        points,
        points.positions,
        points.position_errors,
        crossings,
        places,
        positions,
        position_errors,
    )
    found_maps = empty_maps(n, total - 1)
    found_words, first = inherit(words, places), first_neuron(net, layer)
    signs = np.ones(total, np.int8)
    for j in range(n):
        if net.slope != 1.0:
            spread_signs(points.signs[j], j, crossings, places, signs)
            record(signs, found_words, first + j)
        mask(net.slope, maps, j, places, signs, found_maps)
        if needed > 0:
            interpolate(
                points, points.values[j], points.errors[j], crossings, places, values[j], errors[j]
            )
            activate(net.slope, signs, values[j], errors[j])
    found = Points(
        positions,
        position_errors,
        values,
        errors,
        np.empty((n, 0), np.int8),
        points.low_infinite,
        points.high_infinite,
    )
    return found, found_maps, found_words


@inner
def first_neuron(net, layer):
    """How many hidden neurons there are before the layer."""
    first = 0
    for k in range(1, layer):
        first += net.widths[k]
    return first


@njit
def new_places(n_old, crossings):
    """Where the old points come to lie among the new ones."""
    places = np.empty(n_old, np.int64)
    added = 0
    for i in range(n_old - 1):
        places[i] = i + added
        for q in range(crossings.first[i], crossings.first[i + 1]):
            added += crossings.orders[q] == LATER
    places[n_old - 1] = n_old - 1 + added
    return places


@inner
def interpolate(points, numbers, errors, crossings, places, to_numbers, to_errors):
    """Write numbers known at the old points, at all points."""
    first, orders = crossings.first, crossings.orders
    shares, share_errors = crossings.shares, crossings.errors
    last = len(numbers) - 1
    low_end = 0 if points.low_infinite else -1
    high_end = last - 1 if points.high_infinite else -1
    for i in range(last):
        to, end = places[i], (i == high_end) - (i == low_end)
        x, x_error, y, y_error = numbers[i], errors[i], numbers[i + 1], errors[i + 1]
        to_numbers[to], to_errors[to] = x, x_error
        for q in range(first[i], first[i + 1]):
            if orders[q] == LATER:
                to += 1
                to_numbers[to], to_errors[to] = between(
                    x, x_error, y, y_error, shares[q], share_errors[q], end
                )
    to_numbers[places[last]], to_errors[places[last]] = numbers[last], errors[last]


@inner
def spread_signs(signs, j, crossings, places, to_signs):
    """Write the signs of neuron j, known at the old points, at all points."""
    first, orders, neurons = crossings.first, crossings.orders, crossings.neurons
    for i in range(len(signs) - 1):
        to, now, after = places[i], signs[i], signs[i + 1]
        to_signs[to] = now
        now = after if now == 0 else now
        for q in range(first[i], first[i + 1]):
            if orders[q] == LATER:
                to += 1
                to_signs[to] = now
            if neurons[q] == j:
                to_signs[to], now = 0, after
    to_signs[places[-1]] = signs[-1]


@inner
def activate(slope, signs, values, errors):
    """φ(z) in place of z."""
    for p in range(len(signs)):
        values[p], errors[p] = activation(slope, signs[p], values[p], errors[p])


@njit
def inherit(words, places):
    """Each interval's states, for all intervals that it is divided into."""
    found = np.empty((places[-1], words.shape[1]), np.uint64)
    for i in range(len(words)):
        for to in range(places[i], places[i + 1]):
            for k in range(words.shape[1]):
                found[to, k] = words[i, k]
    return found


@inner
def record(signs, words, neuron):
    """Set the neuron's bit in each interval that it is active on."""
    word, one = neuron >> 6, np.uint64(1) << np.uint64(neuron & 63)
    for i in range(len(words)):
        if signs[i] > 0 or signs[i + 1] > 0:
            words[i, word] |= one


@njit
def finish(net, search):
    """The pieces of a search that is done."""
    points, words, maps = search.points, search.words, search.maps
    kept = changes(words)
    m, d_out = len(kept), len(maps.slopes)
    positions, position_errors = np.empty(m), np.empty(m)
    slopes, intercepts = np.empty((m + 1, d_out)), np.empty((m + 1, d_out))
    slope_errors, kept_words = (
        np.empty((m + 1, d_out)),
        np.empty((m + 1, words.shape[1]), np.uint64),
    )
    for piece in range(m + 1):
        i = kept[piece - 1] if piece > 0 else 0
        for k in range(words.shape[1]):
            kept_words[piece, k] = words[i, k]
        for k in range(d_out):
            slopes[piece, k] = maps.slopes[k, i]
            slope_errors[piece, k] = maps.slope_errors[k, i]
            intercepts[piece, k] = maps.intercepts[k, i]
        if piece > 0:
            positions[piece - 1] = points.positions[i]
            position_errors[piece - 1] = points.position_errors[i]
    kinks = np.zeros(m, np.int8)
    undecided = find_kinks(net, slopes, slope_errors, kept_words, kinks)
    decided = search.decided + m - undecided
    return Found(
        positions, position_errors, slopes, intercepts, kept_words, kinks, decided, undecided
    )


@njit
def changes(words):
    """The points at which states change: all but those that the search began with."""
    kept = np.empty(len(words) - 1, np.int64)
    count = 0
    for i in range(len(words) - 1):
        for k in range(words.shape[1]):
            if words[i, k] != words[i + 1, k]:
                kept[count] = i + 1
                count += 1
                break
    return kept[:count]


@kernel
def advance(net, search):
    """``go_on``: see ``Search``."""
    return go_on(net, search)


@kernel
def pieces(net, search):
    """``finish``, and ``vague``: bool (m,)."""
    found = finish(net, search)
    bad = np.empty(len(found.positions), np.bool_)
    vague(found.positions, found.position_errors, bad)
    return found, bad


@inner
def vague(positions, errors, found):
    """Say which positions are not accurate, or not known to be in order; how many."""
    m, count = len(positions), 0
    for i in range(m):
        nearest, clear = np.inf, True
        for k in (i - 1, i + 1):
            if 0 <= k < m:
                gap = abs(positions[k] - positions[i])
                clear = clear and gap > (errors[i] + errors[k]) * margin(2)
                nearest = min(nearest, gap)
        size = max(abs(positions[i]), nearest if nearest < np.inf else 0.0)
        found[i] = not (clear and errors[i] <= ACCURATE * size)
        count += found[i]
    return count


@njit
def append(buffer, used, numbers):
    """The buffer, or a larger one, with the numbers from place ``used`` on."""
    flat = numbers.reshape(-1)
    if used + len(flat) > len(buffer):
        longer = np.empty(2 * (used + len(flat)), buffer.dtype)
        for i in range(used):
            longer[i] = buffer[i]
        buffer = longer
    for i in range(len(flat)):
        buffer[used + i] = flat[i]
    return buffer


@kernel
def enumerate_networks(
    widths, width_offsets, theta, offsets, slopes, skip, points, maps, most, with_pieces
):
    """The pieces of many networks of one input, as far as floats decide.

    Parameters
    ----------
    widths, width_offsets, theta, offsets
        As for ``train.train``; theta is float64.
    slopes : float64 (K,)
        Of each network's hidden activation below 0.
    skip : bool (K,)
        Networks not to be looked at.
    points, maps : Points, Maps
        The domain's ends, and the input there and between.
    most : int
        See ``Net``.
    with_pieces : bool
        Whether to return the pieces, or their numbers only.

    Returns
    -------
    sizes : int64 (K,)
        Positions m of each network; -1 where it is skipped, floats don't decide, or there are too
        many points.
    kink_counts, decided : int64 (K,)
    positions, kinks : float64 (sum of m,), int8 (sum of m,)
    slopes, intercepts : float64 (sum of (m + 1) d_out,)
    words : uint64 (sum of (m + 1) W,)
    """
    n_networks = len(offsets) - 1
    sizes, kink_counts = np.full(n_networks, -1), np.zeros(n_networks, np.int64)
    decided = np.zeros(n_networks, np.int64)
    all_positions, all_kinks = np.empty(0), np.empty(0, np.int8)
    all_slopes, all_intercepts = np.empty(0), np.empty(0)
    all_words = np.empty(0, np.uint64)
    n_positions = n_slopes = n_words = 0
    none, numbers = np.empty(0, np.int64), np.empty(0)
    nothing = Crossings(none, none, numbers, numbers, np.empty(0, np.int8))
    for k in range(n_networks):
        if skip[k]:
            continue
        net = Net(
            widths[width_offsets[k] : width_offsets[k + 1]],
            theta[offsets[k] : offsets[k + 1]],
            slopes[k],
            0.0,
            most,
        )
        neurons = 0 if net.slope == 1.0 else first_neuron(net, len(net.widths) - 1)
        words = np.zeros((len(points.positions) - 1, (neurons + 63) >> 6), np.uint64)
        search = go_on(net, Search(LAYER, 1, points, maps, words, nothing, 0, 0))
        if search.stage != DONE:
            continue
        found = finish(net, search)
        m = len(found.positions)
        bad = np.empty(m, np.bool_)
        if found.undecided > 0:
            continue
        if with_pieces and vague(found.positions, found.position_errors, bad) > 0:
            continue
        sizes[k], kink_counts[k], decided[k] = m, found.kinks.sum(), found.decided
        if with_pieces:
            all_positions = append(all_positions, n_positions, found.positions)
            all_kinks = append(all_kinks, n_positions, found.kinks)
            all_slopes = append(all_slopes, n_slopes, found.slopes)
            all_intercepts = append(all_intercepts, n_slopes, found.intercepts)
            all_words = append(all_words, n_words, found.words)
            n_positions += m
            n_slopes += found.slopes.size
            n_words += found.words.size
    return (
        sizes,
        kink_counts,
        decided,
        all_positions[:n_positions],
        all_kinks[:n_positions],
        all_slopes[:n_slopes],
        all_intercepts[:n_slopes],
        all_words[:n_words],
    )
