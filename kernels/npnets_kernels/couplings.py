"""How one network's neurons act on its loss, and on each other, for one chunk of samples.

The forward and the backward pass, and beside them the couplings that a Hessian is made of; in the
notation of ``npnets_kernels.hessian``, which derives them.
"""

from __future__ import annotations

from numba import njit

from npnets_kernels.activations import activate, second_derivative
from npnets_kernels.rows import coupling_row, fan, layer_size, multiply, scale, start, zero
from npnets_kernels.simd import full, load_block, store


@njit
def forward(net, rows, x, x_stride):
    """Fill ã, φ' and φ''; the outputs go where δ_L will be."""
    weight = 0
    for j in range(net.widths[0]):
        for b in range(rows.n_blocks):
            store(start(rows, rows.inputs, j), b, load_block(x, j * x_stride + b))
    for layer in range(1, net.n_layers + 1):
        fan_in, fan_out = fan(net, layer)
        bias = weight + fan_out * fan_in
        for i in range(fan_out):
            z = start(rows, rows.deltas, rows.neuron_rows[layer] + i)
            for b in range(rows.n_blocks):
                store(z, b, full(zero(rows), net.theta[bias + i]))
            for j in range(fan_in):
                a = start(rows, rows.inputs, rows.input_rows[layer] + j)
                scale(rows, net.theta[weight + i * fan_in + j], a, z, True)
            if layer < net.n_layers:
                fire(net, rows, layer, i, z)
        weight = bias + fan_out


@njit
def fire(net, rows, layer, i, z):
    """Fill a, φ' and φ'' of a hidden neuron from its preactivations."""
    value = start(rows, rows.inputs, rows.input_rows[layer + 1] + i)
    slopes = start(rows, rows.slopes, rows.neuron_rows[layer] + i)
    bends = start(rows, rows.bends, rows.neuron_rows[layer] + i)
    for b in range(rows.n_blocks):
        z_b = load_block(z, b)
        a, slope = activate(net.activation, net.leak, z_b)
        store(value, b, a)
        store(slopes, b, slope)
        store(bends, b, second_derivative(net.activation, z_b, a, slope))


@njit
def backward(net, rows, curved):
    """Fill δ_l and M_l of the hidden layers from those of the output."""
    weight = net.size
    for layer in range(net.n_layers - 1, 0, -1):
        width, above = net.widths[layer], net.widths[layer + 1]
        weight -= layer_size(net, layer + 1)
        push_first(net, rows, layer, weight)
        couple(net, rows, layer + 1, layer)
        for i in range(width):
            for j in range(i + 1):
                m = start(rows, rows.couplings, coupling_row(net, rows, layer, i, j))
                for k in range(above):
                    pushed = start(rows, rows.pushed, k * width + i)
                    multiply(rows, pushed, start(rows, rows.pairs, k * width + j), m, k > 0)
            epsilon = start(rows, rows.deltas, rows.neuron_rows[layer] + i)
            for k in range(above):
                delta = start(rows, rows.deltas, rows.neuron_rows[layer + 1] + k)
                scale(rows, net.theta[weight + k * width + i], delta, epsilon, k > 0)
            if curved:
                bend = start(rows, rows.bends, rows.neuron_rows[layer] + i)
                m = start(rows, rows.couplings, coupling_row(net, rows, layer, i, i))
                multiply(rows, epsilon, bend, m, True)
            slope = start(rows, rows.slopes, rows.neuron_rows[layer] + i)
            multiply(rows, epsilon, slope, epsilon, False)


@njit
def couple(net, rows, layer, low):
    """D = M_m T_m for m = ``layer`` and l = ``low`` < m, into the pairs."""
    fan_out, width = net.widths[layer], net.widths[low]
    for k in range(fan_out):
        for i in range(width):
            pair = start(rows, rows.pairs, k * width + i)
            for q in range(fan_out):
                m = start(rows, rows.couplings, coupling_row(net, rows, layer, k, q))
                multiply(rows, m, start(rows, rows.pushed, q * width + i), pair, q > 0)


@njit
def push(net, rows, layer, low, weight):
    """R = diag(φ') T_{m-1} and T_m = W_m R for m = ``layer``, whose weights are at ``weight``."""
    fan_in, fan_out = fan(net, layer)
    width = net.widths[low]
    for q in range(fan_in):
        slope = start(rows, rows.slopes, rows.neuron_rows[layer - 1] + q)
        for i in range(width):
            row = q * width + i
            pushed, moved = start(rows, rows.pushed, row), start(rows, rows.moved, row)
            multiply(rows, slope, pushed, moved, False)
    for k in range(fan_out):
        for i in range(width):
            pushed = start(rows, rows.pushed, k * width + i)
            for q in range(fan_in):
                w = net.theta[weight + k * fan_in + q]
                scale(rows, w, start(rows, rows.moved, q * width + i), pushed, q > 0)


@njit
def push_first(net, rows, low, weight):
    """T_{l+1} = W_{l+1} diag(φ') for l = ``low``, whose own T is the identity."""
    fan_in, fan_out = fan(net, low + 1)
    for k in range(fan_out):
        for i in range(fan_in):
            slope = start(rows, rows.slopes, rows.neuron_rows[low] + i)
            w = net.theta[weight + k * fan_in + i]
            scale(rows, w, slope, start(rows, rows.pushed, k * fan_in + i), False)
