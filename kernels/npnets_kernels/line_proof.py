"""A proof that each of some intervals of a line is all of its activation pattern's set.

It takes patterns, and nothing else that a search has found. Layer by layer, neighbouring pieces
that agree on the layers before share one affine map, computed from the weights and those states.
Where two pieces first differ, in this layer, the point between them is the zero of the first neuron
that does. So all ends are known of the runs of pieces that agree on this layer, too, and there,

    active: z >= 0 at both ends, > 0 at one;    inactive: z <= 0 at both ends

says that an affine z has the sign that the pattern claims all over the run. Then the maps of the
next layer are right, and so on. What floats can't decide is listed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from npnets_kernels.compiled import kernel
from npnets_kernels.error_free import fma, product_error, sum_error
from npnets_kernels.inner import inner
from npnets_kernels.line_maps import bit, find_kinks
from npnets_kernels.line_points import (
    STEP,
    UNDECIDED,
    add_products,
    add_products_quickly,
    at_least_tiny,
    margin,
    parameters,
    sign_of,
)

#: A position is at most this share of its size, or of the way to the nearest, from the exact one.
ACCURATE = 2.0**-29


class Forms(NamedTuple):
    """Affine functions with errors, float64 (n, R): slopes[j, r] t + constants[j, r]."""

    slopes: np.ndarray
    slope_errors: np.ndarray
    constants: np.ndarray
    constant_errors: np.ndarray


class Ends(NamedTuple):
    """Where pieces begin, and the last one ends; the domain's ends may be infinite."""

    places: np.ndarray
    """float64 (m + 2,)"""
    errors: np.ndarray
    """Infinite for a place not known yet."""
    owners: np.ndarray
    """int64 (m + 2,) the hidden neuron whose zero it is, counted through the layers, or -1."""


class Claim(NamedTuple):
    """What is claimed of m positions and m + 1 pieces."""

    positions: np.ndarray
    """float64 (m,)"""
    kinks: np.ndarray
    """int8 (m,)"""
    slopes: np.ndarray
    """float64 (m + 1, d_out)"""
    intercepts: np.ndarray
    words: np.ndarray
    """uint64 (m + 1, W) patterns, neuron k in bit k % 64 of word k // 64."""


class Proof(NamedTuple):
    """What floats say of a claim."""

    clean: bool
    """Whether all is proven, and nothing below needs to be looked at."""
    states: np.ndarray
    """int8 (hidden layers, m + 1) 1 where a run of pieces begins and has the states that it claims
    in that layer, 0 where it has not, ``UNDECIDED``, or -1 where no run begins."""
    patterns_change: bool
    """Whether every piece's pattern differs from the next one's."""
    orders: np.ndarray
    """int8 (m + 2,) whether each piece's end, and low, is above the one before: 1, 0, or
    ``UNDECIDED``."""
    kinks: np.ndarray
    """int8 (m,) whether the output's slope changes: 1, 0 or ``UNDECIDED``."""
    kinks_hold: np.ndarray
    """bool (m,) whether that is the claim."""
    positions_hold: np.ndarray
    """bool (m,) whether positions are near enough."""
    maps_hold: np.ndarray
    """bool (m + 1,) whether slopes and intercepts are within their bounds."""
    is_continuous: bool


@njit
def empty_forms(n, runs):
    shape = (n, runs)
    return Forms(np.empty(shape), np.empty(shape), np.empty(shape), np.empty(shape))


@njit
def preactivation_forms(net, layer, forms, careful):
    """z = W a + b in place of a."""
    weights, biases = parameters(net, layer)
    z = empty_forms(len(weights), forms.slopes.shape[1])
    z.slopes[:] = 0.0
    for j in range(len(weights)):
        z.constants[j] = biases[j]
    for a, a_errors, values, errors in (
        (forms.slopes, forms.slope_errors, z.slopes, z.slope_errors),
        (forms.constants, forms.constant_errors, z.constants, z.constant_errors),
    ):
        if careful:
            add_products(weights, a, a_errors, net.doubt, values, errors)
        else:
            add_products_quickly(weights, a, a_errors, net.doubt, values, errors)
    return z


