"""Cut a plane's convex cells along the lines on which a layer's neurons are zero.

Within a cell every preactivation of the layer is affine, so the zeros of a neuron that crosses it
are a chord between two points of its boundary: places where an edge was cut, or corners. Numbers
are needed only for the order of crossings along a chord; the rest is combinatorics:

- two chords cross inside iff their ends alternate on the boundary;
- two chords are one iff their ends are the same;
- around a crossing the chords lie in the order of their ends on the boundary, as the cell is
  convex, however many meet there. So a walk that keeps a piece on its left turns, wherever it
  arrives, to the end that comes first clockwise from the one behind it.

Crossings are interpolated between a chord's two ends on the boundary, never from other crossings.
"""

from __future__ import annotations

from collections import namedtuple

from npnets_kernels.bits import WORD, bit, lowest, without_lowest
from npnets_kernels.compiled import kernel
from npnets_kernels.plane_edges import LOOSE, place_vertex, step_between, value_at
from npnets_kernels.plane_forms import NONE, ROUNDING, kept_place
from npnets_kernels.pointers import inlined, pointers
from npnets_kernels.simd import offset, pointer

#: What is made of some cells. Pieces: their corners from offsets[piece] on with the edges that
#: leave them, the cell that each is part of, the words of the layer's active neurons. New vertices
#: inside cells as in ``Found``. New edges (…, 2) and the line of each; the lines, one of each
#: chord, and their neurons.
Pieces = namedtuple(
    "Pieces", "offsets corners corner_edges parents words found edges edge_lines lines neurons"
)
#: Places of what is counted of ``Pieces``, and of the crossings put in order along chords.
PIECES, CORNERS, VERTICES, EDGES, LINES, ORDERED = range(6)
#: What the caller decided exactly about one cell, chord against chord: the step of the crossing,
#: correctly rounded, and its rank, shared by those who meet there.
Table = namedtuple("Table", "steps ranks")
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
    "seen stack origins "  # of the walk
    "crossing base",  # words of the neurons that cross, and that are active all over the cell
)


@kernel
def cut_cells(
    cell, stop, vertices, cells, signs, kept, cuts, table, room, pieces, filled, first, most
):
    """Cut the cells from ``cell`` to ``stop``, until one needs judgement.

    Parameters
    ----------
    vertices
        Those before the cut and on edges.
    cells, signs, kept
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
        The cell that needs judgement, and how many chords it has; or ``stop`` and 0, or the cell
        with which there would be too many pieces, and -1.
    """
    judged = table.ranks.size > 0
    size = Sizes(
        len(signs.positive), len(cells.edges), signs.positive.shape[1], room.nodes.shape[1]
    )
    vertices, cells, signs, kept = (
        pointers(vertices), pointers(cells), pointers(signs), pointers(kept),
    )  # fmt: skip
    cuts, table, room, pieces = pointers(cuts), pointers(table), pointers(room), pointers(pieces)
    filled, first = pointer(filled), pointer(first)
    for c in range(cell, stop):
        if not read_signs(size, c, signs, cells, room):
            copy_cell(size, c, cells, room, pieces, filled)
        else:
            n_nodes, chords = walk_boundary(size, c, signs, cells, cuts, room)
            chords = merge_chords(size, chords, room)
            for a in range(chords):
                room.forms[a] = kept_place(c, room.neurons[a], kept, size.words)
            if chords == 1:
                write_lines(chords, kept, room, pieces, filled)
                split(size, c, n_nodes, room, pieces, filled, first)
            else:
                crossings = cross_chords(size, chords, vertices, kept, table, judged, room)
                # where many meet at one point, there are fewer pieces
                if not judged and filled[PIECES] + 1 + chords + crossings > most:
                    return c, -1
                if not (judged or are_ordered(size, chords, room)):
                    return c, chords
                write_lines(chords, kept, room, pieces, filled)
                join_crossings(
                    size, n_nodes, chords, vertices, kept, judged, room, pieces, filled, first
                )
                walk_pieces(size, c, n_nodes, chords, room, pieces, filled)
                filled[ORDERED] += 2 * crossings
            filled[LINES] += chords
        if filled[PIECES] > most:
            return c, -1
        judged = False
    return stop, 0


