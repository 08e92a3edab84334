"""Train many small networks of different shapes: forward, backward and optimiser in one loop.

A neuron's samples lie along the lanes of a batch vector, so its whole batch stays in registers
while its inputs are summed, and a network's activations, parameters and moments stay in the
first-level cache for all its steps. Networks share nothing but the data: the bytes of one do not
depend on its company.

In the notation of the code: z = W a + b, a = activation(z), slope its derivative at z, and
delta = dL/dz. Row i of a workspace is neuron i's batch vector; the inputs come first.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np
from numba import njit

from npnets_kernels.activations import RELU, activate
from npnets_kernels.compiled import kernel
from npnets_kernels.simd import (
    absolute,
    aligned,
    block_lanes_of,
    broadcast,
    full,
    lanes_of,
    load,
    load_block,
    offset,
    partial_sums,
    pointer,
    sqrt,
    store,
    sum_blocks,
    sum_lanes,
    sum_rows,
    where,
)

OPTIMIZERS = ("sgd", "momentum", "adam")
SGD, MOMENTUM, ADAM = range(3)

# Moments of a dead neuron decay through the denormal numbers, on which some processors are a
# hundred times slower. Below this they are zero: next to Adam's epsilon nothing is lost.
FLUSH = 1e-30

# One network's layout: its widths, how many layers, neurons (inputs too), parameters and blocks.
Layout = namedtuple("Layout", "widths n_layers n_rows n_parameters n_blocks")

# Pointers into one thread's memory: a row a neuron; a block a parameter; a number a parameter.
Workspace = namedtuple("Workspace", "values slopes deltas partials gradient theta first second")

# Minibatches as pointers: step after step, dimension after dimension, chunk after chunk.
Data = namedtuple("Data", "x y scale n_chunks n_steps")

# The optimiser: its code, its numbers for each step and its decay rates.
Rule = namedtuple("Rule", "optimizer rates epsilons beta1 beta2")


@njit
def forward(layout, theta, activation, leak, values, slopes):
    """z = W a + b, a = activation(z), layer by layer; the last layer is linear.

    Neurons are taken two at a time, for each input to be loaded once for both.
    """
    inputs, outputs, weight = 0, layout.widths[0], 0
    for layer in range(layout.n_layers):
        fan_in, fan_out = layout.widths[layer], layout.widths[layer + 1]
        bias = weight + fan_out * fan_in
        linear = layer == layout.n_layers - 1
        for i in range(outputs, outputs + fan_out - 1, 2):
            z = broadcast(theta, bias)
            next_z = broadcast(theta, bias + 1)
            bias += 2
            for j in range(inputs, inputs + fan_in):
                a = load(values, j)
                z = z + broadcast(theta, weight) * a
                next_z = next_z + broadcast(theta, weight + fan_in) * a
                weight += 1
            weight += fan_in
            fire(z, i, linear, activation, leak, values, slopes)
            fire(next_z, i + 1, linear, activation, leak, values, slopes)
        if fan_out % 2 == 1:
            z = broadcast(theta, bias)
            bias += 1
            for j in range(inputs, inputs + fan_in):
                z = z + broadcast(theta, weight) * load(values, j)
                weight += 1
            fire(z, outputs + fan_out - 1, linear, activation, leak, values, slopes)
        inputs, outputs, weight = outputs, outputs + fan_out, bias


@njit
def fire(z, i, linear, activation, leak, values, slopes):
    """Keep neuron i's value, and its derivative unless the value tells it (ReLU)."""
    if linear:
        a = z
    elif activation == RELU:
        a = where(z < 0.0, 0.0, z)
    else:
        a, slope = activate(activation, leak, z)
        store(slopes, i, slope)
    store(values, i, a)


@njit(forceinline=True)
def layer_below(layout, layer, outputs, first):
    """A layer's fans, its inputs' first row, and the first of its biases and of its weights.

    Its neurons are rows from ``outputs`` on, and its parameters end before number ``first``.
    """
    fan_in, fan_out = layout.widths[layer], layout.widths[layer + 1]
    bias = first - fan_out
    return fan_in, fan_out, outputs - fan_in, bias, bias - fan_out * fan_in