@njit
def starts_of_runs(words, starts, first, width):
    """Where runs begin that agree on the neurons from ``first`` on, too, ``width`` many.

    Parameters
    ----------
    starts : bool (m + 1,)
        Where runs begin that agree on the neurons before.
    """
    found = starts.copy()
    last = first + width - 1
    for word in range(first >> 6, (last >> 6) + 1):
        mask = ~np.uint64(0)
        if word == first >> 6:
            mask &= ~np.uint64(0) << np.uint64(first & 63)
        if word == last >> 6:
            mask &= ~np.uint64(0) >> np.uint64(63 - (last & 63))
        for k in range(1, len(found)):
            found[k] |= (words[k, word] ^ words[k - 1, word]) & mask != 0
    return found


@inner
def zero_of(slope, slope_error, constant, constant_error):
    """-constant / slope, and its error."""
    left = abs(slope) - slope_error * margin(1)
    if not left > 0.0:
        return 0.0, np.inf
    place = -constant / slope
    error = abs(fma(place, slope, constant)) + constant_error + abs(place) * slope_error
    return place, at_least_tiny(place, error / left * margin(8))


@inner
def locate(words, starts, finer, z, first, ends):
    """Write the places where runs begin that did not before."""
    slopes, slope_errors = z.slopes, z.slope_errors
    constants, constant_errors = z.constants, z.constant_errors
    places, errors, owners = ends.places, ends.errors, ends.owners
    run = -1
    for k in range(len(starts)):
        run += starts[k]
        if finer[k] and not starts[k]:
            j = 0
            while bit(words, k, first + j) == bit(words, k - 1, first + j):
                j += 1
            places[k], errors[k] = zero_of(
                slopes[j, run], slope_errors[j, run], constants[j, run], constant_errors[j, run]
            )
            owners[k] = first + j


@inner
def sign_at(place, error, slope, slope_error, constant, constant_error):
    """The sign of an affine function at a place; of what it grows by, or else is, at infinity."""
    if slope == 0.0 and slope_error == 0.0:
        return sign_of(constant, constant_error)
    if abs(place) == np.inf:
        return sign_of(slope if place > 0.0 else -slope, slope_error)
    product = slope * place
    value = product + constant
    made = abs(product_error(slope, place, product)) + abs(sum_error(product, constant, value))
    made += abs(slope) * error + slope_error * (abs(place) + error) + constant_error
    return sign_of(value, at_least_tiny(value, made * margin(8)))


@inner
def state_holds(active, left, right):
    """1 if signs at both ends prove a state, 0 if one disproves it, else ``UNDECIDED``."""
    wanted = 1 if active else -1
    if left == -wanted or right == -wanted or (active and left == 0 and right == 0):
        return 0
    if left == UNDECIDED or right == UNDECIDED:
        return UNDECIDED
    return 1


@njit
def check_states(words, starts, finer, z, first, ends, verdicts):
    """Write of each finer run whether its states hold: 1, 0 or ``UNDECIDED``, at its first piece.

    Returns 0 if one is wrong, else ``UNDECIDED`` if one is, else 1.
    """
    begins = np.append(np.flatnonzero(finer), len(finer))
    for begin in begins[:-1]:
        verdicts[begin] = 1
    check_neurons(words, starts, begins, z, first, ends, verdicts)
    worst = 1
    for begin in begins[:-1]:
        if verdicts[begin] == 0 or worst == 1:
            worst = verdicts[begin]
    return worst


