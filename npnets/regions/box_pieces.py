"""Affine pieces in d dimensions: neighbouring cells of the same affine function, merged.

Floats with proven bounds part the cells into groups, so that cells of the same function are in one;
most are alone in theirs.

Two cells of a group are neighbours if their closures share a facet, a set of dimension d - 1, on
which some neuron k is zero. In general no other neuron is: then the patterns differ in k only, and
the functions are the same just if the output's derivative by k's activation is zero. Floats tell
where all that is certain; exact arithmetic looks at the rest.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache, partial
from itertools import accumulate, pairwise

import numpy as np

from npnets.network import Network
from npnets.regions.box_exact import whole_rows
from npnets.regions.box_local import UNIT, Local, look, output_range
from npnets.regions.box_walk import Domain
from npnets.regions.cones import inside
from npnets.regions.exact import ExactNetwork, Scaled, slope_below
from npnets.regions.patterns import pack

#: Cells are looked at in chunks of so many numbers: pairs of neurons, or coefficients.
NUMBERS_A_TIME = 1 << 21
#: How far behind a facet, as a share of the way between two cells' points, it is looked for.
BEYOND = 1e-6
#: Cells of which the exact affine functions are kept.
KEPT_MAPS = 1 << 10
#: More than all that underflow takes from a form's value, however small the point's coordinates.
TINY = 1e-290


class Merger:
    """Cells of one network on one box, merged pair by pair.

    Parameters
    ----------
    exact, domain : the network and the box
    patterns : (m, N) bool, of cells: all that may be merged with any of them
    witnesses : (m, d_in), a point of each
    groups : (m,) int, equal wherever two cells have the same function
    """

    def __init__(
        self,
        exact: ExactNetwork,
        domain: Domain,
        patterns: np.ndarray,
        witnesses: np.ndarray,
        groups: np.ndarray,
    ) -> None:
        self.exact = exact
        self.domain = domain
        self.domain_rows = whole_rows(domain.rows())
        self.starts = [0, *accumulate(exact.net.widths[1:-1])]
        # no bound method: with itself in a cache of its own, only the garbage collector frees it
        self.maps = lru_cache(maxsize=KEPT_MAPS)(partial(_maps, exact, self.starts))
        self.patterns = patterns
        self.witnesses = witnesses
        self.groups = groups
        self.numbers = {words.tobytes(): i for i, words in enumerate(pack(patterns))}
        self.parents = list(range(len(patterns)))

    def merge(self, report: Callable[[], object]) -> None:
        """Merge all neighbours of the same function, with a report after every step."""
        count, neurons = self.patterns.shape
        at_a_time = max(1, NUMBERS_A_TIME // (neurons * max(neurons, self.exact.net.widths[-1])))
        for start in range(0, count, at_a_time):
            active = self.patterns[start : start + at_a_time]
            local = look(self.exact.net, active)
            # One of two neighbours has the neuron active.
            for place, k in np.argwhere(active & ~(local.alone & local.bends)).tolist():
                self.meet(local, place, start + place, k)
                report()
            report()

    def count(self) -> int:
        """How many are left."""
        return len({self.root(cell) for cell in range(len(self.parents))})

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
        if other is None or self.groups[other] != self.groups[cell]:
            return
        if self.root(other) == self.root(cell):
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
        expected = np.where(self.patterns[other], 1.0, -1.0)
        with np.errstate(all="ignore"):
            here, there = gradient @ start + constant, gradient @ end + constant
            share = here / (here - there) + BEYOND
            x = (1.0 - share) * start + share * end
            point = np.append(x, 1.0)
            values = local.forms[place] @ point
            sizes = np.abs(local.forms[place]) * (UNIT * (len(point) + 4)) + local.errors[place]
            certain = expected * values > 2.0 * (sizes @ np.abs(point)) + TINY
        certain &= np.isfinite(values)
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
        pattern = []
        for layer in self.exact.layers[:-1]:
            z = layer.weights @ values + np.outer(layer.biases, ones)
            active = np.array([tuple(pair) > (0, 0) for pair in z.tolist()])
            values = np.where(active[:, None], z * above, z * below)
            ones = ones * (above << layer.exponent)
            pattern.append(active)
        return np.concatenate(pattern)


def _maps(exact: ExactNetwork, starts: Sequence[int], pattern: bytes) -> list[Scaled]:
    """The affine functions of all layers where the neurons, one byte each, are so active."""
    states = np.frombuffer(pattern, dtype=bool).tolist()
    return exact.maps([states[start:stop] for start, stop in pairwise(starts)])


def affine_pieces(
    exact: ExactNetwork,
    domain: Domain,
    patterns: np.ndarray,
    witnesses: np.ndarray,
    report: Callable[[], object],
) -> int:
    """How many are left of all cells, once neighbours of the same function are one.

    Parameters
    ----------
    exact, domain : the network and the box
    patterns : (m, N) bool, of all cells
    witnesses : (m, d_in), a point of each
    report : called after every step, of which each takes a small part of a second
    """
    groups = alike(*_ranges(exact.net, patterns, report))
    several = np.bincount(groups)[groups] > 1
    merger = Merger(exact, domain, patterns[several], witnesses[several], groups[several])
    merger.merge(report)
    return int(np.count_nonzero(~several)) + merger.count()


def alike(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Groups of boxes, such that boxes of different groups do not meet.

    A group is parted wherever a coordinate has a gap between its boxes, in one coordinate after
    the other.

    Parameters
    ----------
    low, high : (m, n) the boxes' corners

    Returns
    -------
    (m,) the group of each, numbered from 0

    >>> alike(np.array([[0.0], [5.0], [1.0]]), np.array([[2.0], [6.0], [3.0]])).tolist()
    [0, 1, 0]
    """
    count = len(low)
    groups = np.zeros(count, dtype=np.int64)
    for least, most in zip(low.T, high.T, strict=True):
        order = np.lexsort((least, groups))
        ranks, heights = np.argsort(np.argsort(most)), np.sort(most)
        # Groups come one after the other, so that this is the largest rank so far in each.
        highest = np.maximum.accumulate(groups[order] * count + ranks[order]) % count
        parted = least[order][1:] > heights[highest][:-1]
        parted |= np.diff(groups[order]) > 0
        groups[order[1:]] = np.cumsum(parted)
        groups[order[:1]] = 0
    return groups


def _ranges(
    net: Network, patterns: np.ndarray, report: Callable[[], object]
) -> tuple[np.ndarray, np.ndarray]:
    """Where the coefficients of a sum of the outputs lie on all cells, low and high."""
    count, neurons = patterns.shape
    low, high = np.empty((2, count, net.widths[0] + 1))
    at_a_time = max(1, NUMBERS_A_TIME // ((neurons + net.widths[-1]) * low.shape[1]))
    for start in range(0, count, at_a_time):
        some = slice(start, start + at_a_time)
        low[some], high[some] = output_range(net, patterns[some])
        report()
    return low, high


def _parallel(a: Sequence[int], b: Sequence[int]) -> bool:
    """Whether a is a multiple of b, which is not zero; zero is."""
    axis = next(c for c, entry in enumerate(b) if entry != 0)
    return all(x * b[axis] == y * a[axis] for x, y in zip(a, b, strict=True))


def _on(wall: Sequence[int], row: Sequence[int], axis: int) -> list[int]:
    """The row, times a positive number, as a function on the wall without the coordinate."""
    size, sign = abs(wall[axis]), 1 if wall[axis] > 0 else -1
    values = [size * a - sign * row[axis] * b for a, b in zip(row, wall, strict=True)]
    return values[:axis] + values[axis + 1 :]