@inlined
def read_signs(size, cell, signs, cells, room):
    """Write the words of the cell's neurons; whether any crosses it."""
    crossed = False
    for w in range(size.words):
        more = less = NONE
        for k in range(cells.offsets[cell], cells.offsets[cell + 1]):
            more |= signs.positive[cells.corners[k] * size.words + w]
            less |= signs.negative[cells.corners[k] * size.words + w]
        room.crossing[w] = more & less
        room.base[w] = more & ~less
        if more & less:
            crossed = True
    return crossed


@inlined
def copy_cell(size, cell, cells, room, pieces, filled):
    """A cell that nothing crosses is its only piece."""
    piece, place = filled[PIECES], filled[CORNERS]
    for k in range(cells.offsets[cell], cells.offsets[cell + 1]):
        pieces.corners[place] = cells.corners[k]
        pieces.corner_edges[place] = cells.corner_edges[k]
        place += 1
    for w in range(size.words):
        pieces.words[piece * size.words + w] = room.base[w]
    finish_piece(cell, place, pieces, filled)


@inlined
def finish_piece(cell, place, pieces, filled):
    piece = filled[PIECES]
    pieces.parents[piece] = cell
    pieces.offsets[piece + 1] = place
    filled[PIECES], filled[CORNERS] = piece + 1, place


@inlined
def walk_boundary(size, cell, signs, cells, cuts, room):
    """Write the nodes of the cell's boundary and the ends of its chords; how many of each."""
    n_vertices, n_edges = size.vertices, size.edges
    start, stop = cells.offsets[cell], cells.offsets[cell + 1]
    n_nodes = chords = 0
    for k in range(start, stop):
        v, edge = cells.corners[k], cells.corner_edges[k]
        ahead = cells.corners[k + 1 if k + 1 < stop else start]
        room.vertices[n_nodes], room.edges[n_nodes], room.chords[n_nodes] = v, edge, -1
        for w in range(size.words):
            word = room.crossing[w] & ~(
                signs.positive[v * size.words + w] | signs.negative[v * size.words + w]
            )
            while word:
                i = w * WORD + lowest(word)
                word = without_lowest(word)
                chords = add_end(size, i, n_nodes, chords, signs, ahead, room)
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
            chords = add_end(size, cuts.neurons[cut], n_nodes - 1, chords, signs, ahead, room)
    return n_nodes, chords


@inlined
def add_end(size, neuron, node, chords, signs, ahead, room):
    """Have the neuron's chord start or end at a node; how many chords there are then."""
    chord = room.chord_of[neuron]
    if chord >= 0:
        room.ends[chord] = node
        room.chord_of[neuron] = -1
        return chords
    room.chord_of[neuron] = chords
    room.neurons[chords], room.starts[chords] = neuron, node
    for w in range(size.words):
        mine = bit(neuron % WORD) if w == neuron // WORD else NONE
        room.flips[chords * size.words + w] = mine
        room.after[chords * size.words + w] = mine & signs.positive[ahead * size.words + w]
    return chords + 1


@inlined
def merge_chords(size, chords, room):
    """Make one of the chords with the same ends; how many are left."""
    kept = 0
    for a in range(chords):
        same = -1
        for b in range(kept):
            if room.starts[a] == room.starts[b] and room.ends[a] == room.ends[b]:
                same = b
        if same >= 0:
            for w in range(size.words):
                room.flips[same * size.words + w] |= room.flips[a * size.words + w]
                room.after[same * size.words + w] |= room.after[a * size.words + w]
        else:
            room.neurons[kept] = room.neurons[a]
            room.starts[kept], room.ends[kept] = room.starts[a], room.ends[a]
            for w in range(size.words):
                room.flips[kept * size.words + w], room.after[kept * size.words + w] = (
                    room.flips[a * size.words + w],
                    room.after[a * size.words + w],
                )
            kept += 1
    return kept


