"""The blocks of a Hessian: each layer's with itself and with every one above, and the gradient.

Every chunk's share is added to sums in tiles; when all are complete, they are written to where the
parameters have their places. In the notation of ``npnets_kernels.hessian``.
"""

from __future__ import annotations

from numba import njit

from npnets_kernels.couplings import couple_within
from npnets_kernels.rows import TILE_ROWS, fan, kept_lines, multiply, start
from npnets_kernels.tiles import multiply_half, multiply_rows, sum_of, tiles_of, tiles_of_half


@njit
def pair_inputs(net, rows, layer, low):
    """ã_{m-1}[q] ã_{l-1}[j], row by row; with l = m only for j <= q. How many rows."""
    count = 0
    for q in range(net.widths[layer - 1] + 1):
        left = start(rows, rows.inputs, rows.input_rows[layer] + q)
        for j in range(q + 1 if layer == low else net.widths[low - 1] + 1):
            right = start(rows, rows.inputs, rows.input_rows[low] + j)
            multiply(rows, left, right, start(rows, rows.products, count))
            count += 1
    return count


@njit
def add_gradient(net, rows, layer, tile):
    """Add the chunk's δ_m[k] ã[q] to the gradient of one layer; the next free tile."""
    fan_in, fan_out = fan(net, layer)
    inputs = start(rows, rows.inputs, rows.input_rows[layer])
    deltas = start(rows, rows.deltas, rows.neuron_rows[layer])
    return multiply_rows(rows, inputs, fan_in + 1, deltas, fan_out, tile)


@njit
def add_within(net, rows, layer, tile):
    """Add the chunk's share of the block of H of one layer; the next free tile."""
    width = net.widths[layer]
    m = start(rows, rows.couplings, rows.coupling_rows[layer])
    n_pairs = pair_inputs(net, rows, layer, layer) if width > 1 else 0
    lines = kept_lines(width, layer, net.n_layers)
    for first in range(0, width, lines):
        stop = min(first + lines, width)
        if layer < net.n_layers:
            couple_within(net, rows, layer, first, stop)
        if width == 1:
            return add_alone(net, rows, layer, m, tile)
        for k in range(first, stop):
            line = start(rows, m, (k - first) * width)
            tile = multiply_rows(rows, rows.products, n_pairs, line, k + 1, tile)
    return tile


@njit
def add_alone(net, rows, layer, m, tile):
    """The same of a single neuron: fewer rows are to be formed than pairs of inputs."""
    n_inputs = net.widths[layer - 1] + 1
    inputs = start(rows, rows.inputs, rows.input_rows[layer])
    for q in range(n_inputs):
        multiply(rows, m, start(rows, inputs, q), start(rows, rows.products, q))
    return multiply_half(rows, rows.products, inputs, n_inputs, tile)


@njit
def add_between(net, rows, layer, low, curved, tile):
    """Add the chunk's share of the block of H between two layers; the next free tile."""
    fan_in, fan_out = fan(net, layer)
    low_in, low_out = fan(net, low)
    n_pairs = pair_inputs(net, rows, layer, low)
    tile = multiply_rows(rows, rows.products, n_pairs, rows.pairs, fan_out * low_out, tile)
    if not curved:
        return tile
    deltas = start(rows, rows.deltas, rows.neuron_rows[layer])
    inputs = start(rows, rows.inputs, rows.input_rows[low])
    if layer == low + 1:
        slopes = start(rows, rows.slopes, rows.neuron_rows[low])
        multiply_all(rows, deltas, fan_out, slopes, fan_in)
        return multiply_rows(rows, rows.products, fan_out * fan_in, inputs, low_in + 1, tile)
    multiply_all(rows, deltas, fan_out, inputs, low_in + 1)
    n_right = fan_out * (low_in + 1)
    return multiply_rows(rows, rows.moved, fan_in * low_out, rows.products, n_right, tile)


@njit
def multiply_all(rows, left, n_left, right, n_right):
    """The product of every row on the left with every one on the right, into the products."""
    for k in range(n_left):
        for q in range(n_right):
            product = start(rows, rows.products, k * n_right + q)
            multiply(rows, start(rows, left, k), start(rows, right, q), product)


@njit
def place(weight, fan_in, fan_out, k, q):
    """The parameter that layer's neuron k has for its input q; for q = fan_in, its bias."""
    return weight + k * fan_in + q if q < fan_in else weight + fan_out * fan_in + k


