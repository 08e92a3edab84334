"""Hessians, Gauss-Newton matrices and gradients of many networks of different shapes.

The derivation differs from the one in ``npnets.curvature``, which works on the Jacobians of the
preactivations; here neurons are coupled first, and parameters last. Push every layer's
preactivations by u, z_l = W_l a_{l-1} + b_l + u_l, and let ã_l be a_l with a 1 for the bias. Then
for one sample

    dL/dW_m[k, q] = δ_m[k] ã_{m-1}[q]                with δ_m = dL/du_m, so that for l <= m
    d²L/dW_l[i, j] dW_m[k, q] = ã_{l-1}[j] ( D[k, i] ã_{m-1}[q] + δ_m[k] R[q, i] )

    D = dδ_m/du_l = M_m T_m       M_m = dδ_m/dz_m      T_m = dz_m/du_l     R = da_{m-1}/du_l

(R is 0 for the bias, and where l = m). M comes down with the backward pass, T goes up from T_l = I:

    M_l = diag(φ') W_{l+1}ᵀ M_{l+1} W_{l+1} diag(φ') + diag(ε_l ∘ φ''),       M_L = d²L/do²
    R = diag(φ') T_{m-1}          T_m = W_m R

All of it has the size of the neurons and not of the parameters, but for the last products, which
cost half of what J Jᵀ costs whatever the activation and the depth. The Gauss-Newton matrix leaves
out ε ∘ φ'' and R's term.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np
from numba import njit

from npnets_kernels.compiled import kernel
from npnets_kernels.couplings import backward, couple, forward, push, push_first
from npnets_kernels.losses import differentiate
from npnets_kernels.rows import (
    LANES,
    TILE_COLUMNS,
    TILE_ROWS,
    Net,
    fan,
    layer_size,
    multiply,
    shorten,
    start,
    workspace,
    zero,
)
from npnets_kernels.simd import full, load_block, offset, pointer, store, sum_lanes, sum_rows

# The samples: pointers, with rows of ``n_blocks`` blocks.
Data = namedtuple("Data", "x y weights n_blocks")


@njit
def pair_inputs(net, rows, layer, low):
    """ã_{m-1}[q] ã_{l-1}[j], row by row; with l = m only for j <= q. How many rows."""
    count = 0
    for q in range(net.widths[layer - 1] + 1):
        left = start(rows, rows.inputs, rows.input_rows[layer] + q)
        for j in range(q + 1 if layer == low else net.widths[low - 1] + 1):
            right = start(rows, rows.inputs, rows.input_rows[low] + j)
            multiply(rows, left, right, start(rows, rows.products, count), False)
            count += 1
    return count


@njit(forceinline=True)
def multiply_tile(rows, left, right, tile):
    """Add to block ``tile`` of the sums the products of four rows with two, over all samples."""
    step = rows.stride * LANES
    left1, left2, left3 = offset(left, step), offset(left, 2 * step), offset(left, 3 * step)
    right1 = offset(right, step)
    s00 = s01 = s10 = s11 = s20 = s21 = s30 = s31 = zero(rows)
    for b in range(rows.n_blocks):
        r0, r1 = load_block(right, b), load_block(right1, b)
        row = load_block(left, b)
        s00, s01 = s00 + row * r0, s01 + row * r1
        row = load_block(left1, b)
        s10, s11 = s10 + row * r0, s11 + row * r1
        row = load_block(left2, b)
        s20, s21 = s20 + row * r0, s21 + row * r1
        row = load_block(left3, b)
        s30, s31 = s30 + row * r0, s31 + row * r1
    store(rows.square, 0, s00)
    store(rows.square, 1, s01)
    store(rows.square, 2, s10)
    store(rows.square, 3, s11)
    store(rows.square, 4, s20)
    store(rows.square, 5, s21)
    store(rows.square, 6, s30)
    store(rows.square, 7, s31)
    store(rows.sums, tile, load_block(rows.sums, tile) + sum_rows(rows.square, 0))


@njit
def multiply_rows(rows, left, n_left, right, n_right, tile):
    """Add the products of all rows on the left with all on the right; the next free tile."""
    step = rows.stride * LANES
    for a in range(0, n_left, TILE_ROWS):
        for b in range(0, n_right, TILE_COLUMNS):
            multiply_tile(rows, offset(left, a * step), offset(right, b * step), tile)
            tile += 1
    return tile


@njit
def tiles_of(n_left, n_right):
    """How many tiles ``multiply_rows`` takes."""
    return ((n_left + TILE_ROWS - 1) // TILE_ROWS) * ((n_right + TILE_COLUMNS - 1) // TILE_COLUMNS)


@njit
def sum_of(rows, tile, n_right, a, b):
    """The product of row ``a`` with row ``b``, of those that begin with ``tile``."""
    across = (n_right + TILE_COLUMNS - 1) // TILE_COLUMNS
    tile += a // TILE_ROWS * across + b // TILE_COLUMNS
    place_in_tile = a % TILE_ROWS * TILE_COLUMNS + b % TILE_COLUMNS
    return rows.sums[tile * LANES + place_in_tile]


@njit
def add_within(net, rows, layer, tile):
    """Add the chunk's share of the block of H of one layer; the next free tile."""
    fan_in, width = fan(net, layer)
    if width == 1:  # fewer rows to form than pairs of inputs
        inputs = start(rows, rows.inputs, rows.input_rows[layer])
        coupling = start(rows, rows.couplings, rows.coupling_rows[layer])
        for q in range(fan_in + 1):
            a = start(rows, rows.inputs, rows.input_rows[layer] + q)
            multiply(rows, coupling, a, start(rows, rows.products, q), False)
        return multiply_rows(rows, rows.products, fan_in + 1, inputs, fan_in + 1, tile)
    n_pairs = pair_inputs(net, rows, layer, layer)
    for k in range(width):
        coupling = start(rows, rows.couplings, rows.coupling_rows[layer] + k * width)
        tile = multiply_rows(rows, rows.products, n_pairs, coupling, k + 1, tile)
    return tile


