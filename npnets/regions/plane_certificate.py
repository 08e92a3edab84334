"""Proofs of a plane's cells.

What is to be proven is that the cells are the sets of their patterns, all of them. Let P be a
cell's ring of vertices (exact ones: each is where its neuron is zero between two others), and R the
closed set of inputs that its pattern allows.

1. Every edge is gone along once in each direction, or once and lies on a side of the domain, and
   those on a side lead from its first corner to its last. So the rings' winding numbers add up to
   1 at every point within, whatever the shapes of the rings.
2. At all corners of a cell each neuron has the sign that its state claims, the active ones are
   positive at one, layer by layer: then preactivations are affine on the hull of P, and it lies
   in R. With 1, the sets R cover the domain.
3. All patterns are different. So the R overlap in their boundaries only.
4. Every cell has an area. So every R is full-dimensional, and there are no others.

The areas then sum to the domain's exactly. Besides, V - E + F = 1, both sides of an edge differ in
its neuron, and the network's own forward pass at vertices, which had no part in the result, agrees
with the patterns around them: at all of them if there are no more than AUDIT, else at as many.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from npnets_kernels import plane_proof, plane_shape
from npnets_kernels.plane_forms import ROUNDING, TINY, Cells, Vertices
from npnets_kernels.plane_proof import ANYWHERE, Descent, Parts

from npnets.regions.certificates import CertificateError
from npnets.regions.plane_cutting import Subdivision
from npnets.regions.plane_forms import parameters

if TYPE_CHECKING:
    from npnets.regions import plane

#: Vertices at which the forward pass is compared.
AUDIT = 512


def prove(made_by: Subdivision, found: plane.Cells) -> None:
    """Prove that these are the cells of the network on the polygon.

    Raises
    ------
    CertificateError
        If anything is not as it should be.
    """
    level = made_by.levels[-1]
    cells = Cells(found.edges, found.cell_offsets, found.cell_vertices, level.corner_edges)
    parents, neurons = _descent(made_by)
    _check_rings(found, cells)
    _check_border(made_by, found, parents)
    if not plane_proof.all_distinct(found.words):
        raise CertificateError("two cells have one pattern")
    if not plane_proof.check_edges(found.edge_cells, found.edge_neurons, found.words):
        raise CertificateError("an edge's neuron doesn't change its state there")
    for layer in range(len(made_by.levels) - 1):
        _check_states(made_by, layer, found, parents, neurons)
    _check_areas(made_by, found)
    _audit(made_by, found)


def _descent(made_by: Subdivision) -> tuple[np.ndarray, np.ndarray]:
    """(V, 2) and (V,): each vertex's parents, and its neuron, counted through the layers."""
    corners = made_by.exact.corners
    none = np.full((corners, 2), -1, np.int32)
    made = made_by.exact.made
    firsts = [sum(made_by.widths[: some.layer]) for some in made]
    return (
        np.concatenate([none, *(some.parents for some in made)]),
        np.concatenate(
            [none[:, 0], *(f + some.neurons for f, some in zip(firsts, made, strict=True))],
            dtype=np.int32,
        ),
    )


def _check_rings(found: plane.Cells, cells: Cells) -> None:
    """Every edge has a cell on both sides, or is on the border, and V - E + F = 1."""
    sides, areas = np.empty_like(found.edge_cells), np.empty_like(found.areas)
    sound = plane_shape.describe(cells, found.vertices, sides, areas)
    border = found.edge_neurons < 0
    if not (sound and (sides == found.edge_cells).all() and (areas == found.areas).all()):
        raise CertificateError("cells and edges don't agree")
    if not (((sides >= 0).sum(axis=1) == np.where(border, 1, 2)).all()):
        raise CertificateError("an edge has the wrong number of cells on its sides")
    used = np.zeros(len(found.vertices), bool)
    used[found.cell_vertices] = True
    euler = len(found.vertices) - len(found.edges) + len(found.areas)
    if not used.all() or euler != 1:
        raise CertificateError(f"V - E + F must be 1, got {euler}")


def _check_border(made_by: Subdivision, found: plane.Cells, parents: np.ndarray) -> None:
    """The edges on each side of the domain lead from its first corner to its last."""
    n = made_by.exact.corners
    on_sides = [{k, (k - 1) % n} for k in range(n)]
    border = np.flatnonzero(found.edge_neurons < 0)
    sides = -1 - made_by.line_neurons[made_by.lines.of_edges[border]]
    known = dict(enumerate(on_sides))

    def sides_of(vertex: int) -> set[int]:
        while vertex not in known:
            u, v = parents[vertex].tolist()
            known[vertex] = sides_of(u) & sides_of(v)
        return known[vertex]

    ends = found.edges[border]
    left = found.edge_cells[border, 0] >= 0
    ways = np.where(left[:, None], ends, ends[:, ::-1])
    excess: dict[tuple[int, int], int] = {}
    for side, (u, v) in zip(sides.tolist(), ways.tolist(), strict=True):
        if side not in sides_of(u) & sides_of(v):
            raise CertificateError(f"an edge on side {side} leaves it")
        for vertex, step in ((u, 1), (v, -1)):
            excess[side, vertex] = excess.get((side, vertex), 0) + step
    wanted = {(k, k): 1 for k in range(n)} | {(k, (k + 1) % n): -1 for k in range(n)}
    if {key: value for key, value in excess.items() if value} != wanted:
        raise CertificateError("the edges on the border don't lead round the domain")


