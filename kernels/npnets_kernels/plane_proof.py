"""Proofs about a plane's cells: that patterns differ, and that cells have the states they claim."""

from __future__ import annotations

from collections import namedtuple

import numpy as np

from npnets_kernels.bits import WORD, bit, lowest, signs_of_forms, without_lowest
from npnets_kernels.compiled import kernel
from npnets_kernels.plane_forms import NONE, ROUNDING, TINY, error_of_value
from npnets_kernels.pointers import inlined, pointers

#: How vertices came about: their two parents (V, 2), and the neuron (V,) that is zero there by
#: definition, of the layer at hand; -1 if it is another layer's.
Descent = namedtuple("Descent", "parents neurons")
#: The pieces of a level's cells: offsets, corners, the cell that each is part of, and the words of
#: the layer's active neurons.
Parts = namedtuple("Parts", "offsets corners parents words")

#: The kept forms of a cell in the places of their neurons (3, 64 words), zeros elsewhere; for each
#: vertex the cell in which it was last looked at, and the words of neurons that are positive,
#: negative and zero by definition there; the words of those positive at a corner of a part; and
#: what floats leave open (…, 3): part, neuron, and vertex or ANYWHERE.
Room = namedtuple("Room", "forms seen_in more less zero positive doubts")
#: How many words of neurons there are, and doubts that there is room for.
Shape = namedtuple("Shape", "words doubts")

#: What a doubt is about, instead of a vertex: whether the neuron is positive anywhere.
ANYWHERE = -1


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
def check_states(cells, parts, vertices, signs, kept, descent, room):
    """Check that at all corners of all parts each neuron of the layer has the sign of its state.

    A neuron that isn't kept has one certain sign at all corners of the cell, and so all over it. A
    kept one must be positive, or zero, at each corner of a part where it is active, and positive at
    one of them; where it is inactive it must not be positive at any.

    Parameters
    ----------
    cells, signs, kept
        The level before: its corners, the signs there, and the neurons that may cross its cells.
    vertices : Vertices
        All, those that the layer has made, too.
    parts : Parts
    descent : Descent
    room : Room
        ``forms`` must be 0 and ``seen_in`` -1; ``doubts`` are written.

    Returns
    -------
    wrong, count : int
        A part with a wrong state, or -1; and how many doubts there are, even if there is no room.
    """
    words, n_parts = signs.positive.shape[1], len(parts.parents)
    shape = Shape(words, len(room.doubts))
    cells, parts, vertices = pointers(cells), pointers(parts), pointers(vertices)
    signs, kept, descent, room = pointers(signs), pointers(kept), pointers(descent), pointers(room)
    n_doubts, cell, sizes = 0, -1, (0.0, 0.0, 0.0)
    for part in range(n_parts):
        if cell != parts.parents[part]:
            if cell >= 0:
                spread(cell, kept, shape, room, True)
            cell = parts.parents[part]
            sizes = spread(cell, kept, shape, room, False)
        corner = cells.corners[cells.offsets[cell]] * words
        for w in range(words):
            active, rest = parts.words[part * words + w], kept.words[cell * words + w]
            if (active ^ signs.positive[corner + w]) & ~rest:
                return part, n_doubts
            room.positive[w] = NONE
        for c in range(parts.offsets[part], parts.offsets[part + 1]):
            v = parts.corners[c]
            if room.seen_in[v] != cell:
                room.seen_in[v] = cell
                sign_vertex(v, cell, vertices, kept, sizes, descent, shape, room)
            for w in range(words):
                active, rest = parts.words[part * words + w], kept.words[cell * words + w]
                more, less = room.more[v * words + w], room.less[v * words + w]
                if more & ~active | less & active:
                    return part, n_doubts
                room.positive[w] |= more
                rest &= ~(more | less | room.zero[v * words + w])
                n_doubts = add_doubts(rest, w, part, v, n_doubts, shape, room)
        for w in range(words):
            active, rest = parts.words[part * words + w], kept.words[cell * words + w]
            rest &= active & ~room.positive[w]
            n_doubts = add_doubts(rest, w, part, ANYWHERE, n_doubts, shape, room)
    return -1, n_doubts


@inlined
def spread(cell, kept, shape, room, clear):
    """Put a cell's kept forms in their neurons' places, or zeros; the largest in each column."""
    stride, form = WORD * shape.words, kept.offsets[cell]
    f0 = f1 = f2 = 0.0
    for w in range(shape.words):
        rest = kept.words[cell * shape.words + w]
        while rest:
            i = w * WORD + lowest(rest)
            rest = without_lowest(rest)
            a, b, c = kept.forms[3 * form], kept.forms[3 * form + 1], kept.forms[3 * form + 2]
            f0, f1, f2 = max(f0, abs(a)), max(f1, abs(b)), max(f2, abs(c))
            room.forms[i] = 0.0 if clear else a
            room.forms[stride + i] = 0.0 if clear else b
            room.forms[2 * stride + i] = 0.0 if clear else c
            form += 1
    return f0, f1, f2


@inlined
def sign_vertex(v, cell, vertices, kept, sizes, descent, shape, room):
    """Write the words of the kept neurons that are positive, negative and zero at a vertex."""
    s, t = vertices.positions[2 * v], vertices.positions[2 * v + 1]
    f0, f1, f2 = sizes
    error = error_of_value(f0, f1, f2, kept.errors, s, t, vertices.errors[v])
    for w in range(shape.words):
        place, rest, zero = v * shape.words + w, kept.words[cell * shape.words + w], NONE
        more = less = NONE
        if rest:
            more, less = signs_of_forms(room.forms, WORD * shape.words, w * WORD, s, t, error)
        rest &= ~(more | less)
        while rest:
            k = lowest(rest)
            rest = without_lowest(rest)
            if is_zero(v, w * WORD + k, descent):
                zero |= bit(k)
        room.more[place], room.less[place], room.zero[place] = more, less, zero


@inlined
def add_doubts(rest, w, part, vertex, count, shape, room):
    """Write a doubt for each neuron of a word; how many there are then."""
    while rest:
        if count < shape.doubts:
            room.doubts[3 * count] = part
            room.doubts[3 * count + 1] = w * WORD + lowest(rest)
            room.doubts[3 * count + 2] = vertex
        rest = without_lowest(rest)
        count += 1
    return count


@inlined
def is_zero(vertex, neuron, descent):
    """Whether a neuron is zero at a vertex because of how it was made."""
    if descent.neurons[vertex] == neuron:
        return True
    u, v = descent.parents[2 * vertex], descent.parents[2 * vertex + 1]
    if u < 0 or descent.neurons[vertex] < 0:
        return False
    return descent.neurons[u] == neuron and descent.neurons[v] == neuron


@kernel
def check_edges(edge_cells, edge_neurons, words):
    """Whether the cells on both sides of each edge differ in its neuron, if it has one."""
    for e in range(len(edge_cells)):
        neuron = edge_neurons[e]
        if neuron >= 0:
            left, right, w = edge_cells[e, 0], edge_cells[e, 1], neuron // WORD
            if not (words[left, w] ^ words[right, w]) & bit(neuron % WORD):
                return False
    return True


@kernel
def without_area(parts, vertices, found):
    """The rings that the errors of floats don't show to go round an area, counterclockwise.

    They are written to the head of ``found`` (F,), and counted.
    """
    count = 0
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
    return count