@inlined
def write_lines(chords, kept, room, pieces, filled):
    """Write the lines of the cell's chords."""
    for a in range(chords):
        line, form = filled[LINES] + a, room.forms[a]
        pieces.neurons[line] = room.neurons[a]
        for column in range(3):
            pieces.lines[3 * line + column] = kept.forms[3 * form + column]


@inlined
def split(size, cell, n_nodes, room, pieces, filled, first):
    """The two pieces of a cell with one chord."""
    start, end = room.starts[0], room.ends[0]
    edge = add_edge(size, start, end, 0, room, pieces, filled, first)
    for side in range(2):
        piece, place = filled[PIECES], filled[CORNERS]
        node, stop = (start, end) if side == 0 else (end, start)
        while node != stop:
            pieces.corners[place], pieces.corner_edges[place] = (
                room.vertices[node],
                room.edges[node],
            )
            place += 1
            node = node + 1 if node + 1 < n_nodes else 0
        pieces.corners[place], pieces.corner_edges[place] = room.vertices[stop], edge
        for w in range(size.words):
            active = room.after[0 * size.words + w]
            if side == 1:
                active ^= room.flips[0 * size.words + w]
            pieces.words[piece * size.words + w] = room.base[w] | active
        finish_piece(cell, place + 1, pieces, filled)


@inlined
def add_edge(size, node, other, chord, room, pieces, filled, first):
    """A new edge between two nodes of a chord, and its number."""
    place = filled[EDGES]
    pieces.edges[2 * place], pieces.edges[2 * place + 1] = room.vertices[node], room.vertices[other]
    pieces.edge_lines[place] = first[2] + filled[LINES] + chord
    filled[EDGES] = place + 1
    return first[1] + place


@inlined
def cross_chords(size, chords, vertices, kept, table, judged, room):
    """Sort each chord's crossings by their steps; how many pairs of chords cross."""
    crossings = 0
    for a in range(chords):
        room.counts[a] = 0
    for a in range(chords):
        for b in range(a + 1, chords):
            # chords come in the order of their starts
            if room.starts[a] < room.starts[b] < room.ends[a] < room.ends[b]:
                room.nodes[a * size.many + b] = room.nodes[b * size.many + a] = -1
                insert_crossing(size, a, b, vertices, kept, table, judged, room)
                insert_crossing(size, b, a, vertices, kept, table, judged, room)
                crossings += 1
    return crossings


@inlined
def insert_crossing(size, a, b, vertices, kept, table, judged, room):
    """Put the crossing with chord b in its place along chord a."""
    if judged:
        step, slack, key = (
            table.steps[a * size.many + b],
            4.0 * ROUNDING,
            float(table.ranks[a * size.many + b]),
        )
    else:
        form = room.forms[b]
        z0, error0 = value_at(form, room.vertices[room.starts[a]], vertices, kept)
        z1, error1 = value_at(form, room.vertices[room.ends[a]], vertices, kept)
        step, slack = step_between(z0, z1, error0, error1)
        if not (abs(z0) > error0 and abs(z1) > error1 and (z0 > 0.0) != (z1 > 0.0)):
            slack = 1.0
        key = step
    k = room.counts[a]
    while k > 0 and room.keys[a * size.many + k - 1] > key:
        room.keys[a * size.many + k] = room.keys[a * size.many + k - 1]
        room.others[a * size.many + k] = room.others[a * size.many + k - 1]
        room.steps[a * size.many + k] = room.steps[a * size.many + k - 1]
        room.slacks[a * size.many + k] = room.slacks[a * size.many + k - 1]
        k -= 1
    room.keys[a * size.many + k], room.others[a * size.many + k] = key, b
    room.steps[a * size.many + k], room.slacks[a * size.many + k] = step, slack
    room.counts[a] += 1


@inlined
def are_ordered(size, chords, room):
    """Whether the crossings are known well, and their order along each chord without doubt."""
    for a in range(chords):
        for k in range(room.counts[a]):
            if not room.slacks[a * size.many + k] < LOOSE:
                return False
            if k > 0:
                apart = room.steps[a * size.many + k] - room.steps[a * size.many + k - 1]
                if not apart > room.slacks[a * size.many + k] + room.slacks[a * size.many + k - 1]:
                    return False
    return True


