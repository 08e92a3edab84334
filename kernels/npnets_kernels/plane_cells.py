"""Cut a plane's convex cells along the lines on which a layer's neurons are zero.

Within a cell every preactivation of the layer is affine, so the zeros of a neuron that crosses it
are a chord between two points of its boundary: places where an edge was cut, or corners. How the
chords cross is for ``plane_chords``, what pieces they make for ``plane_walk``.
"""

from __future__ import annotations

from collections import namedtuple

from npnets_kernels.bits import WORD, bit, lowest, without_lowest
from npnets_kernels.compiled import kernel
from npnets_kernels.plane_chords import (
    add_edge,
    are_ordered,
    count_meetings,
    cross_chords,
    join_crossings,
    merge_chords,
    write_lines,
)
from npnets_kernels.plane_forms import NONE, kept_place
from npnets_kernels.plane_walk import CORNERS, LINES, ORDERED, PIECES, finish_piece, walk_pieces
from npnets_kernels.pointers import inlined, pointers
from npnets_kernels.simd import pointer

#: Instead of a number of chords: there would be too many pieces; signs contradict each other.
TOO_MANY, CONTRADICTION = -1, -2
#: Counts of vertices, edges and words of neurons, and of columns of tables of chords.
Sizes = namedtuple("Sizes", "vertices edges words many")
#: Room to cut one cell. Its nodes are the K of its boundary, counterclockwise, then the crossings.
Room = namedtuple(
    "Room",
    "chord_of "  # neuron's chord, if one of its ends is met, or -1
    "vertices edges chords "  # of each node; first chord end at a node of the boundary, or -1
    "next_chords neurons forms starts ends flips after counts first_edges "  # of chords
    "keys others steps slacks nodes places sequence "  # of chords' crossings
    "node_offsets node_chords "  # of crossings
    "seen stack origins",  # of the walk
)


@kernel
def cut_cells(
    cell, stop, vertices, cells, signs, crossed, kept, cuts, table, room, pieces, filled, first,
    most,
):  # fmt: skip
    """Cut the cells from ``cell`` to ``stop``, until one needs judgement.

    Parameters
    ----------
    vertices
        Those before the cut and on edges.
    cells, signs, crossed, kept
        As they are before the cut.
    cuts : Cuts
        Those of the edges.
    table : Table
        For the first of the cells; empty if it has none.
    room : Room
        For a cell that needs judgement its ``neurons``, ``starts`` and ``ends`` of chords and the
        ``vertices`` of its nodes are left in it.
    pieces : Pieces
        Written from ``filled`` on; there must be room.
    filled : int64 (6,)
        How many pieces, corners, vertices, edges and lines there are, and crossings put in order.
    first : int32 (3,)
        The numbers of the first new vertex, edge and line inside cells.
    most : int
        How many pieces there may be.

    Returns
    -------
    cell, chords : int
        The cell that needs judgement, and how many chords it has; or ``stop`` and 0; or a cell and
        TOO_MANY, if with its pieces there would be more than ``most``, or CONTRADICTION, if a
        neuron crosses its boundary anywhere but twice. Nothing of such a cell is written.
    """
    judged = table.ranks.size > 0
    size = Sizes(
        len(signs.positive), len(cells.edges), signs.positive.shape[1], room.nodes.shape[1]
    )
    vertices, cells, signs = pointers(vertices), pointers(cells), pointers(signs)
    crossed, kept = pointers(crossed), pointers(kept)
    cuts, table = pointers(cuts), pointers(table)
    room, pieces = pointers(room), pointers(pieces)
    filled, first = pointer(filled), pointer(first)
    for c in range(cell, stop):
        chords, made = 0, 1
        if crossed.counts[c] > 0:
            n_nodes, chords = walk_boundary(size, c, signs, crossed, cells, cuts, room)
            if chords < 0:
                return c, CONTRADICTION
            chords = merge_chords(size, chords, most - 1 - filled[PIECES], room)
            made += chords
        # each chord makes one piece more, and each crossing may
        if filled[PIECES] + made > most:
            return c, TOO_MANY
        for a in range(chords):
            room.forms[a] = kept_place(c, room.neurons[a], kept, size.words)
        if chords == 0:
            copy_cell(size, c, cells, crossed, pieces, filled)
        elif chords == 1:
            write_lines(chords, kept, room, pieces, filled)
            split(size, c, n_nodes, crossed, room, pieces, filled, first)
        else:
            crossings = cross_chords(size, chords, vertices, kept, table, judged, room)
            if not (judged or are_ordered(size, chords, room)):
                return c, chords
            made += count_meetings(size, chords, judged, room) if judged else crossings
            if filled[PIECES] + made > most:
                return c, TOO_MANY
            write_lines(chords, kept, room, pieces, filled)
            join_crossings(
                size, n_nodes, chords, vertices, kept, judged, room, pieces, filled, first
            )
            walk_pieces(size, c, n_nodes, chords, crossed, room, pieces, filled)
            filled[ORDERED] += 2 * crossings
        filled[LINES] += chords
        judged = False
    return stop, 0


