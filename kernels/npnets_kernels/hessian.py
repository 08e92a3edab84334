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

One pass from the last layer down does both: at layer l, M_m of all m > l are there. All of it has
the size of the neurons and not of the parameters, but for the last products, which cost half of
what J Jᵀ costs whatever the activation and the depth. The Gauss-Newton matrix leaves out ε ∘ φ''
and R's term.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np
from numba import njit

from npnets_kernels.activations import IDENTITY
from npnets_kernels.blocks import (
    add_between,
    add_gradient,
    add_within,
    count_tiles,
    write_between,
    write_gradient,
    write_within,
)
from npnets_kernels.compiled import kernel
from npnets_kernels.couplings import backward, couple, forward, push, push_first
from npnets_kernels.losses import differentiate
from npnets_kernels.rows import LANES, Net, layer_size, shorten, workspace, zero
from npnets_kernels.simd import full, load_block, offset, pointer, store

# The samples: pointers, with rows of ``n_blocks`` blocks.
Data = namedtuple("Data", "x y weights n_blocks")


@njit
def add_chunk(net, rows, curved):
    """Add a chunk's share of the gradient and of H, from the last layer down.

    Its forward pass is done, and so are δ_L and M_L.
    """
    weight, tile = net.size, 0  # of the layer above
    for low in range(net.n_layers, 0, -1):
        if low < net.n_layers:
            weight -= layer_size(net, low + 1)
            push_first(net, rows, low, weight)
            couple(net, rows, low + 1, low)
            backward(net, rows, low, weight)
        tile = add_gradient(net, rows, low, tile)
        tile = add_within(net, rows, low, tile)
        above = weight
        for layer in range(low + 1, net.n_layers + 1):
            if layer > low + 1:
                push(net, rows, layer, low, above)
                couple(net, rows, layer, low)
            tile = add_between(net, rows, layer, low, curved, tile)
            above += layer_size(net, layer)


@njit
def write_all(net, rows, curved, gradient, matrix):
    """Write the gradient and all blocks of H, whose sums are complete."""
    low_weight, tile = net.size, 0
    for low in range(net.n_layers, 0, -1):
        weight = low_weight
        low_weight -= layer_size(net, low)
        tile = write_gradient(net, rows, low, low_weight, gradient, tile)
        tile = write_within(net, rows, low, low_weight, matrix, tile)
        for layer in range(low + 1, net.n_layers + 1):
            tile = write_between(net, rows, layer, low, weight, low_weight, curved, matrix, tile)
            weight += layer_size(net, layer)


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
        add_chunk(net, rows, curved)
    write_all(net, rows, curved, gradient, matrix)


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
    activations,
    leaks,
    x,
    y,
    weights,
    loss,
    curved,
    n_numbers,
):
    """Gradients and Hessians of networks on one sample.

    Parameters
    ----------
    widths, width_offsets, theta, offsets
        As for ``train.train``; theta is float64.
    activations, leaks : int64 (K,), float64 (K,)
        Positions in ``activations.NAMES``, slopes of leaky_relu.
    x, y : float64 (d_in, N), (d_out, N)
        Samples last, N a multiple of a block's lanes.
    weights : float64 (N,)
        Each sample's share of the loss's derivative, 0 for the padding: 2 / (n d_out) for the mean
        squared error, 1 / (n d_out) for the binary and 1 / n for the softmax cross-entropy.
    loss : int
        Position in ``losses.NAMES``.
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
    gradients, matrices = np.empty(offsets[-1]), np.empty(total)
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
            curved and activations[k] > IDENTITY,
        )
        gradient = offset(pointer(gradients), offsets[k])
        matrix = offset(pointer(matrices), place_in_matrices)
        add_up(net, rows, n_tiles, data, loss, curved, gradient, matrix)
        place_in_matrices += size * size
    return gradients, matrices
