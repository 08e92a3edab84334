"""Affine pieces in d dimensions: neighbouring cells of the same affine function, merged.

Two cells are neighbours if their closures share a facet, a set of dimension d - 1, on which some
neuron k is zero. In general no other neuron is: then the patterns differ in k only, and the
functions are the same just if the output's derivative by k's activation is zero. Floats with proven
bounds tell where all that is certain; exact arithmetic looks at the rest.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np

from npnets.network import Network
from npnets.regions.box_judge import whole_rows
from npnets.regions.box_walk import Domain
from npnets.regions.cones import inside
from npnets.regions.exact import ExactNetwork, Scaled, slope_below
from npnets.regions.patterns import pack

#: Cells are looked at in chunks of so many pairs of neurons.
PAIRS_A_TIME = 1 << 21
#: Forms at a smaller sine are compared exactly, and so are those of larger relative error.
PARALLEL, INACCURATE = 1e-3, 1e-6
#: How far behind a facet, as a share of the way between two cells' points, it is looked for.
BEYOND = 1e-6
#: With numbers whose products may have larger powers of two, everything is compared exactly.
MOST_POWER = 900
#: Cells of which the exact affine functions are kept.
KEPT_MAPS = 1 << 10
UNIT = 2.0**-52


class Local(NamedTuple):
    """What floats tell of some cells."""

    forms: np.ndarray
    """(m, N, D) the neurons' preactivations as functions of (x, 1)."""
    errors: np.ndarray
    """(m, N, D) bounds on their errors."""
    bends: np.ndarray
    """(m, N) bool: the output certainly depends on the neuron's activation."""
    severed: np.ndarray
    """(m, N) bool: it certainly does not, as no path leads there."""
    alone: np.ndarray
    """(m, N) bool: on a facet where this neuron is zero certainly no other one is."""


