"""The cells of a network in the plane, of two inputs or of a slice through more, exactly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from npnets.backends.blas import one_blas_thread
from npnets.backends.threads import thread_count
from npnets.network import Network
from npnets.protocol import check_count
from npnets.records import to_json
from npnets.regions.exact import ExactNetwork
from npnets.regions.patterns import Counts, unpack
from npnets.regions.plane_domain import convex_polygon, plane_of, rectangle

if TYPE_CHECKING:
    from npnets.regions.plane_cutting import Subdivision
    from npnets.regions.plane_exact import ExactPlane


@dataclass(frozen=True, eq=False)
class Cells:
    """The F cells of one activation pattern each that a polygon consists of, E edges, V vertices.

    Which cells there are, and how they meet, is exact. Positions are floats, and each says how far
    it may be from the exact one: most are next to it, those on nearly parallel lines less so.
    """

    vertices: np.ndarray
    """(V, 2) in the plane's coordinates: the inputs, or (s, t) of a slice."""
    vertex_errors: np.ndarray
    """(V,) how far, at most, a vertex's coordinates are from the exact ones."""
    edges: np.ndarray
    """(E, 2) the vertices that each edge joins."""
    edge_neurons: np.ndarray
    """(E,) the neuron that changes its state across the edge, counted through the hidden layers
    (the first of them if there are more); -1 on the domain's border."""
    edge_cells: np.ndarray
    """(E, 2) the cells to the left and to the right of the edge; -1 outside the domain."""
    cell_offsets: np.ndarray
    """(F + 1,) the corners of cell f are those from cell_offsets[f] to cell_offsets[f + 1]."""
    cell_vertices: np.ndarray
    """The corners of each cell, counterclockwise; some may lie between others, on a side."""
    words: np.ndarray
    """(F, W) uint64, the patterns as ``npnets.regions.patterns.pack`` has them."""
    neurons: int
    """N, how many hidden neurons have states."""
    maps: np.ndarray
    """(F, d_out, 3) the output as a function of the plane's coordinates: gradient, then constant;
    NaN if the cells aren't complete."""
    areas: np.ndarray
    """(F,) of the polygons through the floats. With corners within e of the exact ones, an area is
    within e P + n e² of the exact one, where P is the sum of |Δx| + |Δy| around the cell, and n how
    many corners it has: an area of less is not known."""
    decisions: int
    """How many were to be made: signs at vertices, and places in an order along a line."""
    fallbacks: int
    """How many of them were left open by floats with bounded errors, and made exactly."""
    complete: bool
    """Whether these are the cells of the whole network, or of its first few layers only."""
    layers: int
    """How many hidden layers these are the cells of."""
    certified: bool = False
    """Whether the cells, their patterns and maps are proven, with these bounds on the maps' errors;
    so are the affine pieces, which follow from them. Where vertices are is taken from the run, with
    its ``vertex_errors``: ``npnets.regions.plane_certificate`` says what else."""
    map_errors: np.ndarray = field(kw_only=True)
    """(3,) bounds on the errors of the maps' gradients and constants."""
    exact: ExactPlane = field(repr=False, kw_only=True)
    """The judge of what floats leave open, which knows where the vertices are exactly."""

    @property
    def patterns(self) -> np.ndarray:
        """(F, N) bool, which hidden neurons are active, counted through the layers."""
        return unpack(self.words, self.neurons)

    def patterns_of(self, cells: np.ndarray) -> np.ndarray:
        """(n, N) bool, the patterns of some cells."""
        return unpack(self.words[cells], self.neurons)

    @property
    def adjacency(self) -> np.ndarray:
        """(…, 2) the pairs of cells that share an edge, in the order of edges."""
        return self.edge_cells[(self.edge_cells >= 0).all(axis=1)]

    @cached_property
    def pieces(self) -> np.ndarray:
        """(F,) the affine piece that each cell is part of, counted from 0, exactly.

        Raises
        ------
        ValueError
            If the cells aren't complete.
        """
        from npnets.regions.plane_pieces import affine_pieces

        return affine_pieces(self)

    @property
    def counts(self) -> Counts:
        """The numbers of cells and of affine pieces; the latter is None if they aren't complete."""
        pieces = int(self.pieces.max()) + 1 if self.complete else None
        return Counts(len(self.areas), pieces, None)

    def to_json(self) -> str:
        """The counts and the cells as one JSON document; a pattern is text like 0110."""
        patterns = ["".join(map(str, row)) for row in self.patterns.astype(int).tolist()]
        ends = self.cell_offsets[1:-1]
        return to_json(
            {
                "counts": self.counts._asdict(),
                "vertices": self.vertices,
                "edges": self.edges,
                "edge_neurons": self.edge_neurons,
                "edge_cells": self.edge_cells,
                "cells": [corners.tolist() for corners in np.split(self.cell_vertices, ends)],
                "patterns": patterns,
                "maps": self.maps,
                "areas": self.areas,
                "decisions": self.decisions,
                "fallbacks": self.fallbacks,
                "complete": self.complete,
                "layers": self.layers,
                "certified": self.certified,
            }
        )