@inlined
def join_crossings(size, n_nodes, chords, vertices, kept, judged, room, pieces, filled, first):
    """Make nodes of the crossings and edges of the chords' parts between them."""
    crossings = 0
    room.node_offsets[0] = 0
    for a in range(chords):
        for end in range(2):
            node = room.ends[a] if end else room.starts[a]
            room.next_chords[2 * a + end] = room.chords[node]
            room.chords[node] = 2 * a + end
        room.sequence[a * size.many + 0] = room.starts[a]
        place, k = 0, 0
        while k < room.counts[a]:
            stop = k + 1
            while (
                judged
                and stop < room.counts[a]
                and room.keys[a * size.many + stop] == room.keys[a * size.many + k]
            ):
                stop += 1
            node = room.nodes[a * size.many + room.others[a * size.many + k]]
            if node < 0:
                node = n_nodes + crossings
                add_crossing(
                    size, a, k, stop, node, crossings, vertices, kept, room, pieces, filled, first
                )
                crossings += 1
            place += 1
            room.sequence[a * size.many + place] = node
            for j in range(k, stop):
                room.places[a * size.many + room.others[a * size.many + j]] = place
            k = stop
        room.sequence[a * size.many + place + 1] = room.ends[a]
        room.counts[a] = place
    for a in range(chords):
        room.first_edges[a] = first[1] + filled[EDGES]
        for k in range(room.counts[a] + 1):
            add_edge(
                size,
                room.sequence[a * size.many + k],
                room.sequence[a * size.many + k + 1],
                a,
                room,
                pieces,
                filled,
                first,
            )


@inlined
def add_crossing(size, a, k, stop, node, crossings, vertices, kept, room, pieces, filled, first):
    """Make the node where chord a meets those from place k to ``stop``, and its vertex."""
    place = room.node_offsets[crossings]
    room.node_chords[place] = a
    for j in range(k, stop):
        room.node_chords[place + 1 + j - k] = room.others[a * size.many + j]
    end = place + 1 + stop - k
    room.node_offsets[crossings + 1] = end
    for i in range(place, end):
        for j in range(place, end):
            room.nodes[room.node_chords[i] * size.many + room.node_chords[j]] = node
    vertex, found, b = filled[VERTICES], pieces.found, room.others[a * size.many + k]
    room.vertices[node] = first[0] + vertex
    found.steps[vertex] = room.steps[a * size.many + k]
    found.slacks[vertex] = room.slacks[a * size.many + k]
    found.neurons[vertex] = room.neurons[b]
    u, v = room.vertices[room.starts[a]], room.vertices[room.ends[a]]
    line, other = offset(kept.forms, 3 * room.forms[a]), offset(kept.forms, 3 * room.forms[b])
    place_vertex(vertex, u, v, vertices, line, kept.errors, other, kept.errors, found)
    filled[VERTICES] = vertex + 1


@inlined
def walk_pieces(size, cell, n_nodes, chords, room, pieces, filled):
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
        active = room.base[w]
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
            pieces.corners[place], pieces.corner_edges[place] = (
                room.vertices[node],
                room.edges[node],
            )
            node = node + 1 if node + 1 < n_nodes else 0
            way = turn_on_boundary(size, node, n_nodes - 1, n_nodes, room)
        else:
            room.seen[way] = 1
            room.stack[waiting], room.origins[waiting] = way ^ 1, piece
            waiting += 1
            back, a = way & 1, way // 2 // many
            k = way // 2 - many * a
            tail, node = (
                room.sequence[a * size.many + k + back],
                room.sequence[a * size.many + k + 1 - back],
            )
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
            k = room.places[c * size.many + a]
            to_end, to_start = (
                apart(room.ends[c], behind, n_nodes),
                apart(room.starts[c], behind, n_nodes),
            )
            if to_end < best:
                best, way = to_end, 2 * (many * c + k)
            if to_start < best:
                best, way = to_start, 2 * (many * c + k - 1) + 1
    return way
