"""Proofs of a plane's cells.

What is to be proven is that the cells are the sets of their patterns, all of them. Let P be a
cell's ring of vertices (exact ones: each is where its neuron is zero between two others), and R the
closed set of inputs that its pattern allows.

1. Every edge is gone along once in each direction, or once and lies on a side of the domain, and
   those on a side lead from its first corner to its last. So the rings' winding numbers add up to
   1 at every point within, whatever the shapes of the rings, and their areas to the domain's,
   exactly: what an edge adds to one cell's it takes from the other's.
2. At all corners of a cell each neuron has the sign that its state claims, the active ones are
   positive at one, layer by layer: then preactivations are affine on the hull of P, and it lies
   in R. With 1, the sets R cover the domain. A corner's signs are found in one of the cells that
   have it, whose forms are the network's there: the network is continuous.
3. All patterns are different. So the R overlap in their boundaries only.
4. Every cell has an area. So every R is full-dimensional, and there are no others.

Besides, V - E + F = 1, both sides of an edge differ in its neuron, and the floats' areas sum to the
domain's to within their errors. Each map is the network's on its cell to within a bound, which
becomes the cells' ``map_errors``: where gradients differ by more, affine pieces do, and elsewhere
exact ones decide.

The proof finds forms, signs, maps and bounds on their errors anew, from the inputs on
(``plane_claims``). It shares with the run where vertices are, the bounds on their errors, and how
each came about, from which follows that a cell is a part of one of a layer fewer; rational
arithmetic, for what floats leave open; and what sums and bounds are made of: the vectors of
``bits``, ``error_of_value``, ``neurons_of``, ``chain_length``, weights with zeros up to whole words
(``padded``) and the norms of ``float_network``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from npnets_kernels import plane_proof, plane_shape
from npnets_kernels.plane_claims import Descent
from npnets_kernels.plane_forms import Cells, Vertices

from npnets.regions.certificates import CertificateError
from npnets.regions.plane_claims import check_claims
from npnets.regions.plane_cutting import Subdivision
from npnets.regions.plane_exact import ExactPlane

if TYPE_CHECKING:
    from npnets.regions import plane


def prove(made_by: Subdivision, found: plane.Cells) -> plane.Cells:
    """Prove that these are the cells of the network on the polygon, with their maps.

    Returns
    -------
    the same cells, certified, with bounds on the maps' errors that are proven

    Raises
    ------
    CertificateError
        If anything is not as it should be.
    """
    level = made_by.levels[-1]
    cells = Cells(found.edges, found.cell_offsets, found.cell_vertices, level.corner_edges)
    descent = _descent(made_by)
    _check_parents(made_by)
    _check_rings(found, cells)
    if not plane_proof.all_distinct(found.words):
        raise CertificateError("two cells have one pattern")
    _check_edges(found)
    _check_border(made_by, found)
    if not np.array_equal(found.words, made_by.words()):
        raise CertificateError("patterns aren't those of the layers")
    _check_areas(made_by, found)
    errors = check_claims(made_by, found, descent)
    return replace(found, certified=True, map_errors=errors)


def _descent(made_by: Subdivision) -> Descent:
    """Each vertex's parents, and its neuron, counted through the layers."""
    corners = made_by.exact.corners
    none = np.full((corners, 2), -1, np.int32)
    made = made_by.exact.made
    firsts = [sum(made_by.widths[: some.layer]) for some in made]
    return Descent(
        np.concatenate([none, *(some.parents for some in made)]),
        np.concatenate(
            [none[:, 0], *(f + some.neurons for f, some in zip(firsts, made, strict=True))],
            dtype=np.int32,
        ),
    )


def _check_parents(made_by: Subdivision) -> None:
    """Every cell is part of one of a layer fewer, in the order of these."""
    for layer, (before, after) in enumerate(pairwise(made_by.levels), start=1):
        first, last = after.parents[0], after.parents[-1]
        ascend = (after.parents[1:] >= after.parents[:-1]).all()
        if not (ascend and first >= 0 and last < len(before.parents)):
            raise CertificateError(f"cells of layer {layer} aren't in the order of their parents")


def _check_rings(found: plane.Cells, cells: Cells) -> None:
    """Every cell's ring goes along edges, each in one direction once at most."""
    sides, areas = np.empty_like(found.edge_cells), np.empty_like(found.areas)
    sound = plane_shape.describe(cells, found.vertices, sides, areas)
    if not (sound and (sides == found.edge_cells).all() and (areas == found.areas).all()):
        raise CertificateError("cells and edges don't agree")


