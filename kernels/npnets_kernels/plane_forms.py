"""The affine forms of a layer's preactivations on a plane's cells, and their signs at the corners.

On a cell, neuron i's preactivation is f_i0 s + f_i1 t + f_i2 in the plane's coordinates (s, t), and
the next layer's are

    F = W (φ' ∘ f) + (0, 0, b),      φ'_i = 1 where i is active, else the slope

A cell of the next level differs from its parent only in neurons that cross the parent. So of a
parent there is

- its base, W (φ' ∘ f) + (0, 0, b) without the neurons that may cross it: most of the work,
- kept the forms of the neurons that may cross it,

and the forms on a part are the base and what those add. From one part to the next only the neurons
that differ are added or taken away; after a chain of such changes it starts from the base again, so
that errors stay small, and so it does at every RUN-th cell, so that a cell's forms are the same to
the last bit whenever they are found: what was kept of a parent and its base are of one computation.
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
from npnets_kernels.pointers import inlined, pointers
from npnets_kernels.simd import offset, pointer

#: Half an ulp of 1.
ROUNDING = 2.0**-53
#: More than any error from numbers too small to be normal.
TINY = 2.0**-1000
#: The forms of every so many-th cell start from its parent's base.
RUN = 64
#: So few neurons are dealt with one by one.
FEW = 4
#: The word of no neuron.
NONE = np.uint64(0)
#: Corners of the plane's cells: positions (V, 2), and the bounds (V,) on both coordinates' errors.
Vertices = namedtuple("Vertices", "positions errors")
#: The cells: edges (E, 2), and for each cell its corners, counterclockwise from offsets[cell] on,
#: each with the edge that leaves it.
Cells = namedtuple("Cells", "edges offsets corners corner_edges")
#: A layer's signs at the vertices: the words of the positive and the negative neurons, (V, words).
Signs = namedtuple("Signs", "positive negative")
#: The neurons that may cross each cell: their words (F, words), and their forms (…, 3) from
#: offsets[cell] on, in ascending order; and the bounds (3,) on the errors of the forms.
Kept = namedtuple("Kept", "words offsets forms errors")
#: What forms are made from: each cell's parent and the words (F, …) of the last layer's active
#: neurons, what was kept of the parents, their bases (…, 3, n), Wᵀ with zeros up to whole words
#: (…, 64 words), and b (n,); and how many changes (1,) of forms there may be between two starts.
Source = namedtuple("Source", "parents words kept bases weights biases chain")

#: How many neurons there are, words of them, and words of the layer before.
Shape = namedtuple("Shape", "width words words_before")
#: One cell's forms (3, 64 words), zeros beyond the neurons; the words of neurons that are positive,
#: or negative, at all of its corners; and for each vertex the block of cells in which its signs
#: were last found, and their words.
Room = namedtuple("Room", "forms positive negative block more less")
#: Where a parent's base is, and how far its columns are from each other.
Base = namedtuple("Base", "numbers apart")
#: The output, if it comes next, or else nothing: its weights, with zeros up to whole words
#: (n', 64 words), its biases (n',), and its bases (F, 3, n') on the cells.
Output = namedtuple("Output", "weights biases bases")


@kernel
def owners(cells, owner):
    """The first cell that each vertex (V,) is a corner of."""
    for cell in range(len(cells.offsets) - 2, -1, -1):
        for k in range(cells.offsets[cell], cells.offsets[cell + 1]):
            owner[cells.corners[k]] = cell


@kernel
def sweep(
    first, start, stop, vertices, cells, source, before, slope, owner, signs, kept, size_bounds,
    output, sizes, room, parents_room, base,
):  # fmt: skip
    """The forms on a block of cells, from ``start`` to ``stop``, and the signs at their corners.

    Parameters
    ----------
    first, start, stop : int
        The first cell of ``kept``, and the block's, a multiple of RUN.
    vertices, cells
        Those of the level.
    source : Source
        Of the layer's forms. With ``before``, bases are made here; if there are rows for them, each
        parent's is also written there, in the block of its first child.
    before : Source
        Of the parents' forms of the layer before, or of no cells.
    slope : float
        φ' of inactive neurons.
    owner : int32 (V,)
        See ``owners``: each vertex's signs are written with its owner. One of -1 isn't known yet,
        and becomes the first that comes: then all cells must come in their order.
    signs : Signs
        Written; a neuron whose sign the errors leave open is in neither word.
    kept : Kept
        Of the cells from ``first`` on; written but for ``errors``, and read where a block before
        ended. There must be room for all neurons.
    size_bounds : float64 (3,)
        No |f| of any cell is larger, column by column.
    output : Output
        Its bases are written.
    sizes : float64 (3, 8)
        Raised, so that the largest |f| of each column is that of its row.
    room, parents_room : Room
        For the layer's neurons, and for those of the layer before; ``block`` must not be ``start``
        anywhere.
    base : float64 (3, 64 words)
        Written.

    Returns
    -------
    is_open : bool
        Whether errors leave any of the signs open that are written.
    """
    width, n_outputs = source.bases.shape[2], len(output.biases)
    words, words_before = (width + WORD - 1) // WORD, source.words.shape[1]
    shape = Shape(width, words, words_before)
    parents_shape = Shape(before.bases.shape[2], words_before, before.words.shape[1])
    makes, keeps = len(before.parents) > 0, len(source.bases) > 0
    vertices, cells, source = pointers(vertices), pointers(cells), pointers(source)
    signs, kept, room = pointers(signs), pointers(kept), pointers(room)
    before, parents_room = pointers(before), pointers(parents_room)
    output, owner = pointers(output), pointer(owner)
    sizes, size_bounds = pointer(sizes), pointer(size_bounds)
    changes, parents_changes, last = source.chain[0], before.chain[0], -1
    made, is_open = Base(pointer(base), words * WORD), False
    if makes:
        parent = source.parents[start]
        # the chain of changes that the first parent is in may have begun before the block
        for sibling in range(parent - parent % RUN, parent):
            parents_changes = find_forms(
                sibling, parents_changes, before, known_base(sibling, before, parents_shape), slope,
                parents_shape, parents_room,
            )  # fmt: skip
    for cell in range(start, stop):
        parent = source.parents[cell]
        if makes and parent != last:
            parents_changes = make_base(
                cell, parents_changes, made, width, source, before, slope, parents_shape,
                parents_room,
            )  # fmt: skip
            if keeps and (cell == 0 or source.parents[cell - 1] != parent):
                copy_columns(made, known_base(cell, source, shape), width)
            last = parent
        from_base = made if makes else known_base(cell, source, shape)
        changes = find_forms(cell, changes, source, from_base, slope, shape, room)
        for column in range(3):
            for k in range(column * words * WORD, (column + 1) * words * WORD, WORD):
                raise_largest(sizes, column, room.forms, k)
        is_open |= sign_corners(
            cell, start, vertices, cells, owner, signs, kept.errors, size_bounds, shape, room
        )
        keep(cell - first, kept, shape, room)
        multiply(cell, n_outputs, slope, output, shape, room)
    return is_open


@inlined
def known_base(cell, source, shape):
    """The base of the cell's parent."""
    return Base(offset(source.bases, 3 * source.parents[cell] * shape.width), shape.width)