@njit
def add_between(net, rows, layer, low, curved, tile):
    """Add the chunk's share of the block of H between two layers; the next free tile."""
    fan_in, fan_out = fan(net, layer)
    low_in, low_out = fan(net, low)
    n_pairs = pair_inputs(net, rows, layer, low)
    tile = multiply_rows(rows, rows.products, n_pairs, rows.pairs, fan_out * low_out, tile)
    if not curved:
        return tile
    if layer == low + 1:
        for k in range(fan_out):
            delta = start(rows, rows.deltas, rows.neuron_rows[layer] + k)
            for q in range(fan_in):
                slope = start(rows, rows.slopes, rows.neuron_rows[low] + q)
                multiply(rows, delta, slope, start(rows, rows.products, k * fan_in + q), False)
        inputs = start(rows, rows.inputs, rows.input_rows[low])
        return multiply_rows(rows, rows.products, fan_out * fan_in, inputs, low_in + 1, tile)
    for k in range(fan_out):
        delta = start(rows, rows.deltas, rows.neuron_rows[layer] + k)
        for j in range(low_in + 1):
            inputs = start(rows, rows.inputs, rows.input_rows[low] + j)
            product = start(rows, rows.products, k * (low_in + 1) + j)
            multiply(rows, delta, inputs, product, False)
    n_right = fan_out * (low_in + 1)
    return multiply_rows(rows, rows.moved, fan_in * low_out, rows.products, n_right, tile)


@njit
def place(weight, fan_in, fan_out, k, q):
    """The parameter that layer's neuron k has for its input q; for q = fan_in, its bias."""
    return weight + k * fan_in + q if q < fan_in else weight + fan_out * fan_in + k


@njit
def write(net, matrix, p, q, value):
    matrix[p * net.size + q] = value
    matrix[q * net.size + p] = value


