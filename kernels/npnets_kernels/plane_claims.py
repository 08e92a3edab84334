"""Forms of a plane's cells once more, and whether the cells have the states and maps they claim.

A layer's forms on a cell are W (φ' ∘ f) + (0, 0, b), summed neuron by neuron, or those of the cell
before where that is part of the same cell of a layer fewer, changed by the neurons that differ. So
is the output's map on a part, of that on the part before. After a chain of changes they are summed
anew.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np

from npnets_kernels.bits import (
    WORD,
    add_scaled,
    add_selected,
    bit,
    dots_selected,
    lowest,
    popcount,
    raise_largest,
    signs_of_forms,
    without_lowest,
)
from npnets_kernels.compiled import kernel
from npnets_kernels.plane_forms import NONE, error_of_value, neurons_of
from npnets_kernels.pointers import inlined, pointers
from npnets_kernels.simd import offset, pointer

#: The forms (…, 3, 64 words) of the layer before on cells of its level, the cell of these that each
#: cell (F,) is part of, ascending, and the words (F, …) of the layer's neurons that are active.
Before = namedtuple("Before", "forms parents words")
#: A layer's Wᵀ (n', 64 words) and biases (64 words,), with zeros up to whole words, the bounds (3,)
#: on the errors of its forms and on their sizes, how many changes (1,) there may be of a sum, and
#: the first of its neurons, counted through the layers, and the one behind its last (2,).
Layer = namedtuple("Layer", "weights biases errors size_bounds chain neurons")
#: The corners of a level's cells, those of each from its offset (F + 1,) on.
Rings = namedtuple("Rings", "offsets corners")
#: The pieces of a level's cells: offsets, corners, the cell that each is part of, ascending, and
#: the words of the layer's active neurons.
Parts = namedtuple("Parts", "offsets corners parents words")
#: How vertices came about: their two parents (V, 2), and the neuron (V,) that is zero there by
#: definition, counted through the layers, -1 if there is none.
Descent = namedtuple("Descent", "parents neurons")
#: The output's W (n, 64 words) and biases (n,), its maps (F, n, 3) on the parts, how much they
#: differ (3,) from what is found, at most, and on which part (3,); and how many changes (1,) there
#: may be of a sum.
Output = namedtuple("Output", "weights biases maps apart worst chain")
#: A cell's forms (3, 64 words), zeros beyond the neurons, and the largest of all cells', in eight
#: parts (3, 8); a part's map (n, 3). For each vertex the cell of which it last was a corner, the
#: cell in which it was last looked at, and the words (V, words, 2) of neurons that may be positive
#: and that may be negative there; the words of all neurons; and what floats leave open (…, 3):
#: part, neuron, and vertex or ANYWHERE.
Room = namedtuple("Room", "forms sizes map corner_of seen_in signs all doubts")
#: How many words of neurons there are, of the layer before, and doubts that there is room for.
Shape = namedtuple("Shape", "words words_before doubts")

#: What a doubt is about, instead of a vertex: whether the neuron is positive anywhere.
ANYWHERE = -1


@kernel
def check_layer(
    part, before, layer, slope, rings, parts, stateless, vertices, descent, forms, output, room
):
    """Check the states of a layer on the parts of a level's cells, and the output if it is next.

    It goes from one part on, as far as there is room for doubts; those of a part for which there
    isn't are dropped, and it is checked again.

    All corners of a part must lie in its cell: be the cell's, or between two that do. At all of
    them an active neuron must be positive, or zero, and positive at one; an inactive one must not
    be positive at any.

    Parameters
    ----------
    part : int
        The first; those before it have been checked with the same ``room``.
    before : Before
    layer : Layer
    slope : float
    rings : Rings
        The level's cells.
    parts : Parts
    stateless : bool
        Whether there is nothing to check of states.
    vertices : Vertices
        All, those that the layer has made, too.
    descent : Descent
    forms : float64 (F, 3, 64 words), or empty
        Written.
    output : Output
        ``apart`` is raised; with no outputs if they aren't next.
    room : Room
        ``corner_of`` and ``seen_in`` must be -1 before the first part, ``sizes`` 0; all are
        written, and ``doubts`` from its beginning.

    Returns
    -------
    part, doubts : int
        The part to go on with, and how many doubts are written; or one with a wrong state, and -1.
    """
    n_cells, n_parts, n_doubts = len(before.parents), len(parts.parents), 0
    n_outputs, keep = len(output.biases), len(forms) > 0
    words, words_before = layer.weights.shape[1] // WORD, before.words.shape[1]
    shape = Shape(words, words_before, len(room.doubts))
    width, stride = layer.weights.shape[0], WORD * words
    before, layer = pointers(before), pointers(layer)
    rings, parts = pointers(rings), pointers(parts)
    vertices, descent, room = pointers(vertices), pointers(descent), pointers(room)
    forms, output = pointer(forms), pointers(output)
    changes, of_map = layer.chain[0] + 1, output.chain[0] + 1
    for cell in range(parts.parents[part], n_cells):
        changes = find_forms(cell, changes, width, before, layer, slope, shape, room)
        for column in range(3):
            for k in range(0, stride, WORD):
                raise_largest(room.sizes, column, room.forms, column * stride + k)
        if keep:
            for k in range(3 * stride):
                forms[3 * cell * stride + k] = room.forms[k]
        for k in range(rings.offsets[cell], rings.offsets[cell + 1]):
            room.corner_of[rings.corners[k]] = cell
        while part < n_parts and parts.parents[part] == cell:
            if not stateless:
                before_part = n_doubts
                n_doubts = check_part(
                    part, cell, n_doubts, parts, layer, vertices, descent, shape, room
                )
                if n_doubts < 0:
                    return part, -1
                if n_doubts > shape.doubts:
                    return part, before_part
            if n_outputs > 0:
                of_map = find_map(part, of_map, n_outputs, parts, slope, output, shape, room)
                compare_map(part, n_outputs, output, room)
            part += 1
    return part, n_doubts


@inlined
def find_forms(cell, changes, width, before, layer, slope, shape, room):
    """Turn the forms of the cell before into this one's; how many changes since a sum then."""
    parent, words, stride = before.parents[cell], shape.words_before, WORD * shape.words
    source, chain = offset(before.forms, 3 * parent * WORD * words), layer.chain[0]
    mine, last = offset(before.words, cell * words), offset(before.words, (cell - 1) * words)
    if cell > 0 and before.parents[cell - 1] == parent:
        for w in range(words):
            changes += popcount(mine[w] ^ last[w])
    else:
        changes = chain + 1
    if changes <= chain:
        for w in range(words):
            differ = mine[w] ^ last[w]
            add(differ & mine[w], w, 1.0 - slope, source, layer, shape, room)
            add(differ & ~mine[w], w, slope - 1.0, source, layer, shape, room)
        return changes
    for block in range(0, stride, WORD):
        sum_up(block, mine, source, width, layer, slope, shape, room)
    return 0


