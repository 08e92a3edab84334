"""Rows: one quantity of all samples of a chunk, and the memory that one network's rows take.

A sample is a lane, a block eight of them. ``load_block(start(rows, memory, r), b)`` is block b of
row r of a part of that memory.
"""

from __future__ import annotations

from collections import namedtuple

from numba import njit

from npnets_kernels.simd import aligned, full, load_block, offset, pointer, store

LANES = 8  # float64 numbers of a block
# A chunk's samples, in blocks: enough for the sums over lanes at its end to be cheap. Networks with
# many rows take fewer, down to one block, for all rows to stay within so many numbers.
MOST_BLOCKS = 16
MOST_NUMBERS = 1 << 20
# Products of rows are summed in tiles: so many rows on the left with so many on the right.
TILE_ROWS, TILE_COLUMNS = 4, 2

# One network: pointers to its widths and parameters, how many layers and parameters it has, and
# its activation.
Net = namedtuple("Net", "widths theta n_layers size activation leak")

# Pointers to rows and sums, and the first row of each layer l = 1 … L among the inputs ã_{l-1}, the
# neurons' (slopes φ', bends φ'', deltas) and the couplings M_l. ``stride`` is the blocks of a row,
# ``n_blocks`` those in use.
Rows = namedtuple(
    "Rows",
    "inputs slopes bends deltas couplings pushed moved pairs products square sums"
    " input_rows neuron_rows coupling_rows stride n_blocks",
)


@njit
def zero(rows):
    return full(load_block(rows.square, 0), 0.0)


@njit(forceinline=True)
def start(rows, memory, row):
    """The address of a row's first block."""
    return offset(memory, row * rows.stride * LANES)


@njit
def fan(net, layer):
    """(fan_in, fan_out) of layer 1 … L."""
    return net.widths[layer - 1], net.widths[layer]


@njit(forceinline=True)
def coupling_row(net, rows, layer, k, i):
    """The row of M[k, i], of which the lower half is kept: M is symmetric."""
    return rows.coupling_rows[layer] + max(k, i) * net.widths[layer] + min(k, i)


@njit
def layer_size(net, layer):
    """How many parameters a layer has."""
    return net.widths[layer] * (net.widths[layer - 1] + 1)


@njit(forceinline=True)
def multiply(rows, left, right, out, add):
    """Row ``out`` = left right, or that added to it."""
    if add:
        for b in range(rows.n_blocks):
            store(out, b, load_block(out, b) + load_block(left, b) * load_block(right, b))
    else:
        for b in range(rows.n_blocks):
            store(out, b, load_block(left, b) * load_block(right, b))


@njit(forceinline=True)
def scale(rows, w, row, out, add):
    """Row ``out`` = w row, or that added to it."""
    if add:
        for b in range(rows.n_blocks):
            store(out, b, load_block(out, b) + w * load_block(row, b))
    else:
        for b in range(rows.n_blocks):
            store(out, b, w * load_block(row, b))


@njit
def row_starts(widths, starts):
    """Fill the first row of each layer's inputs, neurons and couplings; how many rows there are.

    Inputs are a_{l-1} and a row of ones. A pair takes two neurons of two layers, a product two
    inputs: as many rows of them as any two layers want at a time.
    """
    inputs, neurons, couplings, pairs, products = 0, 0, 0, 0, 1
    for layer in range(1, len(widths)):
        fan_in, fan_out = widths[layer - 1], widths[layer]
        starts[0, layer], starts[1, layer], starts[2, layer] = inputs, neurons, couplings
        inputs += fan_in + 1
        neurons += fan_out
        couplings += fan_out * fan_out
        within = fan_in + 1 if fan_out == 1 else (fan_in + 1) * (fan_in + 2) // 2
        products = max(products, within)
        for low in range(1, layer):
            low_in, low_out = widths[low - 1], widths[low]
            pairs = max(pairs, fan_out * low_out)
            products = max(products, (fan_in + 1) * (low_in + 1))
            if layer == low + 1:
                products = max(products, fan_out * fan_in)
            else:
                pairs = max(pairs, fan_in * low_out)
                products = max(products, fan_out * (low_in + 1))
    return inputs, neurons, couplings, pairs, products


@njit
def workspace(widths, starts, n_tiles, block, x_blocks):
    """One network's rows, cut out of the block, and how many numbers they take.

    A tile reads up to three rows behind the last on its left and one on its right, which always
    lie inside the block; what it makes of them is not used.
    """
    inputs, neurons, couplings, pairs, products = row_starts(widths, starts)
    n_rows = inputs + 3 * neurons + couplings + 3 * pairs + products + TILE_ROWS - 1
    stride = max(1, min(MOST_BLOCKS, x_blocks, MOST_NUMBERS // (n_rows * LANES)))
    row = stride * LANES
    input_rows = aligned(pointer(block))
    slopes = offset(input_rows, inputs * row)
    bends = offset(slopes, neurons * row)
    deltas = offset(bends, neurons * row)
    coupling = offset(deltas, neurons * row)
    pushed = offset(coupling, couplings * row)
    moved = offset(pushed, pairs * row)
    pair = offset(moved, pairs * row)
    product = offset(pair, pairs * row)
    square = offset(product, (products + TILE_ROWS - 1) * row)
    sums = offset(square, LANES * LANES)
    needed = n_rows * row + (LANES + n_tiles + 1) * LANES
    rows = Rows(
        input_rows, slopes, bends, deltas, coupling, pushed, moved, pair, product, square, sums,
        pointer(starts[0]), pointer(starts[1]), pointer(starts[2]), stride, stride,
    )  # fmt: skip
    return rows, needed


@njit
def shorten(rows, n_blocks):
    """The same rows with so many blocks in use."""
    return Rows(
        rows.inputs, rows.slopes, rows.bends, rows.deltas, rows.couplings, rows.pushed, rows.moved,
        rows.pairs, rows.products, rows.square, rows.sums, rows.input_rows, rows.neuron_rows,
        rows.coupling_rows, rows.stride, n_blocks,
    )  # fmt: skip