@inner
def check_neurons(words, starts, begins, z, first, ends, verdicts):
    """Take back the verdicts on runs, from begins[i] to begins[i + 1], whose states don't hold."""
    slopes, slope_errors = z.slopes, z.slope_errors
    constants, constant_errors = z.constants, z.constant_errors
    places, errors, owners = ends.places, ends.errors, ends.owners
    for j in range(len(slopes)):
        run, right = -1, 0
        slope = slope_error = constant = constant_error = 0.0
        for i in range(len(begins) - 1):
            k, stop = begins[i], begins[i + 1]
            left = right
            if starts[k]:
                run += 1
                slope, slope_error = slopes[j, run], slope_errors[j, run]
                constant, constant_error = constants[j, run], constant_errors[j, run]
                left = sign_at(places[k], errors[k], slope, slope_error, constant, constant_error)
            right = 0
            if owners[stop] != first + j:
                right = sign_at(
                    places[stop], errors[stop], slope, slope_error, constant, constant_error
                )
            holds = state_holds(bit(words, k, first + j), left, right)
            if holds != 1 and verdicts[k] != 0:
                verdicts[k] = holds


@njit
def mask_forms(net, words, starts, finer, z, first):
    """φ(z) on the finer runs."""
    n, runs = len(z.slopes), finer.sum()
    found = empty_forms(n, runs)
    for numbers, errors, to_numbers, to_errors in (
        (z.slopes, z.slope_errors, found.slopes, found.slope_errors),
        (z.constants, z.constant_errors, found.constants, found.constant_errors),
    ):
        for j in range(n):
            run = to = -1
            for k in range(len(starts)):
                run += starts[k]
                if finer[k]:
                    to += 1
                    active = net.slope == 1.0 or bit(words, k, first + j)
                    to_numbers[j, to], to_errors[j, to] = masked(
                        active, net.slope, numbers[j, run], errors[j, run]
                    )
    return found


@inner
def masked(active, slope, number, error):
    """φ'(z) times a number, and its error."""
    if active:
        return number, error
    if slope == 0.0:
        return 0.0, 0.0
    product = slope * number
    made = abs(product_error(slope, number, product))
    return product, at_least_tiny(product, (slope * error + made) * margin(2))


@inner
def compare_places(ends, orders):
    """Write of each place whether it is above the one before: 1, 0 or ``UNDECIDED``."""
    places, errors = ends.places, ends.errors
    for k in range(1, len(places)):
        gap = places[k] - places[k - 1]
        sign = sign_of(gap, (errors[k] + errors[k - 1]) * margin(2))
        orders[k] = 0 if sign == -1 or sign == 0 else sign


@inner
def compare_positions(positions, ends, hold):
    """Write which positions are in order and within ``ACCURATE`` of the places."""
    m = len(positions)
    for i in range(m):
        nearest, in_order = np.inf, True
        for k in (i - 1, i + 1):
            if 0 <= k < m:
                gap = positions[k] - positions[i] if k > i else positions[i] - positions[k]
                in_order = in_order and gap >= 0.0
                nearest = min(nearest, gap)
        allowed = ACCURATE * max(abs(positions[i]), nearest if nearest < np.inf else 0.0)
        distance = abs(positions[i] - ends.places[i + 1]) + ends.errors[i + 1]
        hold[i] = in_order and distance * margin(2) <= allowed


@inner
def compare_maps(slopes, intercepts, output, hold):
    """Write which pieces' slopes and intercepts, (m + 1, d_out), are within the bounds."""
    for i in range(len(hold)):
        hold[i] = True
        for k in range(slopes.shape[1]):
            slope, error = output.slopes[k, i], output.slope_errors[k, i]
            hold[i] = hold[i] and error < np.inf and abs(slopes[i, k] - slope) <= error
            constant, error = output.constants[k, i], output.constant_errors[k, i]
            hold[i] = hold[i] and error < np.inf and abs(intercepts[i, k] - constant) <= error


