"""Which of a layer's neurons cross the plane's edges and cells, from the signs at the vertices.

Preactivations are affine on an edge and on a cell: a neuron crosses one if it is positive at one
corner and negative at another.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np

from npnets_kernels.bits import popcount
from npnets_kernels.compiled import kernel
from npnets_kernels.plane_forms import NONE
from npnets_kernels.pointers import inlined, pointers
from npnets_kernels.simd import pointer

#: How many neurons cross each cell (F,), their words (F, words), and those of the neurons that are
#: active all over it.
Crossed = namedtuple("Crossed", "counts words active")


@kernel
def crossings(signs, cells, kept, crossed):
    """Which neurons cross each cell, and how often all edges are crossed.

    Parameters
    ----------
    kept : uint64 (F, words)
        The neurons that may cross each cell.
    crossed : Crossed
        Written.

    Returns
    -------
    on_edges : int
    corners : int
        The sum of all cells' ``most_corners``.
    wrong : int
        A cell that a neuron crosses of which nothing is kept, or -1.
    """
    words, n_edges, n_cells = signs.positive.shape[1], len(cells.edges), len(crossed.counts)
    signs, cells, crossed = pointers(signs), pointers(cells), pointers(crossed)
    kept, on_edges, corners, wrong = pointer(kept), 0, 0, -1
    for e in range(n_edges):
        for w in range(words):
            on_edges += popcount(
                crossing(cells.edges[2 * e], cells.edges[2 * e + 1], w, signs, words)
            )
    for cell in range(n_cells):
        count = 0
        for w in range(words):
            more = less = NONE
            for k in range(cells.offsets[cell], cells.offsets[cell + 1]):
                more |= signs.positive[cells.corners[k] * words + w]
                less |= signs.negative[cells.corners[k] * words + w]
                # nothing changes any more; and LLVM makes no gathers of a loop with an early exit,
                # which for the four corners of most cells take a sixth longer
                if more & less == ~NONE:
                    break
            if more & less & ~kept[cell * words + w]:
                wrong = cell
            crossed.words[cell * words + w] = more & less
            crossed.active[cell * words + w] = more & ~less
            count += popcount(more & less)
        crossed.counts[cell] = count
        corners += most_corners(cells.offsets[cell + 1] - cells.offsets[cell], count)
    return on_edges, corners, wrong


@inlined
def most_corners(corners, neurons):
    """No fewer than all parts have into which so many neurons cut a cell of so many corners."""
    return corners + 2 * neurons * (neurons + 1)


@inlined
def crossing(u, v, w, signs, words):
    """Word w of the neurons whose signs at two vertices differ."""
    positive, negative = signs.positive, signs.negative
    u, v = u * words + w, v * words + w
    return positive[u] & negative[v] | negative[u] & positive[v]


@kernel
def undecided(signs, width, found):
    """The vertices with a neuron in neither word, into the head of ``found`` (V,); how many."""
    words, count = signs.positive.shape[1], 0
    for v in range(len(signs.positive)):
        known = 0
        for w in range(words):
            known += popcount(signs.positive[v, w] | signs.negative[v, w])
        if known < width:
            found[count] = v
            count += 1
    return count


@kernel
def share_out(offsets, neurons, share, chunks):
    """Share cells out into chunks of ``share`` ``most_corners`` or more, but for the last.

    Parameters
    ----------
    offsets, neurons : int64 (F + 1,), int32 (F,)
        Where each cell's corners begin, and how many neurons cross it.
    share : int
    chunks : int64 (…, 7)
        Written, a row for each, whose columns are those of the caller's ``Chunk``: the first cell,
        the one behind the last, the most corners of a cell, the most neurons; and of all its cells
        the corners, the neurons and their pairs.

    Returns
    -------
    count : int
        Of chunks.
    """
    count, so_far = 0, share
    for cell in range(len(neurons)):
        k, m = offsets[cell + 1] - offsets[cell], np.int64(neurons[cell])
        if so_far >= share:
            chunks[count, 0] = cell
            chunks[count, 1:] = 0
            count, so_far = count + 1, 0
        row = chunks[count - 1]
        row[1], row[2], row[3] = cell + 1, max(row[2], k), max(row[3], m)
        row[4], row[5], row[6] = row[4] + k, row[5] + m, row[6] + m * (m - 1) // 2
        so_far += most_corners(k, m)
    return count