class Merger:
    """The cells of one network on one box, merged pair by pair."""

    def __init__(
        self, exact: ExactNetwork, domain: Domain, patterns: np.ndarray, witnesses: np.ndarray
    ) -> None:
        self.exact = exact
        self.domain = domain
        self.domain_rows = whole_rows(domain.rows())
        self.starts = [0, *accumulate(exact.net.widths[1:-1])]
        self.maps = lru_cache(maxsize=KEPT_MAPS)(self._maps)
        self.patterns = patterns
        self.witnesses = witnesses
        self.numbers = {words.tobytes(): i for i, words in enumerate(pack(patterns))}
        self.parents = list(range(len(patterns)))

    def root(self, cell: int) -> int:
        """The cell that stands for all that this one is merged with."""
        while self.parents[cell] != cell:
            self.parents[cell] = self.parents[self.parents[cell]]
            cell = self.parents[cell]
        return cell

    def number(self, pattern: np.ndarray) -> int | None:
        """Which cell has the pattern, if any."""
        return self.numbers.get(pack(pattern[None])[0].tobytes())

    def meet(self, local: Local, place: int, cell: int, k: int) -> None:
        """Merge a cell with its neighbour beyond the zeros of neuron k, if there is one like it."""
        alone = local.alone[place, k]
        beyond = self.patterns[cell].copy()
        beyond[k] = False
        across = beyond if alone else self.step(self.patterns[cell], k)
        other = None if across is None else self.number(across)
        if other is None or self.root(other) == self.root(cell):
            return
        alike = (alone and local.severed[place, k]) or self.same_map(cell, other)
        if alike and (not alone or self.share_facet(local, place, cell, other, k)):
            self.parents[self.root(other)] = self.root(cell)

    def share_facet(self, local: Local, place: int, cell: int, other: int, k: int) -> bool:
        """Whether two cells have a facet in common, if they differ in neuron k only."""
        found = self.touch(local, place, cell, other, k)
        return found or self.step(self.patterns[cell], k) is not None

    def same_map(self, cell: int, other: int) -> bool:
        """Whether the network is the same affine function on both cells."""
        one, two = (self.maps(self.patterns[i].tobytes())[-1] for i in (cell, other))
        left, right = one.numerators * two.denominator, two.numerators * one.denominator
        return bool((left == right).all())

    def touch(self, local: Local, place: int, cell: int, other: int, k: int) -> bool:
        """Whether a point that floats can tell of proves that two cells have a facet in common.

        It lies where all rows of the first cell hold but that of neuron k. As that set is convex,
        the zeros of k pass through it.
        """
        start, end = self.witnesses[cell], self.witnesses[other]
        gradient, constant = local.forms[place, k, :-1], local.forms[place, k, -1]
        here, there = gradient @ start + constant, gradient @ end + constant
        share = here / (here - there) + BEYOND
        x = (1.0 - share) * start + share * end
        point = np.append(x, 1.0)
        values = local.forms[place] @ point
        sizes = np.abs(local.forms[place]) * (UNIT * (len(point) + 4)) + local.errors[place]
        expected = np.where(self.patterns[other], 1.0, -1.0)
        certain = expected * values > 2.0 * (sizes @ np.abs(point))
        return bool(certain.all()) and self.domain.contains(x)

    def step(self, pattern: np.ndarray, k: int) -> np.ndarray | None:
        """The pattern beyond the facet where neuron k is zero; None if there is no such facet."""
        layers = self.maps(pattern.tobytes())[:-1]
        forms = [list(row) for layer in layers for row in layer.numerators]
        wall, rows = forms[k], self.domain_rows.copy()
        if not any(wall):
            return None
        if any(_parallel(row, wall) for row in rows):
            return None
        for form, active in zip(forms, pattern, strict=True):
            if not _parallel(form, wall):
                rows.append(form if active else [-entry for entry in form])
        axis = next(c for c, entry in enumerate(wall) if entry != 0)
        point = inside([_on(wall, row, axis) for row in rows]).point
        if point is None:
            return None
        rest = sum(a * b for a, b in zip(wall[:axis] + wall[axis + 1 :], point, strict=True))
        point.insert(axis, Fraction(-rest, wall[axis]))
        sign = -1 if pattern[k] else 1
        return self.pattern_beside(point, [sign * entry for entry in wall])

    def pattern_beside(self, point: Sequence[Fraction], direction: Sequence[int]) -> np.ndarray:
        """The pattern next to a homogeneous point y: of y + t v for all small t > 0."""
        scale = math.lcm(*(value.denominator for value in point))
        whole = np.array([[int(value * scale) for value in point], direction], dtype=object).T
        values, ones = whole[:-1], whole[-1]
        below, above = Fraction(slope_below(self.exact.net)).as_integer_ratio()
        pattern: list[bool] = []
        for layer in self.exact.layers[:-1]:
            z = layer.weights @ values + np.outer(layer.biases, ones)
            active = [tuple(pair) > (0, 0) for pair in z.tolist()]
            values = z * np.where(active, above, below)[:, None]
            ones = ones * (above << layer.exponent)
            pattern += active
        return np.array(pattern)

    def _maps(self, pattern: bytes) -> list[Scaled]:
        """The affine functions of all layers where the neurons, one byte each, are so active."""
        states = np.frombuffer(pattern, dtype=bool).tolist()
        return self.exact.maps([states[start:stop] for start, stop in pairwise(self.starts)])