@inlined
def make_base(cell, changes, base, width, source, before, slope, shape, room):
    """Write the base of the cell's parent; how many changes of the parents' forms since a start."""
    parent = source.parents[cell]
    known = known_base(parent, before, shape)
    changes = find_forms(parent, changes, before, known, slope, shape, room)
    sign_parent(cell, source, shape, room)
    write_base(base, width, source, slope, shape, room)
    return changes


@inlined
def sign_parent(cell, source, shape, room):
    """Write the signs that all corners of the cell's parent have in common."""
    parent = source.parents[cell]
    for w in range(shape.words):
        active = source.words[cell * shape.words + w]
        rest = source.kept.words[parent * shape.words + w]
        room.positive[w] = active & ~rest
        room.negative[w] = ~(active | rest) & neurons_of(w, shape.width)


@inlined
def find_forms(cell, changes, source, base, slope, shape, room):
    """Turn the forms of the cell before into this one's; how many changes since a start then."""
    parent, words, chain = source.parents[cell], shape.words_before, source.chain[0]
    word, before = cell * words, (cell - 1) * words
    if changes < chain and cell % RUN != 0 and source.parents[cell - 1] == parent:
        for w in range(words):
            changes += popcount(source.words[word + w] ^ source.words[before + w])
    else:
        changes = chain + 1
    if changes > chain:
        start_forms(cell, source, base, slope, shape, room)
        return 0
    for w in range(words):
        rest = source.words[word + w] ^ source.words[before + w]
        while rest:
            i = lowest(rest)
            rest = without_lowest(rest)
            gain = 1.0 - slope if source.words[word + w] & bit(i) else slope - 1.0
            form = 3 * kept_place(parent, w * WORD + i, source.kept, words)
            add_neuron(w * WORD + i, form, gain, source, shape, room)
    return changes