@njit
def write_gradient(net, rows, layer, weight, gradient, tile):
    """Write the sums of ``add_gradient``."""
    fan_in, fan_out = fan(net, layer)
    for k in range(fan_out):
        for q in range(fan_in + 1):
            value = sum_of(rows, tile, fan_out, q, k)
            gradient[place(weight, fan_in, fan_out, k, q)] = value
    return tile + tiles_of(fan_in + 1, fan_out)


@njit
def write(net, matrix, p, q, value):
    matrix[p * net.size + q] = value
    matrix[q * net.size + p] = value


@njit
def write_within(net, rows, layer, weight, matrix, tile):
    """Write the sums of ``add_within``: they are the same with j and q exchanged."""
    fan_in, width = fan(net, layer)
    if width == 1:
        for q in range(fan_in + 1):
            across = min(q - q % TILE_ROWS + TILE_ROWS, fan_in + 1)
            for j in range(q + 1):
                value = sum_of(rows, tile, across, q % TILE_ROWS, j)
                write(net, matrix, weight + q, weight + j, value)
            if q % TILE_ROWS == TILE_ROWS - 1 or q == fan_in:
                tile += tiles_of(TILE_ROWS, across)
        return tile
    n_pairs = (fan_in + 1) * (fan_in + 2) // 2
    for k in range(width):
        for i in range(k + 1):
            pair = 0
            for q in range(fan_in + 1):
                kq, iq = place(weight, fan_in, width, k, q), place(weight, fan_in, width, i, q)
                for j in range(q + 1):
                    kj, ij = place(weight, fan_in, width, k, j), place(weight, fan_in, width, i, j)
                    value = sum_of(rows, tile, k + 1, pair, i)
                    write(net, matrix, kq, ij, value)
                    write(net, matrix, kj, iq, value)
                    pair += 1
        tile += tiles_of(n_pairs, k + 1)
    return tile


@njit
def write_between(net, rows, layer, low, weight, low_weight, curved, matrix, tile):
    """Write the sums of ``add_between``."""
    fan_in, fan_out = fan(net, layer)
    low_in, low_out = fan(net, low)
    next_tile = tile + tiles_of((fan_in + 1) * (low_in + 1), fan_out * low_out)
    for k in range(fan_out):
        for i in range(low_out):
            for q in range(fan_in + 1):
                for j in range(low_in + 1):
                    pair = q * (low_in + 1) + j
                    value = sum_of(rows, tile, fan_out * low_out, pair, k * low_out + i)
                    if curved and layer > low + 1 and q < fan_in:
                        pushed, n_right = q * low_out + i, fan_out * (low_in + 1)
                        value += sum_of(rows, next_tile, n_right, pushed, k * (low_in + 1) + j)
                    elif curved and layer == low + 1 and q == i:
                        value += sum_of(rows, next_tile, low_in + 1, k * fan_in + q, j)
                    line = place(weight, fan_in, fan_out, k, q)
                    write(net, matrix, line, place(low_weight, low_in, low_out, i, j), value)
    return tile + between_tiles(fan_in, fan_out, low_in, low_out, layer == low + 1, curved)


@njit
def within_tiles(fan_in, width):
    """How many tiles ``add_within`` takes."""
    if width == 1:
        return tiles_of_half(fan_in + 1)
    tiles = 0
    for k in range(width):
        tiles += tiles_of((fan_in + 1) * (fan_in + 2) // 2, k + 1)
    return tiles


@njit
def between_tiles(fan_in, fan_out, low_in, low_out, adjacent, curved):
    """How many tiles ``add_between`` takes."""
    tiles = tiles_of((fan_in + 1) * (low_in + 1), fan_out * low_out)
    if not curved:
        return tiles
    if adjacent:
        return tiles + tiles_of(fan_out * fan_in, low_in + 1)
    return tiles + tiles_of(fan_in * low_out, fan_out * (low_in + 1))


@njit
def count_tiles(widths, curved):
    """How many tiles the gradient and all blocks of H take."""
    tiles = 0
    for low in range(1, len(widths)):
        low_in, low_out = widths[low - 1], widths[low]
        tiles += tiles_of(low_in + 1, low_out) + within_tiles(low_in, low_out)
        for layer in range(low + 1, len(widths)):
            fan_in, fan_out = widths[layer - 1], widths[layer]
            tiles += between_tiles(fan_in, fan_out, low_in, low_out, layer == low + 1, curved)
    return tiles