def affine_pieces(
    exact: ExactNetwork, domain: Domain, patterns: np.ndarray, witnesses: np.ndarray
) -> int:
    """How many are left of all cells, once neighbours of the same function are one.

    Parameters
    ----------
    exact, domain : the network and the box
    patterns : (m, N) bool, of all cells
    witnesses : (m, d_in), a point of each
    """
    merger = Merger(exact, domain, patterns, witnesses)
    count, neurons = patterns.shape
    at_a_time = max(1, PAIRS_A_TIME // neurons**2)
    for start in range(0, count, at_a_time):
        active = patterns[start : start + at_a_time]
        local = look(exact.net, active)
        # One of two neighbours has the neuron active.
        for place, k in np.argwhere(active & ~(local.alone & local.bends)).tolist():
            merger.meet(local, place, start + place, k)
    return len({merger.root(cell) for cell in range(count)})


def look(net: Network, active: np.ndarray) -> Local:
    """What floats tell of the cells of these patterns, (m, N) bool."""
    slopes = np.where(active, 1.0, slope_below(net))
    starts = np.cumsum([0, *net.widths[1:-1]])
    slopes_of = [slopes[:, a:b] for a, b in pairwise(starts)]
    with np.errstate(all="ignore"):
        forms, errors = _forms(net, slopes_of)
        derivatives, sizes, connected = _derivatives(net, slopes_of)
        rounding = UNIT * (sum(net.widths) + 4 * len(net.widths))
        bends = (np.abs(derivatives) > 2.0 * rounding * sizes).any(axis=1)
        alone = _alone(forms, errors)
    measured = _is_measured(net)
    return Local(forms, errors, bends & measured, ~connected, alone & measured)


def _forms(net: Network, slopes: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    size = net.widths[0] + 1
    values = np.broadcast_to(np.eye(size)[:-1], (len(slopes[0]), size - 1, size))
    bounds = np.zeros_like(values)
    forms, errors = [], []
    for w, b, slope in zip(net.weights[:-1], net.biases[:-1], slopes, strict=True):
        weights, biases = w.astype(np.float64), b.astype(np.float64)
        rounding = UNIT * (weights.shape[1] + 5)
        sizes = np.abs(weights) @ (rounding * np.abs(values) + bounds)
        z = weights @ values
        z[..., -1] += biases
        sizes[..., -1] += rounding * np.abs(biases)
        forms.append(z)
        errors.append(2.0 * sizes)
        values, bounds = z * slope[..., None], errors[-1] * slope[..., None]
    return np.concatenate(forms, axis=1), np.concatenate(errors, axis=1)


def _derivatives(
    net: Network, slopes: list[np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """∂ output/∂ activation, (m, d_out, N); the sums of its terms' sizes; whether it has terms."""
    values = np.broadcast_to(
        net.weights[-1].astype(np.float64), (len(slopes[0]), *net.weights[-1].shape)
    )
    found = [values]
    sizes = [np.abs(values)]
    connected = [(values != 0).any(axis=1)]
    for w, slope in zip(net.weights[-2:0:-1], slopes[:0:-1], strict=True):
        weights = w.astype(np.float64)
        found.append((found[-1] * slope[:, None, :]) @ weights)
        sizes.append((sizes[-1] * slope[:, None, :]) @ np.abs(weights))
        connected.append((connected[-1] & (slope != 0)).astype(np.float64) @ (weights != 0) > 0)
    joined = (np.concatenate(arrays[::-1], axis=-1) for arrays in (found, sizes))
    return (*joined, np.concatenate(connected[::-1], axis=-1))  # type: ignore[return-value]


def _alone(forms: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """(m, N) bool: the form is certainly no multiple of another one, nor another one zero."""
    lengths = np.linalg.norm(forms, axis=2, keepdims=True)
    accurate = (np.linalg.norm(errors, axis=2) < INACCURATE * lengths[..., 0]).all(axis=1)
    units = forms / lengths
    cosines = units @ units.transpose(0, 2, 1)
    np.einsum("mii->mi", cosines)[:] = 0.0
    different = (1.0 - cosines**2 > PARALLEL**2).all(axis=2)
    return different & accurate[:, None]


def _is_measured(net: Network) -> bool:
    """Whether no product of numbers along a path can overflow or underflow."""
    numbers = np.abs(np.append(net.parameters.astype(np.float64), slope_below(net)))
    powers = np.abs(np.log2(numbers[numbers > 0]))
    return bool(2 * len(net.weights) * powers.max(initial=0.0) < MOST_POWER)


def _parallel(a: Sequence[int], b: Sequence[int]) -> bool:
    """Whether a is a multiple of b, which is not zero; zero is."""
    axis = next(c for c, entry in enumerate(b) if entry != 0)
    return all(x * b[axis] == y * a[axis] for x, y in zip(a, b, strict=True))


def _on(wall: Sequence[int], row: Sequence[int], axis: int) -> list[int]:
    """The row, times a positive number, as a function on the wall without the coordinate."""
    size, sign = abs(wall[axis]), 1 if wall[axis] > 0 else -1
    values = [size * a - sign * row[axis] * b for a, b in zip(row, wall, strict=True)]
    return values[:axis] + values[axis + 1 :]
