"""Neighbouring cells of a plane on which the network is the same affine function, merged.

Across an edge the output's gradient changes by more than the errors of the two maps, which settles
nearly all edges; or no active neuron leads from those that change on to the output, so that it
can't change; or exact maps decide.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from npnets.network import Network
from npnets.regions.exact import slope_below

if TYPE_CHECKING:
    from npnets.regions.plane import Cells


def affine_pieces(cells: Cells) -> np.ndarray:
    """(F,) the piece of each cell, numbered in the order of their first cells.

    Raises
    ------
    ValueError
        If the cells aren't complete: then they have no maps.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not cells.complete:
        raise ValueError("cells must be complete to have affine pieces: max_cells was met")
    pairs, count = cells.adjacency, len(cells.areas)
    same = pairs[~_kinks(cells, pairs)]
    graph = coo_array((np.ones(len(same), bool), same.T), shape=(count, count))
    labels = connected_components(graph, directed=False)[1]
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse]


def _kinks(cells: Cells, pairs: np.ndarray) -> np.ndarray:
    """(n,) whether the map changes from one cell of each pair to the other."""
    gradients = cells.maps[:, :, :2]
    apart = np.abs(gradients[pairs[:, 0]] - gradients[pairs[:, 1]])
    kinks = (apart > 2.0 * cells.map_errors[:2]).any(axis=(1, 2))
    gradient = _exact_gradients(cells)
    for k in np.flatnonzero(~kinks).tolist():
        one, other = pairs[k].tolist()
        if _may_matter(cells, one, other):
            kinks[k] = gradient(one) != gradient(other)
    return kinks


def _may_matter(cells: Cells, one: int, other: int) -> bool:
    """Whether the neurons that differ between two cells are connected with the output in either."""
    net = cells.exact.exact.net
    states = _layers(net, cells.patterns_of(np.array([one, other])))
    return any(_leads_on(net, states, k) for k in (0, 1))


def _leads_on(net: Network, states: list[np.ndarray], k: int) -> bool:
    """Whether a neuron that differs is followed by active ones up to the output, in one cell."""
    passes = slope_below(net) != 0.0
    reached = np.zeros(net.widths[0], bool)
    for weights, both in zip(net.weights[:-1], states, strict=True):
        reached = (weights[:, reached] != 0).any(axis=1) & (both[k] | passes)
        reached |= both[0] != both[1]
    return bool((net.weights[-1][:, reached] != 0).any())


def _layers(net: Network, patterns: np.ndarray) -> list[np.ndarray]:
    return np.split(patterns, np.cumsum(net.widths[1:-1])[:-1], axis=1)


def _exact_gradients(cells: Cells) -> Callable[[int], list[Fraction]]:
    """The exact gradient of a cell's map, in the plane's coordinates."""
    exact, plane = cells.exact.exact, cells.exact.plane
    directions = [[Fraction(x) for x in way.tolist()] for way in (plane.u, plane.v)]

    @lru_cache(maxsize=1 << 16)
    def gradient(cell: int) -> list[Fraction]:
        states = _layers(exact.net, cells.patterns_of(np.array([cell])))
        maps = exact.maps([layer[0].tolist() for layer in states])[-1]
        return [
            sum((a * x for a, x in zip(row, way, strict=True)), Fraction(0)) / maps.denominator
            for row in maps.numerators[:, :-1].tolist()
            for way in directions
        ]

    return gradient
