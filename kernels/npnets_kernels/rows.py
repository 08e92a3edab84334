"""Rows: one quantity of all samples of a chunk, and the memory that one network's rows take.

A sample is a lane, a block eight of them. ``load_block(start(rows, memory, r), b)`` is block b of
row r of a part of that memory.
"""

from __future__ import annotations

from collections import namedtuple

from numba import njit

from npnets_kernels.simd import aligned, full, load_block, offset, pointer, store

LANES = 8  # float64 numbers of a block
# A chunk's samples, in blocks: enough for the sums over lanes at its end to be cheap, and an odd
# number, for rows not to compete for the same cache lines. Networks with many rows take fewer, down
# to one block, for all rows to stay within so many numbers.
MOST_BLOCKS = 11
MOST_NUMBERS = 1 << 20
# Products of rows are summed in tiles: so many rows on the left with so many on the right.
TILE_ROWS, TILE_COLUMNS = 4, 2

# One network: pointers to its widths and parameters, how many layers and parameters it has, its
# activation, and whether that one's second derivative is wanted and not zero.
Net = namedtuple("Net", "widths theta n_layers size activation leak bent")

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


@njit
def layer_size(net, layer):
    """How many parameters a layer has."""
    return net.widths[layer] * (net.widths[layer - 1] + 1)


@njit(forceinline=True)
def add(rows, row, out):
    """Add a row to row ``out``."""
    for b in range(rows.n_blocks):
        store(out, b, load_block(out, b) + load_block(row, b))


@njit(forceinline=True)
def multiply(rows, left, right, out):
    """Row ``out`` = left right."""
    for b in range(rows.n_blocks):
        store(out, b, load_block(left, b) * load_block(right, b))


@njit(forceinline=True)
def scale(rows, w, row, out):
    """Row ``out`` = w row."""
    for b in range(rows.n_blocks):
        store(out, b, w * load_block(row, b))


@njit(forceinline=True)
def mix(rows, theta, weight, weight_step, row, row_step, count, b):
    """Block b of the sum of ``count`` rows times weights, the first at ``row`` and ``weight``."""
    row_step = row_step * rows.stride
    total = theta[weight] * load_block(row, b)
    for q in range(1, count):
        total = total + theta[weight + q * weight_step] * load_block(row, q * row_step + b)
    return total


@njit
def combine(rows, left, left_width, right, width, out, n_left, n_right, count):
    """Rows out[k, i] = the sum over q < ``count`` of left[q, k] right[q, i], four at a time.

    Row [q, k] of the left lies q ``left_width`` + k rows behind its first; on the right and in
    ``out``, [q, i] lies q ``width`` + i rows behind.
    """
    if count == 1:
        for k in range(n_left):
            for i in range(n_right):
                target = start(rows, out, k * width + i)
                multiply(rows, start(rows, left, k), start(rows, right, i), target)
        return
    left_step, right_step = left_width * rows.stride, width * rows.stride
    for k in range(0, n_left, 2):
        next_k = min(k + 1, n_left - 1)  # where there is none, the same once more
        left0, left1 = start(rows, left, k), start(rows, left, next_k)
        line0, line1 = start(rows, out, k * width), start(rows, out, next_k * width)
        for i in range(0, n_right, 2):
            next_i = min(i + 1, n_right - 1)
            right0, right1 = start(rows, right, i), start(rows, right, next_i)
            for b in range(rows.n_blocks):
                s00 = s01 = s10 = s11 = zero(rows)
                at_left = at_right = b
                for _ in range(count):
                    l0, l1 = load_block(left0, at_left), load_block(left1, at_left)
                    r0, r1 = load_block(right0, at_right), load_block(right1, at_right)
                    s00, s01 = s00 + l0 * r0, s01 + l0 * r1
                    s10, s11 = s10 + l1 * r0, s11 + l1 * r1
                    at_left, at_right = at_left + left_step, at_right + right_step
                store(line0, i * rows.stride + b, s00)
                store(line0, next_i * rows.stride + b, s01)
                store(line1, i * rows.stride + b, s10)
                store(line1, next_i * rows.stride + b, s11)


@njit
def kept_lines(width, layer, n_layers):
    """How many lines of M_l there are at a time: two, if no layer below reads them."""
    return min(2, width) if layer == 1 < n_layers else width


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
        couplings += kept_lines(fan_out, layer, len(widths) - 1) * fan_out
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
