"""What a plane's finished cells look like: the sides of every edge, areas, and whole patterns."""

from __future__ import annotations

import numpy as np

from npnets_kernels.bits import WORD
from npnets_kernels.compiled import kernel
from npnets_kernels.pointers import pointers
from npnets_kernels.simd import pointer


@kernel
def describe(cells, positions, edge_cells, areas):
    """Find what lies on both sides of all edges, and the areas.

    Parameters
    ----------
    cells : Cells
    positions : float64 (V, 2)
    edge_cells : int32 (E, 2)
        Written: the cell on the left of the edge from edges[e, 0] to edges[e, 1], and the one on
        the right; -1 where there is none.
    areas : float64 (F,)
        Written.

    Returns
    -------
    sound : bool
        Whether every edge leaves the corner that it is with, and no two cells are on one side.
    """
    n_cells, sound = len(areas), True
    edge_cells[:] = -1
    cells, areas = pointers(cells), pointer(areas)
    positions, edge_cells = pointer(positions), pointer(edge_cells)
    for cell in range(n_cells):
        first, last = cells.offsets[cell], cells.offsets[cell + 1]
        x0, y0 = positions[2 * cells.corners[first]], positions[2 * cells.corners[first] + 1]
        double, u = 0.0, cells.corners[last - 1]
        edge = cells.corner_edges[last - 1]
        for k in range(first, last):
            v = cells.corners[k]
            # from u to v along the edge that leaves u
            side = 0 if cells.edges[2 * edge] == u else 1
            sound &= cells.edges[2 * edge + side] == u and cells.edges[2 * edge + 1 - side] == v
            sound &= edge_cells[2 * edge + side] == -1
            edge_cells[2 * edge + side] = cell
            x, y = positions[2 * u] - x0, positions[2 * u + 1] - y0
            double += x * (positions[2 * v + 1] - y0) - y * (positions[2 * v] - x0)
            u, edge = v, cells.corner_edges[k]
        areas[cell] = 0.5 * double
    return sound


@kernel
def add_words(words, parents, cells, first, patterns):
    """Add a layer's words to patterns, and go on to the layer before.

    Parameters
    ----------
    words, parents : uint64 (…, w), int32 (…,)
        Of the layer's cells.
    cells : int32 (F,)
        The layer's cell that each is part of; its parent is written.
    first : int
        Which bit of the patterns the layer's first neuron is.
    patterns : uint64 (F, W)
        Written.
    """
    word, shift = first // WORD, np.uint64(first % WORD)
    n_cells, width, wide = len(cells), words.shape[1], patterns.shape[1]
    words, parents = pointer(words), pointer(parents)
    cells, patterns = pointer(cells), pointer(patterns)
    for f in range(n_cells):
        cell, place = cells[f], f * wide + word
        for k in range(width):
            patterns[place + k] |= words[cell * width + k] << shift
        if shift > 0:
            for k in range(min(width, wide - word - 1)):
                patterns[place + k + 1] |= words[cell * width + k] >> (np.uint64(WORD) - shift)
        cells[f] = parents[cell]