@njit
def backward(layout, activation, memory):
    """dL/dW = delta a' and dL/db = delta, summed over samples but for a block's lanes.

    Neuron by neuron from the last layer down, so that its delta is used while in registers.
    """
    outputs = layout.n_rows - layout.widths[layout.n_layers]
    first = layout.n_parameters
    above, fan_above, weights_above = 0, 0, 0
    for layer in range(layout.n_layers - 1, -1, -1):
        fan_in, fan_out, inputs, bias, first = layer_below(layout, layer, outputs, first)
        weight = first
        for i in range(fan_out):
            row = outputs + i
            if fan_above == 0:
                delta = load(memory.deltas, row)
            else:
                weight_above = weights_above + i
                delta = pull_back(memory, activation, row, weight_above, fan_out, above, fan_above)
            if layer > 0:
                store(memory.deltas, row, delta)
            store(memory.partials, bias + i, sum_blocks(delta))
            for j in range(inputs, inputs + fan_in):
                store(memory.partials, weight, partial_sums(delta, load(memory.values, j)))
                weight += 1
        above, fan_above, weights_above = outputs, fan_out, first
        outputs = inputs


@njit
def pull_back(memory, activation, row, weight, stride, above, fan_above):
    """delta of a neuron: activation'(z) times the sum of W delta over the neurons above it."""
    delta = broadcast(memory.theta, weight) * load(memory.deltas, above)
    for i in range(above + 1, above + fan_above):
        weight += stride
        delta = delta + broadcast(memory.theta, weight) * load(memory.deltas, i)
    if activation == RELU:
        return where(load(memory.values, row) > 0.0, delta, 0.0)
    return delta * load(memory.slopes, row)


@njit
def collect(layout, memory):
    """Finish the sums over one chunk's samples and add them to the gradient."""
    for b in range(layout.n_blocks):
        store(memory.gradient, b, load_block(memory.gradient, b) + sum_rows(memory.partials, b))


@njit
def flush(moment):
    """Zero where the moment is too small to matter."""
    return where(absolute(moment) < FLUSH, 0.0, moment)


@njit
def update(layout, memory, rule, rate, epsilon):
    """One optimiser step, which leaves the gradient at zero for the next.

    Adam's bias corrections c1 = 1 - beta1^t and c2 = sqrt(1 - beta2^t) come inside
    rate = lr c2 / c1 and epsilon = eps c2, which equals lr/c1 m / (sqrt(v)/c2 + eps).
    """
    for b in range(layout.n_blocks):
        gradient = load_block(memory.gradient, b)
        store(memory.gradient, b, full(gradient, 0.0))
        theta = load_block(memory.theta, b)
        first = load_block(memory.first, b)
        if rule.optimizer == ADAM:
            second = load_block(memory.second, b)
            first = flush(first + (gradient - first) * (1.0 - rule.beta1))
            second = flush(second * rule.beta2 + gradient * gradient * (1.0 - rule.beta2))
            store(memory.first, b, first)
            store(memory.second, b, second)
            theta = theta - first * rate / (sqrt(second) + epsilon)
        elif rule.optimizer == MOMENTUM:
            first = flush(first * rule.beta1 + gradient)
            store(memory.first, b, first)
            theta = theta - first * rate
        else:
            theta = theta - gradient * rate
        store(memory.theta, b, theta)


@njit
def squared_error(layout, memory, data, step, chunk):
    """delta = dL/dy of the mean squared error, and twice its share in this chunk, as a block."""
    d_out = layout.widths[layout.n_layers]
    twice = sum_blocks(full(load(data.scale, chunk), 0.0))
    for k in range(d_out):
        row = layout.n_rows - d_out + k
        residual = load(memory.values, row) - load(
            data.y, (step * d_out + k) * data.n_chunks + chunk
        )
        delta = residual * load(data.scale, chunk)
        store(memory.deltas, row, delta)
        twice = twice + partial_sums(residual, delta)
    return twice


@njit
def train_network(layout, memory, data, rule, activation, leak, losses, record):
    """All steps of one network, whose state lies in the workspace."""
    d_in = layout.widths[0]
    for step in range(data.n_steps):
        loss = 0.0
        for chunk in range(data.n_chunks):
            for j in range(d_in):
                store(memory.values, j, load(data.x, (step * d_in + j) * data.n_chunks + chunk))
            forward(layout, memory.theta, activation, leak, memory.values, memory.slopes)
            twice = squared_error(layout, memory, data, step, chunk)
            if record:
                loss += 0.5 * sum_lanes(twice)
            backward(layout, activation, memory)
            collect(layout, memory)
        update(layout, memory, rule, rule.rates[step], rule.epsilons[step])
        if record:
            losses[step] = loss