@inlined
def sum_up(block, active, source, width, layer, slope, shape, room):
    """Write 64 of a cell's forms, of those of the active neurons before and the others."""
    apart, stride, words = WORD * shape.words, WORD * shape.words_before, shape.words_before
    target = offset(room.forms, block)
    for k in range(WORD):
        target[k] = target[apart + k] = 0.0
        target[2 * apart + k] = layer.biases[block + k]
    for w in range(words):
        rest, forms = ~active[w] & neurons_of(w, width), offset(source, w * WORD)
        weights = offset(layer.weights, w * WORD * apart + block)
        add_selected(target, active[w], 1.0, forms, stride, weights, apart)
        if slope != 0.0:
            add_selected(target, rest, slope, forms, stride, weights, apart)


@inlined
def add(rest, w, gain, source, layer, shape, room):
    """Add ``gain`` times what the neurons of a word contribute to a cell's forms."""
    stride, before = WORD * shape.words, WORD * shape.words_before
    while rest:
        i = w * WORD + lowest(rest)
        rest = without_lowest(rest)
        shares = gain * source[i], gain * source[before + i], gain * source[2 * before + i]
        for k in range(0, stride, WORD):
            add_scaled(room.forms, k, stride, shares, layer.weights, i * stride + k)


@inlined
def check_part(part, cell, n_doubts, parts, layer, vertices, descent, shape, room):
    """Check the states of one part; how many doubts there are then, or -1 if it has a wrong one."""
    first, last = parts.offsets[part], parts.offsets[part + 1]
    for c in range(first, last):
        v = parts.corners[c]
        if room.seen_in[v] != cell:
            if not is_within(v, cell, descent, room):
                return -1
            # the network is continuous: what a vertex's signs are in one cell, they are in all
            if room.seen_in[v] < 0:
                sign_vertex(v, layer, vertices, descent, shape, room)
            room.seen_in[v] = cell
    for w in range(shape.words):
        active, positive = parts.words[part * shape.words + w], NONE
        if active & ~room.all[w]:
            return -1
        for c in range(first, last):
            place = 2 * (parts.corners[c] * shape.words + w)
            above, below = room.signs[place], room.signs[place + 1]
            positive |= above & ~below
            if above & ~active | below & active:
                if (above & ~below) & ~active | (below & ~above) & active:
                    return -1
                n_doubts = add_doubts(
                    above & below, w, part, parts.corners[c], n_doubts, shape, room
                )
        n_doubts = add_doubts(active & ~positive, w, part, ANYWHERE, n_doubts, shape, room)
    return n_doubts