@inner
def is_continuous(ends, output):
    """Whether no piece is known to miss the next at the place between them."""
    slopes, slope_errors = output.slopes, output.slope_errors
    constants, constant_errors = output.constants, output.constant_errors
    for k in range(len(slopes)):
        for i in range(slopes.shape[1] - 1):
            place, error = ends.places[i + 1], ends.errors[i + 1]
            slope, constant = slopes[k, i + 1] - slopes[k, i], constants[k, i + 1] - constants[k, i]
            size = abs(slopes[k, i]) + abs(slopes[k, i + 1])
            allowed = slope_errors[k, i] + slope_errors[k, i + 1] + margin(4) * STEP * size
            allowed = allowed * abs(place) + error * size
            allowed += constant_errors[k, i] + constant_errors[k, i + 1]
            allowed += margin(4) * STEP * (abs(constants[k, i]) + abs(constants[k, i + 1]))
            if abs(slope * place + constant) > allowed * margin(8):
                return False
    return True


@njit
def is_clean(proof):
    """Whether nothing is wrong or left in doubt."""
    clean = proof.patterns_change and proof.is_continuous
    clean = clean and proof.positions_hold.all() and proof.maps_hold.all()
    clean = clean and proof.kinks_hold.all() and (proof.orders == 1).all()
    for layer in range(len(proof.states)):
        for k in range(proof.states.shape[1]):
            clean = clean and abs(proof.states[layer, k]) == 1
    return clean


@kernel
def prove(net, low, high, inputs, pieces, careful):
    """Prove what can be proven with floats.

    Parameters
    ----------
    net : Net
    low, high : float
        The domain's ends.
    inputs : Forms
        The network's inputs, on one run.
    pieces : Claim
    careful : bool
        Whether to follow every rounding, rather than to allow for any, and to go on in doubt.

    Returns
    -------
    Proof
        Whose first field says whether all is proven.
    """
    words = pieces.words
    m, n_layers = len(words) - 1, len(net.widths) - 1
    ends = Ends(np.zeros(m + 2), np.full(m + 2, np.inf), np.full(m + 2, -1))
    ends.places[0], ends.places[m + 1] = low, high
    ends.errors[0] = ends.errors[m + 1] = 0.0
    states = np.full((n_layers - 1, m + 1), -1, np.int8)
    orders = np.full(m + 2, UNDECIDED, np.int8)
    orders[0] = 1  # there is none before
    starts = np.zeros(m + 1, np.bool_)
    starts[0] = True
    forms, first, worst = inputs, 0, 1
    for layer in range(1, n_layers):
        width = net.widths[layer]
        z = preactivation_forms(net, layer, forms, careful)
        finer = starts
        if net.slope != 1.0:
            finer = starts_of_runs(words, starts, first, width)
            locate(words, starts, finer, z, first, ends)
            worst = check_states(words, starts, finer, z, first, ends, states[layer - 1])
            if worst == 0 or (worst == UNDECIDED and not careful):
                break
        forms = mask_forms(net, words, starts, finer, z, first)
        starts = finer
        first += width
    kinks = np.full(m, UNDECIDED, np.int8)
    positions_hold, maps_hold = np.zeros(m, np.bool_), np.zeros(m + 1, np.bool_)
    patterns_change = bool(starts.all())
    complete = patterns_change and (worst == 1 or (worst == UNDECIDED and careful))
    continuous = bool(complete)
    if complete:
        forms = preactivation_forms(net, n_layers, forms, careful)
        compare_places(ends, orders)
        find_kinks(net, forms.slopes.T.copy(), forms.slope_errors.T.copy(), words, kinks)
        compare_positions(pieces.positions, ends, positions_hold)
        compare_maps(pieces.slopes, pieces.intercepts, forms, maps_hold)
        continuous = is_continuous(ends, forms)
    proof = Proof(
        False,
        states,
        patterns_change,
        orders,
        kinks,
        kinks == pieces.kinks,
        positions_hold,
        maps_hold,
        continuous,
    )
    return Proof(is_clean(proof), *proof[1:])