@njit
def workspace(block, most_rows, most_blocks):
    """Cut one network's memory out of a block that is 64 bytes larger; see ``workspace_size``."""
    lanes, block_lanes = lanes_of(block), block_lanes_of(block)
    n = most_blocks * block_lanes
    values = aligned(pointer(block))
    slopes = offset(values, most_rows * lanes)
    deltas = offset(slopes, most_rows * lanes)
    partials = offset(deltas, most_rows * lanes)
    gradient = offset(partials, n * block_lanes)
    theta = offset(gradient, n)
    first = offset(theta, n)
    return Workspace(values, slopes, deltas, partials, gradient, theta, first, offset(first, n))


@njit
def workspace_size(like, most_rows, most_blocks):
    """How many numbers ``workspace`` needs."""
    lanes, block_lanes = lanes_of(like), block_lanes_of(like)
    return 3 * most_rows * lanes + most_blocks * block_lanes * (block_lanes + 4) + block_lanes


@kernel
def train(
    widths,
    width_offsets,
    theta,
    first,
    second,
    offsets,
    x,
    y,
    scale,
    rates,
    epsilons,
    optimizer,
    beta1,
    beta2,
    activation,
    leak,
    losses,
):
    """Train networks in place, each for the same steps on the same minibatches.

    Parameters
    ----------
    widths : int64 (sum of layer counts,)
        Every network's widths, input and output included, one network after another.
    width_offsets : int64 (K + 1,)
        Network k's widths are ``widths[width_offsets[k]:width_offsets[k + 1]]``.
    theta, first, second : float (sum of parameter counts,)
        Parameters and both moments, one network after another; changed in place.
    offsets : int64 (K + 1,)
        Network k's parameters are ``theta[offsets[k]:offsets[k + 1]]``.
    x, y : float (steps, d_in, N), (steps, d_out, N)
        Minibatches with samples last, N a multiple of the lanes of a batch vector.
    scale : float (N,)
        2 / (batch size · d_out) for a sample, 0 for the padding behind the last.
    rates, epsilons : float (steps,)
        The optimiser's learning rate and epsilon at each step; see ``update``.
    optimizer, activation : int
        Positions in ``OPTIMIZERS`` and ``activations.NAMES``.
    beta1, beta2, leak : float64
        Decay rates of the moments (in float32, 1 - 0.999 is off by 5e-5), slope of leaky_relu.
    losses : float (K, steps) or (K, 0)
        Where the loss before each step is written, if there is room.
    """
    lanes, block_lanes = lanes_of(theta), block_lanes_of(theta)
    most_rows, most_blocks = 1, 1
    for k in range(len(offsets) - 1):
        n_rows = widths[width_offsets[k] : width_offsets[k + 1]].sum()
        n_blocks = (offsets[k + 1] - offsets[k] + block_lanes - 1) // block_lanes
        most_rows, most_blocks = max(most_rows, n_rows), max(most_blocks, n_blocks)
    block = np.zeros(workspace_size(theta, most_rows, most_blocks), theta.dtype)
    memory = workspace(block, most_rows, most_blocks)
    data = Data(pointer(x), pointer(y), pointer(scale), len(scale) // lanes, len(rates))
    rule = Rule(optimizer, pointer(rates), pointer(epsilons), beta1, beta2)
    record = losses.shape[1] > 0
    for k in range(len(offsets) - 1):
        block[:] = 0.0  # padding stays zero, whatever the network before has left there
        n_widths = width_offsets[k + 1] - width_offsets[k]
        network_widths = widths[width_offsets[k] : width_offsets[k + 1]]
        n_parameters = offsets[k + 1] - offsets[k]
        n_blocks = (n_parameters + block_lanes - 1) // block_lanes
        layout = Layout(
            pointer(network_widths), n_widths - 1, network_widths.sum(), n_parameters, n_blocks
        )
        for p in range(n_parameters):
            memory.theta[p] = theta[offsets[k] + p]
            memory.first[p] = first[offsets[k] + p]
            memory.second[p] = second[offsets[k] + p]
        row = offset(pointer(losses), k * losses.shape[1])
        train_network(layout, memory, data, rule, activation, leak, row, record)
        for p in range(n_parameters):
            theta[offsets[k] + p] = memory.theta[p]
            first[offsets[k] + p] = memory.first[p]
            second[offsets[k] + p] = memory.second[p]