@inlined
def is_within(v, cell, descent, room):
    """Whether a vertex is a corner of a cell, or lies between two, or between two such points."""
    if room.corner_of[v] == cell:
        return True
    for side in range(2):
        u = descent.parents[2 * v + side]
        if u < 0:
            return False
        if room.corner_of[u] != cell:
            for other in range(2):
                w = descent.parents[2 * u + other]
                if w < 0 or room.corner_of[w] != cell:
                    return False
    return True


@inlined
def sign_vertex(v, layer, vertices, descent, shape, room):
    """Write the words of the neurons that may be positive, and negative, at a vertex."""
    s, t = vertices.positions[2 * v], vertices.positions[2 * v + 1]
    f0, f1, f2 = layer.size_bounds[0], layer.size_bounds[1], layer.size_bounds[2]
    error = error_of_value(f0, f1, f2, layer.errors, s, t, vertices.errors[v])
    for w in range(shape.words):
        place = 2 * (v * shape.words + w)
        more, less = signs_of_forms(room.forms, WORD * shape.words, w * WORD, s, t, error)
        unknown = rest = room.all[w] & ~(more | less)
        while rest:
            k = lowest(rest)
            rest = without_lowest(rest)
            if is_zero(v, layer.neurons[0] + w * WORD + k, layer, descent):
                unknown ^= bit(k)
        room.signs[place], room.signs[place + 1] = more | unknown, less | unknown


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
def is_zero(vertex, neuron, layer, descent):
    """Whether a neuron is zero at a vertex because of how it was made."""
    mine = descent.neurons[vertex]
    if mine == neuron:
        return True
    u, v = descent.parents[2 * vertex], descent.parents[2 * vertex + 1]
    if u < 0 or not layer.neurons[0] <= mine < layer.neurons[1]:
        return False
    return descent.neurons[u] == neuron and descent.neurons[v] == neuron


@inlined
def find_map(part, changes, n_outputs, parts, slope, output, shape, room):
    """Turn the map of the part before into W (φ' ∘ f) + (0, 0, b); how many changes since a sum."""
    words, stride = shape.words, WORD * shape.words
    mine, last = offset(parts.words, part * words), offset(parts.words, (part - 1) * words)
    if part > 0 and parts.parents[part - 1] == parts.parents[part]:
        for w in range(words):
            changes += popcount(mine[w] ^ last[w])
    else:
        changes = output.chain[0] + 1
    if changes > output.chain[0]:
        for k in range(n_outputs):
            s, t, constant = 0.0, 0.0, output.biases[k]
            for w in range(words):
                forms = offset(room.forms, w * WORD)
                weights = offset(output.weights, k * stride + w * WORD)
                found = dots_selected(forms, stride, mine[w], ~mine[w], slope, weights)
                s, t, constant = s + found[0], t + found[1], constant + found[2]
            room.map[3 * k], room.map[3 * k + 1], room.map[3 * k + 2] = s, t, constant
        return 0
    for w in range(words):
        differ = mine[w] ^ last[w]
        while differ:
            i = lowest(differ)
            differ = without_lowest(differ)
            gain, place = 1.0 - slope if mine[w] & bit(i) else slope - 1.0, w * WORD + i
            for column in range(3):
                share = gain * room.forms[column * stride + place]
                for k in range(n_outputs):
                    room.map[3 * k + column] += share * output.weights[k * stride + place]
    return changes


@inlined
def compare_map(part, n_outputs, output, room):
    """Compare the output's map on a part with the one that was found."""
    for k in range(n_outputs):
        for column in range(3):
            place = 3 * k + column
            apart = abs(room.map[place] - output.maps[3 * part * n_outputs + place])
            if not apart <= output.apart[column]:
                # nothing is known of what overflows
                output.apart[column] = apart if apart == apart else np.inf
                output.worst[column] = part