def cells(
    net: Network,
    low: ArrayLike | None = None,
    high: ArrayLike | None = None,
    *,
    polygon: ArrayLike | None = None,
    plane: Sequence[ArrayLike] | None = None,
    certify: bool = False,
    threads: int | None = 1,
    max_cells: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> Cells:
    """The cells of a network within a rectangle or a convex polygon.

    Memory grows with the cells. Besides, a layer of which m neurons cross one cell takes some
    66 (m + 1)² bytes for each thread, and the neurons that may cross each cell take 24 bytes; with
    max_cells, m is never more than that, and no cell is cut whose chords alone would make more. The
    cells of some layers take 24 bytes for each neuron of the next layer but one, if that isn't the
    last hidden one.

    Parameters
    ----------
    net : hidden activation relu, leaky_relu or identity
    low, high : one number or two each: the rectangle low <= point <= high
    polygon : instead of these, (k, 2) the corners of a convex polygon, in either direction
    plane : (origin, u, v), (d_in,) each: look at the inputs origin + s u + t v, exactly these, of
        points (s, t); a network of more than two inputs needs it
    certify : prove cells, patterns and maps in a second computation, so that ``map_errors`` are its
        bounds; see ``npnets.regions.plane_certificate``
    threads : how many cells are worked on at a time, which changes nothing of the result; None for
        as many as there are processors. Much is not shared: up to some hundred thousand cells two
        are no faster than one.
    max_cells : stop before the layer that makes more cells, and say so in ``complete``
    progress : called from time to time, by any thread, with how many cells there are so far; what
        it raises ends the search

    Raises
    ------
    ValueError
        If an argument breaks its rule, or the network is not piecewise linear or not finite.
    OverflowError
        If numbers of the network's are beyond what float64 holds, or cells beyond the memory.
    CertificateError
        If the proof does not hold, which would be a bug.

    >>> net = Network([[[1.0, 0.0], [0.0, 1.0]], [[1.0, -1.0]]], [[0.0, 0.0], [0.0]])
    >>> found = cells(net, -1, 1)  # max(0, x) - max(0, y)
    >>> found.counts.activation_patterns, found.areas.tolist()
    (4, [1.0, 1.0, 1.0, 1.0])
    """
    exact = ExactNetwork(net)
    where = plane_of(plane, net.widths[0])
    threads = thread_count(threads)
    most = np.iinfo(np.int32).max if max_cells is None else check_count("max_cells", max_cells, 1)
    domain = _domain(low, high, polygon)
    from npnets.regions.plane_cutting import Subdivision

    with one_blas_thread():
        made_by = Subdivision(exact, where, domain, threads, most, progress)
        try:
            found = _cells_of(made_by, made_by.cut())
        except MemoryError as error:
            count, layers = len(made_by.levels[-1].parents), len(made_by.levels) - 1
            raise OverflowError(
                f"max_cells must be given: {layers} layers make {count} cells, and the "
                f"{net.widths[layers + 1]} neurons of the next more than memory holds ({error})"
            ) from error
        if not certify:
            return found
        from npnets.regions.plane_certificate import prove

        return prove(made_by, found)


def _domain(low: ArrayLike | None, high: ArrayLike | None, polygon: ArrayLike | None) -> np.ndarray:
    if polygon is not None:
        if low is not None or high is not None:
            raise ValueError("polygon must be given alone, without low and high")
        return convex_polygon(polygon)
    if low is None or high is None:
        raise ValueError("low and high must both be given, or a polygon")
    return rectangle(low, high)


def _cells_of(made_by: Subdivision, complete: bool) -> Cells:
    """What the cuts have found, for its user."""
    from npnets_kernels import plane_forms, plane_shape

    net, level = made_by.net, made_by.levels[-1]
    n_cells = len(level.parents)
    areas, edge_cells = np.empty(n_cells), np.empty((len(made_by.edges), 2), np.int32)
    shape = plane_forms.Cells(made_by.edges, level.offsets, level.corners, level.corner_edges)
    plane_shape.describe(shape, made_by.vertices.positions, edge_cells, areas)
    neurons = np.maximum(made_by.line_neurons, -1)
    return Cells(
        vertices=made_by.vertices.positions,
        vertex_errors=made_by.vertices.errors,
        edges=made_by.edges,
        edge_neurons=neurons.take(made_by.lines.of_edges),  # an index takes three times as long
        edge_cells=edge_cells,
        cell_offsets=level.offsets,
        cell_vertices=level.corners,
        words=made_by.words(),
        neurons=sum(made_by.widths[: len(made_by.levels) - 1]),
        maps=made_by.maps() if complete else np.full((n_cells, net.widths[-1], 3), np.nan),
        areas=areas,
        decisions=made_by.decisions,
        fallbacks=made_by.fallbacks,
        complete=complete,
        layers=net.depth if complete else len(made_by.levels) - 1,
        map_errors=made_by.forms.errors if complete else np.full(3, np.nan),
        exact=made_by.exact,
    )
