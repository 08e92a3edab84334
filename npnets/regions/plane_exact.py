"""Exact positions of a plane's vertices, and the decisions that floats leave open.

A vertex that a cut has made is where a neuron is zero between two older vertices u and v,

    p = u + t (v - u),      t = z(u) / (z(u) - z(v)),

so its position is a pair of rationals, found from those of its ancestors when it is asked for. The
network is continuous, so its exact forward pass there gives every sign, whatever cell is meant.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Sequence
from fractions import Fraction
from threading import RLock
from typing import NamedTuple

import numpy as np

from npnets.regions.exact import ExactNetwork, Scaled
from npnets.regions.plane_domain import Plane

#: So many exact positions are kept, but for those of one vertex's ancestors.
POSITIONS = 1 << 14
#: So many layers' exact preactivations are kept: those of wide networks are large.
PREACTIVATIONS = 1 << 10
#: Of all judges: they are Python's, of which one thread runs at a time anyway, and can be pickled.
_LOCK = RLock()


class Made(NamedTuple):
    """Vertices that a layer's neurons made."""

    first: int
    """The number of the first."""
    layer: int
    parents: np.ndarray
    """(n, 2) the vertices that each lies between."""
    neurons: np.ndarray
    """(n,) which is zero there, among the layer's."""


class ExactPlane:
    """The judge of all decisions about vertices in a plane, whichever thread asks.

    Parameters
    ----------
    exact : the network
    plane : where the vertices lie
    corners : (k, 2) the positions of the first k vertices
    """

    def __init__(self, exact: ExactNetwork, plane: Plane, corners: np.ndarray) -> None:
        self.exact, self.plane, self.corners = exact, plane, len(corners)
        self._corners = {
            vertex: (Fraction(x), Fraction(y)) for vertex, (x, y) in enumerate(corners.tolist())
        }
        self._positions = dict(self._corners)
        #: all vertices but the first, in the order of their numbers
        self.made: list[Made] = []
        self._preactivations: dict[tuple[int, int], Scaled] = {}

    def add(self, made: Made) -> None:
        """Take note of vertices; they come in the order of their numbers."""
        self.made.append(made)

    def drop(self, vertex: int) -> None:
        """Forget the vertices from that number on."""
        self.made = [made for made in self.made if made.first < vertex]

    def origin(self, vertex: int) -> tuple[int, int, int, int]:
        """The layer and neuron that made a vertex, and the two vertices that it lies between."""
        made = self.made[bisect(self.made, vertex, key=lambda some: some.first) - 1]
        u, v = made.parents[vertex - made.first].tolist()
        return made.layer, int(made.neurons[vertex - made.first]), u, v

    def position(self, vertex: int) -> tuple[Fraction, Fraction]:
        """The vertex's coordinates in the plane."""
        with _LOCK:
            if vertex in self._positions:
                return self._positions[vertex]
            if len(self._positions) > POSITIONS:
                self._positions = dict(self._corners)
            for ancestor in self._unknown(vertex):
                layer, neuron, u, v = self.origin(ancestor)
                step = self._step(u, v, neuron, layer)
                (x0, y0), (x1, y1) = self._positions[u], self._positions[v]
                self._positions[ancestor] = (x0 + step * (x1 - x0), y0 + step * (y1 - y0))
            return self._positions[vertex]

    def _unknown(self, vertex: int) -> list[int]:
        """The vertex and its ancestors whose positions aren't known yet, parents first."""
        found, waiting = set(), [vertex]
        while waiting:
            some = waiting.pop()
            if some not in self._positions and some not in found:
                found.add(some)
                waiting += self.origin(some)[2:]
        return sorted(found)

    def preactivations(self, vertex: int, layer: int) -> Scaled:
        """Those of one layer, counted from 0, at a vertex."""
        with _LOCK:
            found = self._preactivations.get((vertex, layer))
            if found is None:
                inputs = self.plane.exact_inputs(self.position(vertex))
                found = self.exact.preactivations(inputs, layer + 1)[layer]
                if len(self._preactivations) >= PREACTIVATIONS:
                    self._preactivations = {}
                self._preactivations[vertex, layer] = found
            return found

    def order(self, u: int, v: int, neurons: Iterable[int], layer: int) -> tuple:
        """Neurons in the order of their zeros between u and v, their steps, and ranks."""
        steps = sorted((self._step(u, v, i, layer), i) for i in neurons)
        ranks = _ranks([step for step, _ in steps])
        return (
            np.array([i for _, i in steps], np.int32),
            np.array([float(step) for step, _ in steps]),
            np.array(ranks, np.int64),
        )

    def crossings(
        self, starts: Sequence[int], ends: Sequence[int], neurons: Sequence[int], layer: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Where the zeros of each neuron cross the others' chords, which lie between vertices.

        Returns
        -------
        steps : (m, m) steps[a, b] is that of b's zero along chord a; NaN if it has none there
        ranks : (m, m) int, in the order of a row's steps
        """
        count = len(neurons)
        steps, ranks = np.full((count, count), np.nan), np.zeros((count, count), np.int64)
        for a in range(count):
            before, after = (self.preactivations(p, layer) for p in (starts[a], ends[a]))
            across = [
                b for b, i in enumerate(neurons) if before.numerators[i] * after.numerators[i] < 0
            ]
            exact = [_zero(before, after, neurons[b]) for b in across]
            steps[a, across] = [float(step) for step in exact]
            ranks[a, across] = _dense_ranks(exact)
        return steps, ranks

    def _step(self, u: int, v: int, neuron: int, layer: int) -> Fraction:
        return _zero(self.preactivations(u, layer), self.preactivations(v, layer), neuron)


def nearest(numerator: int, denominator: int) -> float:
    """The quotient by a positive number, correctly rounded; nothing but zero becomes zero.

    Raises
    ------
    OverflowError
        If it is beyond what float64 holds.

    >>> nearest(1, 3), nearest(-1, 10**400)
    (0.3333333333333333, -5e-324)
    """
    quotient = numerator / denominator
    if quotient or not numerator:
        return quotient
    return 5e-324 if numerator > 0 else -5e-324


def _zero(before: Scaled, after: Scaled, neuron: int) -> Fraction:
    """Where a quantity with these two values, linear between them, is zero."""
    a = int(before.numerators[neuron]) * after.denominator
    b = int(after.numerators[neuron]) * before.denominator
    return Fraction(a, a - b)


def _ranks(ordered: Sequence[Fraction]) -> list[int]:
    ranks: list[int] = []
    for k, number in enumerate(ordered):
        ranks.append(0 if k == 0 else ranks[-1] + (number > ordered[k - 1]))
    return ranks


def _dense_ranks(numbers: Sequence[Fraction]) -> list[int]:
    rank = {number: k for k, number in enumerate(sorted(set(numbers)))}
    return [rank[number] for number in numbers]