def _check_edges(found: plane.Cells) -> None:
    """Every edge parts two cells by its neuron, or is on the border, and V - E + F = 1."""
    is_used = np.zeros(len(found.vertices), bool)
    wrong = plane_proof.check_edges(
        found.edges, found.edge_cells, found.edge_neurons, found.words, is_used
    )
    if wrong >= 0:
        sides = int((found.edge_cells[wrong] >= 0).sum())
        if sides != (2 if found.edge_neurons[wrong] >= 0 else 1):
            raise CertificateError("an edge has the wrong number of cells on its sides")
        raise CertificateError("an edge's neuron doesn't change its state there")
    euler = len(found.vertices) - len(found.edges) + len(found.areas)
    if euler != 1:
        raise CertificateError(f"V - E + F must be 1, got {euler}")
    if not is_used.all():
        raise CertificateError(f"vertex {np.argmin(is_used)} has no edge")


def _check_border(made_by: Subdivision, found: plane.Cells) -> None:
    """The edges on each side of the domain lead from its first corner to its last."""
    n, count = made_by.exact.corners, len(found.vertices)
    border = np.flatnonzero(found.edge_neurons < 0)
    sides = -1 - made_by.line_neurons[made_by.lines.of_edges[border]]
    left = found.edge_cells[border, 0] >= 0
    ways = np.where(left[:, None], found.edges[border], found.edges[border, ::-1])
    on_it = (_sides_of(made_by, ways, count)[ways] == sides[:, None, None]).any(axis=2)
    if not on_it.all():
        raise CertificateError(f"an edge on side {sides[np.argmin(on_it.all(axis=1))]} leaves it")
    # how much more often a vertex is where edges of a side begin than where they end
    places, which = np.unique(sides[:, None] * np.int64(count) + ways, return_inverse=True)
    excess = np.bincount(which.ravel(), np.tile([1.0, -1.0], len(ways)))
    wanted = {k * count + k: 1.0 for k in range(n)}
    wanted |= {k * count + (k + 1) % n: -1.0 for k in range(n)}
    ends = np.flatnonzero(excess)
    if dict(zip(places[ends].tolist(), excess[ends].tolist(), strict=True)) != wanted:
        raise CertificateError("the edges on the border don't lead round the domain")


def _sides_of(made_by: Subdivision, some: np.ndarray, count: int) -> np.ndarray:
    """(V, 2) the domain's sides on which some vertices lie: those of both parents.

    They are -1 for all others. Both parents of a vertex on a side are on that side, too, and every
    vertex there ends edges there: so parents are among ``some``, or it is denied.
    """
    n, sides = made_by.exact.corners, np.full((count, 2), -1)
    sides[:n] = np.stack([np.arange(n), (np.arange(n) - 1) % n], axis=1)
    some = np.unique(some)
    for made in made_by.exact.made:
        mine = some[(some >= made.first) & (some < made.first + len(made.parents))]
        u, v = (sides[parents] for parents in made.parents[mine - made.first].T)
        sides[mine] = np.where((u[:, :, None] == v[:, None, :]).any(axis=2), u, -1)
    return sides


def _check_areas(made_by: Subdivision, found: plane.Cells) -> None:
    """Every ring goes round an area, counterclockwise, and all add up to the domain's."""
    rings = Cells(found.edges, found.cell_offsets, found.cell_vertices, found.cell_vertices)
    open_cells = np.empty(len(found.areas), np.int64)
    vertices = Vertices(found.vertices, found.vertex_errors)
    count, total, error = plane_proof.without_area(rings, vertices, open_cells)
    exact, domain = made_by.exact, range(made_by.exact.corners)
    for cell in open_cells[:count].tolist():
        ring = found.cell_vertices[found.cell_offsets[cell] : found.cell_offsets[cell + 1]]
        if not _twice_the_area(exact, ring.tolist()) > 0:
            raise CertificateError(f"cell {cell} has no area")
    if not abs(total - float(_twice_the_area(exact, domain))) <= error:
        raise CertificateError(f"areas must sum to the domain's, got {total / 2}")


def _twice_the_area(exact: ExactPlane, ring: Iterable[int]) -> Fraction:
    points = [exact.position(vertex) for vertex in ring]
    return sum(
        (x * b - y * a for (x, y), (a, b) in zip(points, points[1:] + points[:1], strict=True)),
        Fraction(0),
    )
