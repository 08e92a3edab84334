"""Proofs about a plane's cells: that patterns differ, edges part them, and all have areas."""

from __future__ import annotations

import numpy as np

from npnets_kernels.bits import WORD, bit
from npnets_kernels.compiled import kernel
from npnets_kernels.plane_forms import ROUNDING, TINY
from npnets_kernels.pointers import pointers


@kernel
def all_distinct(words):
    """Whether no two rows (F, W) are the same."""
    count, width = words.shape
    size = 16
    while size < 2 * count:
        size *= 2
    table = np.full(size, -1, np.int32)
    mask = np.uint64(size - 1)
    for row in range(count):
        code = np.uint64(0x9E3779B97F4A7C15)
        for w in range(width):
            code = (code ^ words[row, w]) * np.uint64(0xBF58476D1CE4E5B9)
            code ^= code >> np.uint64(29)
        place = code & mask
        while table[place] >= 0:
            other = table[place]
            same = True
            for w in range(width):
                same &= words[row, w] == words[other, w]
            if same:
                return False
            place = (place + np.uint64(1)) & mask
        table[place] = row
    return True


@kernel
def check_edges(edges, edge_cells, edge_neurons, words, is_used):
    """Whether each edge with a neuron parts two cells that differ in it, and any other ends at one.

    Parameters
    ----------
    edges, edge_cells, edge_neurons, words
        Of all edges and cells; a neuron is -1 on the border.
    is_used : bool (V,)
        Written where there are edges: which vertices have any.

    Returns
    -------
    edge : int
        One with which something is wrong, or -1.
    """
    for e in range(len(edges)):
        is_used[edges[e, 0]] = is_used[edges[e, 1]] = True
        left, right, neuron = edge_cells[e, 0], edge_cells[e, 1], edge_neurons[e]
        if neuron < 0:
            if (left < 0) == (right < 0):
                return e
        else:
            w = neuron // WORD
            if left < 0 or right < 0:
                return e
            if not (words[left, w] ^ words[right, w]) & bit(neuron % WORD):
                return e
    return -1


@kernel
def without_area(parts, vertices, found):
    """The rings that the errors of floats don't show to go round an area, counterclockwise.

    They are written to the head of ``found`` (F,).

    Returns
    -------
    count : int
    total, error : float
        Twice the sum of all areas, and a bound on its error.
    """
    count, total, total_error = 0, 0.0, 0.0
    n_parts = len(parts.offsets) - 1
    parts, vertices = pointers(parts), pointers(vertices)
    for part in range(n_parts):
        first, last = parts.offsets[part], parts.offsets[part + 1]
        origin, u = parts.corners[first], parts.corners[last - 1]
        x0, y0 = vertices.positions[2 * origin], vertices.positions[2 * origin + 1]
        x, y = vertices.positions[2 * u] - x0, vertices.positions[2 * u + 1] - y0
        double = error = 0.0
        far = max(abs(x0), abs(y0))
        for k in range(first, last):
            v = parts.corners[k]
            a, b = vertices.positions[2 * v] - x0, vertices.positions[2 * v + 1] - y0
            double += x * b - y * a
            # coordinates' errors, with those of the differences
            e = vertices.errors[v] + vertices.errors[u] + 2.0 * vertices.errors[origin]
            e += 4.0 * ROUNDING * (far + abs(x) + abs(y) + abs(a) + abs(b))
            size = abs(x) + abs(y) + abs(a) + abs(b)
            error += e * (size + e) + 8.0 * ROUNDING * (abs(x * b) + abs(y * a) + abs(double))
            x, y, u = a, b, v
        if not double > 1.001 * error + TINY:
            found[count] = part
            count += 1
        total += double
        total_error += 1.001 * error + 2.0 * ROUNDING * abs(total) + TINY
    return count, total, 1.001 * total_error