@inlined
def start_forms(cell, source, base, slope, shape, room):
    """The forms from the parent's base."""
    words, parent = shape.words_before, source.parents[cell]
    copy_columns(base, Base(room.forms, shape.words * WORD), shape.width)
    form = 3 * source.kept.offsets[parent]
    for w in range(words):
        rest, active = source.kept.words[parent * words + w], source.words[cell * words + w]
        while rest:
            i = lowest(rest)
            rest = without_lowest(rest)
            gain = 1.0 if active & bit(i) else slope
            if gain != 0.0:
                add_neuron(w * WORD + i, form, gain, source, shape, room)
            form += 3


@inlined
def add_neuron(neuron, form, gain, source, shape, room):
    """Add ``gain`` times what a neuron of the layer before contributes to the forms."""
    stride, forms = shape.words * WORD, offset(source.kept.forms, form)
    shares = (gain * forms[0], gain * forms[1], gain * forms[2])
    if shape.width <= FEW:
        for column in range(3):
            for k in range(shape.width):
                weight = source.weights[neuron * stride + k]
                room.forms[column * stride + k] += shares[column] * weight
    else:
        for k in range(0, stride, WORD):
            add_scaled(room.forms, k, stride, shares, source.weights, neuron * stride + k)


@inlined
def kept_place(cell, neuron, kept, words):
    """Where among the kept forms that of a neuron in a cell is."""
    place, last = kept.offsets[cell], neuron // WORD
    for w in range(last):
        place += popcount(kept.words[cell * words + w])
    return place + popcount(kept.words[cell * words + last] & (bit(neuron % WORD) - bit(0)))


@inlined
def sign_corners(cell, block, vertices, cells, owner, signs, errors, size_bounds, shape, room):
    """Write the signs at the cell's corners, and in ``room`` those that they have in common.

    Returns whether one of those that are written is left open.
    """
    words, unknown = shape.words, NONE
    start, stop = cells.offsets[cell], cells.offsets[cell + 1]
    for k in range(start, stop):
        v = cells.corners[k]
        if room.block[v] != block:
            room.block[v] = block
            sign_vertex(v, vertices, errors, size_bounds, shape, room)
            if owner[v] < 0:
                owner[v] = cell
            if owner[v] == cell:
                for w in range(words):
                    more, less = room.more[v * words + w], room.less[v * words + w]
                    signs.positive[v * words + w], signs.negative[v * words + w] = more, less
                    unknown |= neurons_of(w, shape.width) & ~(more | less)
    for w in range(words):
        positive = negative = ~NONE
        for k in range(start, stop):
            positive &= room.more[cells.corners[k] * words + w]
            negative &= room.less[cells.corners[k] * words + w]
            if positive | negative == NONE:  # an early exit, for what ``crossings`` says
                break
        room.positive[w], room.negative[w] = positive, negative
    return unknown != NONE


@inlined
def sign_vertex(v, vertices, errors, size_bounds, shape, room):
    """Write in ``room`` the signs at a vertex."""
    words, (f0, f1, f2) = shape.words, (size_bounds[0], size_bounds[1], size_bounds[2])
    s, t = vertices.positions[2 * v], vertices.positions[2 * v + 1]
    error = error_of_value(f0, f1, f2, errors, s, t, vertices.errors[v])
    for w in range(words):
        more, less = signs_of_forms(room.forms, words * WORD, w * WORD, s, t, error)
        room.more[v * words + w], room.less[v * words + w] = more, less


