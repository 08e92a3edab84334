"""Walk around the pieces into which chords cut a convex cell.

Around a crossing the chords lie in the order of their ends on the cell's boundary, however many
meet there. So a walk that keeps a piece on its left turns, wherever it arrives, to the end that
comes first clockwise from the one behind it.
"""

from __future__ import annotations

from collections import namedtuple

from npnets_kernels.pointers import inlined

#: What is made of some cells. Pieces: their corners from offsets[piece] on with the edges that
#: leave them, the cell that each is part of, the words of the layer's active neurons. New vertices
#: inside cells as in ``Found``. New edges (…, 2) and the line of each; the lines, one of each
#: chord, and their neurons.
Pieces = namedtuple(
    "Pieces", "offsets corners corner_edges parents words found edges edge_lines lines neurons"
)
#: Places of what is counted of ``Pieces``, and of the crossings put in order along chords.
PIECES, CORNERS, VERTICES, EDGES, LINES, ORDERED = range(6)


@inlined
def finish_piece(cell, place, pieces, filled):
    piece = filled[PIECES]
    pieces.parents[piece] = cell
    pieces.offsets[piece + 1] = place
    filled[PIECES], filled[CORNERS] = piece + 1, place


@inlined
def walk_pieces(size, cell, n_nodes, chords, crossed, room, pieces, filled):
    """Walk around every piece, from each to its neighbours across the chords.

    A way along the boundary from node p is -1 - p, one along chord a's part k is
    2 (many a + k), and one more if it leads back.
    """
    many = size.many
    for a in range(chords):
        for k in range(room.counts[a] + 1):
            room.seen[2 * (many * a + k)] = room.seen[2 * (many * a + k) + 1] = 0
    piece = filled[PIECES]
    for w in range(size.words):
        active = crossed.active[cell * size.words + w]
        for a in range(chords):
            active |= room.after[a * size.words + w]
            if room.starts[a] > 0:
                active ^= room.flips[a * size.words + w]
        pieces.words[piece * size.words + w] = active
    waiting = walk_piece(size, -1, 0, cell, n_nodes, room, pieces, filled)
    while waiting > 0:
        waiting -= 1
        way, origin = room.stack[waiting], room.origins[waiting]
        if room.seen[way] == 0:
            piece = filled[PIECES]
            for w in range(size.words):
                flips = room.flips[way // 2 // many * size.words + w]
                pieces.words[piece * size.words + w] = pieces.words[origin * size.words + w] ^ flips
            waiting = walk_piece(size, way, waiting, cell, n_nodes, room, pieces, filled)


@inlined
def walk_piece(size, way, waiting, cell, n_nodes, room, pieces, filled):
    """Walk around the piece on the way's left; how many ways across its chords wait then."""
    many = size.many
    piece, place = filled[PIECES], filled[CORNERS]
    start = way
    while True:
        if way < 0:
            node = -1 - way
            pieces.corners[place] = room.vertices[node]
            pieces.corner_edges[place] = room.edges[node]
            node = node + 1 if node + 1 < n_nodes else 0
            way = turn_on_boundary(size, node, n_nodes - 1, n_nodes, room)
        else:
            room.seen[way] = 1
            room.stack[waiting], room.origins[waiting] = way ^ 1, piece
            waiting += 1
            back, a = way & 1, way // 2 // many
            k = way // 2 - many * a
            tail = room.sequence[many * a + k + back]
            node = room.sequence[many * a + k + 1 - back]
            pieces.corners[place] = room.vertices[tail]
            pieces.corner_edges[place] = room.first_edges[a] + k
            behind = room.ends[a] if back else room.starts[a]
            if node < n_nodes:
                way = turn_on_boundary(size, node, apart(node, behind, n_nodes), n_nodes, room)
            else:
                way = turn_inside(size, node - n_nodes, a, behind, n_nodes, room)
        place += 1
        if way == start:
            break
    finish_piece(cell, place, pieces, filled)
    return waiting


@inlined
def apart(node, other, n_nodes):
    """How many nodes counterclockwise the other is from a node of the boundary."""
    return other - node if other >= node else other - node + n_nodes


@inlined
def turn_on_boundary(size, node, behind, n_nodes, room):
    """The way on from a node of the boundary: the first clockwise from ``behind``."""
    many = size.many
    way, best = -1 - node, 1
    end = room.chords[node]
    while end >= 0:
        a = end // 2
        far = apart(node, room.starts[a] if end & 1 else room.ends[a], n_nodes)
        if best < far < behind:
            best = far
            way = 2 * (many * a + room.counts[a]) + 1 if end & 1 else 2 * many * a
        end = room.next_chords[end]
    return way


@inlined
def turn_inside(size, crossing, a, behind, n_nodes, room):
    """The way on from a crossing, reached along chord a from the end ``behind``."""
    many = size.many
    way, best = -1, n_nodes
    for j in range(room.node_offsets[crossing], room.node_offsets[crossing + 1]):
        c = room.node_chords[j]
        if c != a:
            k = room.places[many * c + a]
            to_end = apart(room.ends[c], behind, n_nodes)
            to_start = apart(room.starts[c], behind, n_nodes)
            if to_end < best:
                best, way = to_end, 2 * (many * c + k)
            if to_start < best:
                best, way = to_start, 2 * (many * c + k - 1) + 1
    return way
