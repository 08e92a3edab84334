"""How one network's neurons act on its loss, and on each other, for one chunk of samples.

The forward pass, the backward pass from one layer to the next, and beside them the couplings that a
Hessian is made of; in the notation of ``npnets_kernels.hessian``, which derives them.
"""

from __future__ import annotations

from numba import njit

from npnets_kernels.activations import activate, second_derivative
from npnets_kernels.rows import add, combine, fan, mix, multiply, scale, start
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
        inputs = start(rows, rows.inputs, rows.input_rows[layer])
        for i in range(fan_out):
            output = start(rows, rows.deltas, rows.neuron_rows[layer] + i)
            value = start(rows, rows.inputs, rows.input_rows[layer] + fan_in + 1 + i)
            slope = start(rows, rows.slopes, rows.neuron_rows[layer] + i)
            bend = start(rows, rows.bends, rows.neuron_rows[layer] + i)
            for b in range(rows.n_blocks):
                z = mix(rows, net.theta, weight + i * fan_in, 1, inputs, 1, fan_in, b)
                z = z + full(z, net.theta[bias + i])
                if layer < net.n_layers:
                    fire(net, z, value, slope, bend, b)
                else:
                    store(output, b, z)
        weight = bias + fan_out


@njit
def fire(net, z, value, slope, bend, b):
    """Keep a, φ' and, if it is wanted, φ'' of a hidden neuron's preactivations z."""
    a, first = activate(net.activation, net.leak, z)
    store(value, b, a)
    store(slope, b, first)
    if net.bent:
        store(bend, b, second_derivative(net.activation, z, a, first))


@njit
def backward(net, rows, layer, weight):
    """δ of a hidden layer and, in place of φ'', ε φ''; the weights above it are at ``weight``."""
    width, above = net.widths[layer], net.widths[layer + 1]
    deltas_above = start(rows, rows.deltas, rows.neuron_rows[layer + 1])
    for i in range(width):
        slope = start(rows, rows.slopes, rows.neuron_rows[layer] + i)
        bend = start(rows, rows.bends, rows.neuron_rows[layer] + i)
        delta = start(rows, rows.deltas, rows.neuron_rows[layer] + i)
        for b in range(rows.n_blocks):
            epsilon = mix(rows, net.theta, weight + i, width, deltas_above, 1, above, b)
            store(delta, b, epsilon * load_block(slope, b))
            if net.bent:
                store(bend, b, epsilon * load_block(bend, b))


@njit
def couple(net, rows, layer, low):
    """D = M_m T_m for m = ``layer`` and l = ``low`` < m, into the pairs; M_m is symmetric."""
    fan_out, width = net.widths[layer], net.widths[low]
    m = start(rows, rows.couplings, rows.coupling_rows[layer])
    combine(rows, m, fan_out, rows.pushed, width, rows.pairs, fan_out, width, fan_out)


@njit
def couple_within(net, rows, layer, first, stop):
    """M_l[k, i] of a hidden layer for first <= k < stop and i < stop, from D and T above it."""
    width, above = net.widths[layer], net.widths[layer + 1]
    m = start(rows, rows.couplings, rows.coupling_rows[layer])
    pushed = start(rows, rows.pushed, first)
    combine(rows, pushed, width, rows.pairs, width, m, stop - first, stop, above)
    if net.bent:
        for k in range(first, stop):
            bend = start(rows, rows.bends, rows.neuron_rows[layer] + k)
            add(rows, bend, start(rows, m, (k - first) * width + k))


@njit
def push(net, rows, layer, low, weight):
    """R = diag(φ') T_{m-1} and T_m = W_m R for m = ``layer``, whose weights are at ``weight``."""
    fan_in, fan_out = fan(net, layer)
    width = net.widths[low]
    for q in range(fan_in):
        slope = start(rows, rows.slopes, rows.neuron_rows[layer - 1] + q)
        for i in range(width):
            row = q * width + i
            multiply(rows, slope, start(rows, rows.pushed, row), start(rows, rows.moved, row))
    for k in range(fan_out):
        for i in range(width):
            pushed, moved = start(rows, rows.pushed, k * width + i), start(rows, rows.moved, i)
            for b in range(rows.n_blocks):
                total = mix(rows, net.theta, weight + k * fan_in, 1, moved, width, fan_in, b)
                store(pushed, b, total)


@njit
def push_first(net, rows, low, weight):
    """T_{l+1} = W_{l+1} diag(φ') for l = ``low``, whose own T is the identity."""
    fan_in, fan_out = fan(net, low + 1)
    for k in range(fan_out):
        for i in range(fan_in):
            slope = start(rows, rows.slopes, rows.neuron_rows[low] + i)
            w = net.theta[weight + k * fan_in + i]
            scale(rows, w, slope, start(rows, rows.pushed, k * fan_in + i))