def _check_states(
    made_by: Subdivision, layer: int, found: plane.Cells, parents: np.ndarray, neurons: np.ndarray
) -> None:
    """At the corners of the cells of a level the neurons of its last layer have their states."""
    before, level = made_by.levels[layer], made_by.levels[layer + 1]
    signs, kept = made_by.signs[layer]
    first, width = sum(made_by.widths[:layer]), made_by.widths[layer]
    mine = neurons - np.int32(first)
    mine[(mine < 0) | (mine >= width)] = -1
    rings = Cells(found.edges, before.offsets, before.corners, before.corner_edges)
    parts = Parts(level.offsets, level.corners, level.parents, level.words)
    vertices = Vertices(found.vertices, found.vertex_errors)
    count, doubts = 1 << 12, np.empty((0, 3), np.int64)
    while count > len(doubts):
        doubts = np.empty((count, 3), np.int64)
        room = _room(width, len(found.vertices), doubts)
        wrong, count = plane_proof.check_states(
            rings, parts, vertices, signs, kept, Descent(parents, mine), room
        )
    if wrong >= 0:
        raise CertificateError(f"cell {wrong} of layer {layer + 1} has a wrong state")
    for part, neuron, vertex in doubts[:count].tolist():
        if not _holds(made_by, layer, part, neuron, vertex):
            raise CertificateError(f"cell {part} of layer {layer + 1} has a wrong state")


def _room(width: int, n_vertices: int, doubts: np.ndarray) -> plane_proof.Room:
    words = -(-width // 64)
    more, less, zero = (np.empty((n_vertices, words), np.uint64) for _ in range(3))
    seen_in, positive = np.full(n_vertices, -1, np.int32), np.empty(words, np.uint64)
    forms = np.zeros((3, 64 * words))
    return plane_proof.Room(forms, seen_in, more, less, zero, positive, doubts)


def _holds(made_by: Subdivision, layer: int, part: int, neuron: int, vertex: int) -> bool:
    """Whether a neuron has the sign of its state at a corner, or is positive at any, exactly."""
    level = made_by.levels[layer + 1]

    def sign(corner: int) -> int:
        z = made_by.exact.preactivations(corner, layer).numerators[neuron]
        return (z > 0) - (z < 0)

    if vertex == ANYWHERE:
        corners = level.corners[level.offsets[part] : level.offsets[part + 1]]
        return any(sign(corner) > 0 for corner in corners.tolist())
    active = int(level.words[part, neuron // 64]) >> neuron % 64 & 1
    return sign(vertex) >= 0 if active else sign(vertex) <= 0


def _check_areas(made_by: Subdivision, found: plane.Cells) -> None:
    """Every ring goes round an area, counterclockwise."""
    level = made_by.levels[-1]
    parts = Parts(found.cell_offsets, found.cell_vertices, level.parents, level.words)
    open_cells = np.empty(len(found.areas), np.int64)
    vertices = Vertices(found.vertices, found.vertex_errors)
    count = plane_proof.without_area(parts, vertices, open_cells)
    for cell in open_cells[:count].tolist():
        ring = found.cell_vertices[found.cell_offsets[cell] : found.cell_offsets[cell + 1]]
        exact = [made_by.exact.position(vertex) for vertex in ring.tolist()]
        double = sum(
            (x * b - y * a for (x, y), (a, b) in zip(exact, exact[1:] + exact[:1], strict=True)),
            Fraction(0),
        )
        if not double > 0:
            raise CertificateError(f"cell {cell} has no area")


def _audit(made_by: Subdivision, found: plane.Cells) -> None:
    """The network's forward pass at vertices has no sign that a cell around denies."""
    count = len(found.vertices)
    chosen = np.unique(np.linspace(0, count - 1, min(count, AUDIT)).astype(np.int64))
    place = np.full(count, -1)
    place[chosen] = np.arange(len(chosen))
    corner = place[found.cell_vertices]
    cell = np.repeat(np.arange(len(found.areas)), np.diff(found.cell_offsets))[corner >= 0]
    corner = corner[corner >= 0]
    rows, errors = made_by.exact.plane.inputs(found.vertices[chosen])
    plane = made_by.exact.plane
    ways = (np.abs(plane.u) + np.abs(plane.v)).max()
    errors = 1.001 * (errors + ways * found.vertex_errors[chosen])
    states, first = found.patterns_of(cell), 0
    for layer, width in enumerate(made_by.widths[: len(made_by.levels) - 1]):
        weights, biases = parameters(made_by.net, layer)
        z, norm = rows @ weights.T + biases, np.abs(weights).sum(axis=1).max()
        size = norm * np.abs(rows).max(axis=1) + np.abs(biases).max()
        errors = 1.001 * (norm * errors + (len(weights.T) + 4) * ROUNDING * size) + TINY
        sign = np.where(np.abs(z) > errors[:, None], np.sign(z), 0)[corner]
        active = states[:, first : first + width]
        if ((sign > 0) & ~active | (sign < 0) & active).any():
            raise CertificateError(f"a cell denies the signs of layer {layer + 1} at a corner")
        rows, first = np.where(z > 0, z, made_by.slope * z), first + width
        errors = 1.001 * max(1.0, made_by.slope) * (errors + ROUNDING * size)