@njit
def write_within(net, rows, layer, weight, matrix, tile):
    """Write the sums of ``add_within``: they are the same with j and q exchanged."""
    fan_in, fan_out = fan(net, layer)
    if fan_out == 1:
        for q in range(fan_in + 1):
            for j in range(q + 1):
                write(net, matrix, weight + q, weight + j, sum_of(rows, tile, fan_in + 1, q, j))
        return tile + within_tiles(fan_in, 1)
    n_pairs = (fan_in + 1) * (fan_in + 2) // 2
    first = tile
    for k in range(fan_out):
        for i in range(k + 1):
            pair = 0
            for q in range(fan_in + 1):
                for j in range(q + 1):
                    value = sum_of(rows, tile, k + 1, pair, i)
                    kq, ij = (
                        place(weight, fan_in, fan_out, k, q),
                        place(weight, fan_in, fan_out, i, j),
                    )
                    kj, iq = (
                        place(weight, fan_in, fan_out, k, j),
                        place(weight, fan_in, fan_out, i, q),
                    )
                    write(net, matrix, kq, ij, value)
                    write(net, matrix, kj, iq, value)
                    pair += 1
        tile += tiles_of(n_pairs, k + 1)
    return first + within_tiles(fan_in, fan_out)


@njit
def within_tiles(fan_in, fan_out):
    """How many tiles ``add_within`` takes."""
    if fan_out == 1:
        return tiles_of(fan_in + 1, fan_in + 1)
    tiles = 0
    for k in range(fan_out):
        tiles += tiles_of((fan_in + 1) * (fan_in + 2) // 2, k + 1)
    return tiles


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
def between_tiles(fan_in, fan_out, low_in, low_out, adjacent, curved):
    """How many tiles ``add_between`` takes."""
    tiles = tiles_of((fan_in + 1) * (low_in + 1), fan_out * low_out)
    if not curved:
        return tiles
    if adjacent:
        return tiles + tiles_of(fan_out * fan_in, low_in + 1)
    return tiles + tiles_of(fan_in * low_out, fan_out * (low_in + 1))


@njit
def add_gradient(net, rows, gradient):
    """Add the chunk's δ_m[k] ã[q] to the gradient."""
    weight = 0
    for layer in range(1, net.n_layers + 1):
        fan_in, fan_out = fan(net, layer)
        for k in range(fan_out):
            delta = start(rows, rows.deltas, rows.neuron_rows[layer] + k)
            for q in range(fan_in + 1):
                a = start(rows, rows.inputs, rows.input_rows[layer] + q)
                total = zero(rows)
                for b in range(rows.n_blocks):
                    total = total + load_block(delta, b) * load_block(a, b)
                gradient[place(weight, fan_in, fan_out, k, q)] += sum_lanes(total)
        weight += fan_out * (fan_in + 1)


@njit
def add_chunk(net, rows, curved):
    """Add a chunk's share of all blocks of H; its forward and backward passes are done."""
    low_weight, tile = 0, 0
    for low in range(1, net.n_layers + 1):
        tile = add_within(net, rows, low, tile)
        weight = low_weight = low_weight + layer_size(net, low)
        for layer in range(low + 1, net.n_layers + 1):
            if layer == low + 1:
                push_first(net, rows, low, weight)
            else:
                push(net, rows, layer, low, weight)
            couple(net, rows, layer, low)
            tile = add_between(net, rows, layer, low, curved, tile)
            weight += layer_size(net, layer)


@njit
def write_all(net, rows, curved, matrix):
    """Write all blocks of H, whose sums are complete."""
    low_weight, tile = 0, 0
    for low in range(1, net.n_layers + 1):
        tile = write_within(net, rows, low, low_weight, matrix, tile)
        weight = low_weight + layer_size(net, low)
        for layer in range(low + 1, net.n_layers + 1):
            tile = write_between(net, rows, layer, low, weight, low_weight, curved, matrix, tile)
            weight += layer_size(net, layer)
        low_weight += layer_size(net, low)


@njit
def count_tiles(widths, curved):
    """How many tiles all blocks of H take."""
    tiles = 0
    for low in range(1, len(widths)):
        low_in, low_out = widths[low - 1], widths[low]
        tiles += within_tiles(low_in, low_out)
        for layer in range(low + 1, len(widths)):
            fan_in, fan_out = widths[layer - 1], widths[layer]
            tiles += between_tiles(fan_in, fan_out, low_in, low_out, layer == low + 1, curved)
    return tiles


@njit
def add_up(net, rows, n_tiles, data, loss, curved, gradient, matrix):
    """Sum one network's gradient and matrix over all chunks."""
    last = net.n_layers
    d_out, outputs = net.widths[last], rows.neuron_rows[last] * rows.stride
    for layer in range(1, last + 1):
        ones = rows.input_rows[layer] + net.widths[layer - 1]
        for b in range(rows.stride):
            store(rows.inputs, ones * rows.stride + b, full(zero(rows), 1.0))
    for tile in range(n_tiles):
        store(rows.sums, tile, zero(rows))
    for first in range(0, data.n_blocks, rows.stride):
        rows = shorten(rows, min(rows.stride, data.n_blocks - first))
        forward(net, rows, offset(data.x, first * LANES), data.n_blocks)
        for b in range(rows.n_blocks):
            differentiate(
                loss,
                d_out,
                offset(rows.deltas, (outputs + b) * LANES),
                offset(data.y, (first + b) * LANES),
                load_block(data.weights, first + b),
                offset(rows.couplings, (rows.coupling_rows[last] * rows.stride + b) * LANES),
                rows.stride,
                data.n_blocks,
            )
        backward(net, rows, curved)
        add_gradient(net, rows, gradient)
        add_chunk(net, rows, curved)
    write_all(net, rows, curved, matrix)


@kernel
def workspace_size(widths, width_offsets, n_blocks, curved):
    """How many float64 ``hessians`` takes to work in, on samples of so many blocks."""
    most, deepest = 0, 0
    for k in range(len(width_offsets) - 1):
        deepest = max(deepest, width_offsets[k + 1] - width_offsets[k])
    starts = np.empty((3, deepest), np.int64)
    nothing = np.empty(0)
    for k in range(len(width_offsets) - 1):
        network_widths = widths[width_offsets[k] : width_offsets[k + 1]]
        n_tiles = count_tiles(network_widths, curved)
        most = max(most, workspace(network_widths, starts, n_tiles, nothing, n_blocks)[1])
    return most


@kernel
def hessians(
    widths,
    width_offsets,
    theta,
    offsets,
    x,
    y,
    weights,
    loss,
    activations,
    leaks,
    curved,
    n_numbers,
):
    """Gradients and Hessians of networks on one sample.

    Parameters
    ----------
    widths, width_offsets, theta, offsets
        As for ``train.train``; theta is float64.
    x, y : float64 (d_in, N), (d_out, N)
        Samples last, N a multiple of a block's lanes.
    weights : float64 (N,)
        Each sample's share of the loss's derivative, 0 for the padding: 2 / (n d_out) for the mean
        squared error, 1 / (n d_out) for the binary and 1 / n for the softmax cross-entropy.
    loss : int
        Position in ``losses.NAMES``.
    activations, leaks : int64 (K,), float64 (K,)
        Positions in ``activations.NAMES``, slopes of leaky_relu.
    curved : bool
        True for the Hessian, False for the Gauss-Newton matrix.
    n_numbers : int
        What ``workspace_size`` says.

    Returns
    -------
    gradients : float64 (offsets[-1],)
    matrices : float64 (sum of P_k^2,)
        One network's matrix after another, each exactly symmetric.
    """
    n_networks = len(offsets) - 1
    n_blocks = len(weights) // LANES
    data = Data(pointer(x), pointer(y), pointer(weights), n_blocks)
    total, deepest = 0, 0
    for k in range(n_networks):
        deepest = max(deepest, width_offsets[k + 1] - width_offsets[k])
        total += (offsets[k + 1] - offsets[k]) ** 2
    starts = np.empty((3, deepest), np.int64)
    block = np.empty(n_numbers)
    gradients, matrices = np.zeros(offsets[-1]), np.zeros(total)
    place_in_matrices = 0
    for k in range(n_networks):
        network_widths = widths[width_offsets[k] : width_offsets[k + 1]]
        n_tiles = count_tiles(network_widths, curved)
        rows, _ = workspace(network_widths, starts, n_tiles, block, n_blocks)
        size = offsets[k + 1] - offsets[k]
        net = Net(
            pointer(network_widths),
            offset(pointer(theta), offsets[k]),
            len(network_widths) - 1,
            size,
            activations[k],
            leaks[k],
        )
        gradient = offset(pointer(gradients), offsets[k])
        matrix = offset(pointer(matrices), place_in_matrices)
        add_up(net, rows, n_tiles, data, loss, curved, gradient, matrix)
        place_in_matrices += size * size
    return gradients, matrices