@inlined
def copy_cell(size, cell, cells, crossed, pieces, filled):
    """A cell that nothing crosses is its only piece."""
    piece, place = filled[PIECES], filled[CORNERS]
    for k in range(cells.offsets[cell], cells.offsets[cell + 1]):
        pieces.corners[place] = cells.corners[k]
        pieces.corner_edges[place] = cells.corner_edges[k]
        place += 1
    for w in range(size.words):
        pieces.words[piece * size.words + w] = crossed.active[cell * size.words + w]
    finish_piece(cell, place, pieces, filled)


@inlined
def walk_boundary(size, cell, signs, crossed, cells, cuts, room):
    """Write the nodes of the cell's boundary and the chords of its neurons; how many of each.

    Chords are -1 unless there is one of each neuron: then nothing is written beyond the room for so
    many neurons, whatever the signs.
    """
    n_vertices, n_edges, neurons = size.vertices, size.edges, crossed.counts[cell]
    start, stop = cells.offsets[cell], cells.offsets[cell + 1]
    n_nodes = chords = 0
    for k in range(start, stop):
        v, edge = cells.corners[k], cells.corner_edges[k]
        ahead = cells.corners[k + 1 if k + 1 < stop else start]
        room.vertices[n_nodes], room.edges[n_nodes], room.chords[n_nodes] = v, edge, -1
        for w in range(size.words):
            word = crossed.words[cell * size.words + w] & ~(
                signs.positive[v * size.words + w] | signs.negative[v * size.words + w]
            )
            while word:
                i = w * WORD + lowest(word)
                word = without_lowest(word)
                chords = add_end(size, i, n_nodes, chords, neurons, signs, ahead, room)
                if chords < 0:
                    return n_nodes, chords
        n_nodes += 1
        first, last = cuts.firsts[edge], cuts.lasts[edge]
        forward = cells.edges[2 * edge] == v
        for c in range(last - first):
            cut = first + c if forward else last - 1 - c
            q = cuts.vertices[cut]
            if q != room.vertices[n_nodes - 1]:
                part = n_edges + q - n_vertices  # of the edge, from q on
                room.vertices[n_nodes], room.chords[n_nodes] = q, -1
                room.edges[n_nodes] = part if forward else edge
                if not forward:
                    room.edges[n_nodes - 1] = part
                n_nodes += 1
            i = cuts.neurons[cut]
            chords = add_end(size, i, n_nodes - 1, chords, neurons, signs, ahead, room)
            if chords < 0:
                return n_nodes, chords
    for a in range(chords):
        if room.ends[a] < 0:
            return n_nodes, -1
    return n_nodes, chords


@inlined
def add_end(size, neuron, node, chords, most, signs, ahead, room):
    """Have the neuron's chord start or end at a node; how many chords there are then.

    They are -1 instead of more than ``most``.
    """
    chord = room.chord_of[neuron]
    if chord >= 0:
        room.ends[chord] = node
        room.chord_of[neuron] = -1
        return chords
    if chords == most:
        return -1
    room.chord_of[neuron] = chords
    room.neurons[chords], room.starts[chords], room.ends[chords] = neuron, node, -1
    for w in range(size.words):
        mine = bit(neuron % WORD) if w == neuron // WORD else NONE
        room.flips[chords * size.words + w] = mine
        room.after[chords * size.words + w] = mine & signs.positive[ahead * size.words + w]
    return chords + 1


@inlined
def split(size, cell, n_nodes, crossed, room, pieces, filled, first):
    """The two pieces of a cell with one chord."""
    start, end = room.starts[0], room.ends[0]
    edge = add_edge(size, start, end, 0, room, pieces, filled, first)
    for side in range(2):
        piece, place = filled[PIECES], filled[CORNERS]
        node, stop = (start, end) if side == 0 else (end, start)
        while node != stop:
            pieces.corners[place] = room.vertices[node]
            pieces.corner_edges[place] = room.edges[node]
            place += 1
            node = node + 1 if node + 1 < n_nodes else 0
        pieces.corners[place], pieces.corner_edges[place] = room.vertices[stop], edge
        for w in range(size.words):
            active = crossed.active[cell * size.words + w] | room.after[0 * size.words + w]
            if side == 1:
                active ^= room.flips[0 * size.words + w]
            pieces.words[piece * size.words + w] = active
        finish_piece(cell, place + 1, pieces, filled)