@inlined
def error_of_value(f0, f1, f2, errors, s, t, error):
    """The bound on the error of f0 s + f1 t + f2 where coefficients and point have errors.

    The sizes of the coefficients do for themselves.
    """
    f0, f1, f2, s, t = abs(f0), abs(f1), abs(f2), abs(s), abs(t)
    of_forms = errors[0] * s + errors[1] * t + errors[2]
    of_point = (f0 + f1 + errors[0] + errors[1]) * error
    return 1.0001 * (of_forms + of_point + 4.0 * ROUNDING * (f0 * s + f1 * t + f2)) + TINY


@inlined
def neurons_of(w, width):
    """All neurons of word w of a layer."""
    rest = width - w * WORD
    return ~NONE if rest >= WORD else bit(rest) - bit(0)


@inlined
def keep(place, kept, shape, room):
    """Keep the forms of the neurons that are neither positive nor negative at all corners."""
    stride, count = shape.words * WORD, kept.offsets[place]
    for w in range(shape.words):
        rest = ~(room.positive[w] | room.negative[w]) & neurons_of(w, shape.width)
        kept.words[place * shape.words + w] = rest
        while rest:
            i = w * WORD + lowest(rest)
            rest = without_lowest(rest)
            for column in range(3):
                kept.forms[3 * count + column] = room.forms[column * stride + i]
            count += 1
    kept.offsets[place + 1] = count


@inlined
def copy_columns(base, to, width):
    """Copy so many numbers of each column."""
    for column in range(3):
        numbers = offset(base.numbers, column * base.apart)
        copies = offset(to.numbers, column * to.apart)
        for k in range(width):
            copies[k] = numbers[k]


@inlined
def write_base(base, width, source, slope, shape, room):
    """Write W (φ' ∘ f) + (0, 0, b) of the positive and negative neurons, 64 at a time.

    The columns of the base are as far from each other as the rows of Wᵀ.
    """
    numbers, apart, stride = base.numbers, base.apart, shape.words * WORD
    for k in range(3 * apart):
        numbers[k] = 0.0
    for k in range(width):
        numbers[2 * apart + k] = source.biases[k]
    for block in range(0, width, WORD):
        target = offset(numbers, block)
        for w in range(shape.words):
            forms = offset(room.forms, w * WORD)
            weights = offset(source.weights, w * WORD * apart + block)
            add_selected(target, room.positive[w], 1.0, forms, stride, weights, apart)
            if slope != 0.0:
                add_selected(target, room.negative[w], slope, forms, stride, weights, apart)


@inlined
def multiply(cell, n_outputs, slope, output, shape, room):
    """The output's bases, W (φ' ∘ f) + (0, 0, b)."""
    stride, place = shape.words * WORD, 3 * cell * n_outputs
    for k in range(n_outputs):
        s, t, constant = 0.0, 0.0, output.biases[k]
        for w in range(shape.words):
            forms = offset(room.forms, w * WORD)
            weights = offset(output.weights, k * stride + w * WORD)
            more, less = room.positive[w], room.negative[w]
            found = dots_selected(forms, stride, more, less, slope, weights)
            s, t, constant = s + found[0], t + found[1], constant + found[2]
        output.bases[place + k], output.bases[place + n_outputs + k] = s, t
        output.bases[place + 2 * n_outputs + k] = constant


@kernel
def write_maps(start, stop, source, slope, maps, room):
    """The forms themselves of the cells from ``start``, a multiple of RUN, into maps (F, n, 3)."""
    width = maps.shape[1]
    words = (width + WORD - 1) // WORD
    shape = Shape(width, words, source.words.shape[1])
    source, room, maps = pointers(source), pointers(room), pointer(maps)
    changes = source.chain[0]
    for cell in range(start, stop):
        base = known_base(cell, source, shape)
        changes = find_forms(cell, changes, source, base, slope, shape, room)
        for k in range(width):
            for column in range(3):
                place = 3 * (cell * width + k) + column
                maps[place] = room.forms[column * words * WORD + k]
