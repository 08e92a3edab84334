"""The Jacobian of a network in its parameters, samples last, in float64.

Column p holds dy/dtheta_p of all samples, one output after another. A backward pass from each
output gives it: with delta = dy/dz of a neuron, its weight from neuron j has delta * a_j and its
bias has delta.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np
from numba import njit

from npnets_kernels.compiled import kernel
from npnets_kernels.qr import LANES
from npnets_kernels.simd import full, load, offset, pointer, store
from npnets_kernels.train import Layout, forward, layer_below, pull_back

# One network's neurons, a row each, and its parameters; all pointers.
Neurons = namedtuple("Neurons", "values slopes deltas theta")

# Samples as pointers, dimension after dimension, chunk after chunk, and each sample's weight.
Samples = namedtuple("Samples", "x weights n_chunks")


@njit
def layout_of(widths, n_parameters):
    """A network's widths and sizes; the caller keeps the widths alive."""
    return Layout(pointer(widths), len(widths) - 1, widths.sum(), n_parameters, 0)


@njit
def neurons_of(block, theta):
    """A network's workspace, cut out of a block of three batch vectors a neuron.

    The caller keeps both alive: an array that is not named any more is freed, pointers or not.
    """
    values, size = pointer(block), len(block) // 3
    return Neurons(values, offset(values, size), offset(values, 2 * size), pointer(theta))


@njit
def fire_chunk(layout, neurons, samples, chunk, activation, leak):
    """The forward pass of one chunk of samples."""
    for j in range(layout.widths[0]):
        store(neurons.values, j, load(samples.x, j * samples.n_chunks + chunk))
    forward(layout, neurons.theta, activation, leak, neurons.values, neurons.slopes)


@njit
def pull_output(layout, neurons, activation, output, weight, columns, stride):
    """Write the columns' rows of one output and chunk, times the samples' weights.

    Column p's vector is number p * stride of the memory.
    """
    outputs = layout.n_rows - layout.widths[layout.n_layers]
    first = layout.n_parameters
    above, fan_above, weights_above = 0, 0, 0
    for layer in range(layout.n_layers - 1, -1, -1):
        fan_in, fan_out, inputs, bias, first = layer_below(layout, layer, outputs, first)
        column = first
        for i in range(fan_out):
            if fan_above > 0:
                place = weights_above + i
                row = outputs + i
                delta = pull_back(neurons, activation, row, place, fan_out, above, fan_above)
            elif i == output:
                delta = weight
            else:
                delta = full(weight, 0.0)
            store(neurons.deltas, outputs + i, delta)
            store(columns, (bias + i) * stride, delta)
            for j in range(inputs, inputs + fan_in):
                store(columns, column * stride, delta * load(neurons.values, j))
                column += 1
        above, fan_above, weights_above = outputs, fan_out, first
        outputs = inputs


@njit
def fill(columns, layout, block, theta, samples, activation, leak):
    """Write the columns, with gaps for the samples' padding between one output and the next."""
    neurons = neurons_of(block, theta)
    for chunk in range(samples.n_chunks):
        fire_chunk(layout, neurons, samples, chunk, activation, leak)
        weight = load(samples.weights, chunk)
        for k in range(layout.widths[layout.n_layers]):
            rows = offset(pointer(columns), (k * samples.n_chunks + chunk) * LANES)
            pull_output(layout, neurons, activation, k, weight, rows, columns.shape[1] // LANES)


@njit
def pack(column, n_outputs, n_padded, n_samples):
    """Close the gaps that the samples' padding leaves between one output and the next."""
    for k in range(1, n_outputs):
        for s in range(n_samples):
            column[k * n_samples + s] = column[k * n_padded + s]
    column[n_outputs * n_samples :] = 0.0


@kernel
def jacobian(widths, theta, activation, leak, x, weights, n_samples):
    """The Jacobian of one network.

    Parameters
    ----------
    widths : int64 (L + 1,)
        Input and output included.
    theta : float64 (P,)
    activation, leak : int, float
        Position in ``activations.NAMES``, and the slope of leaky_relu.
    x : float64 (d_in, N)
        Samples last, N a multiple of the lanes; what pads them should repeat a real sample.
    weights : float64 (N,)
        1 for a sample, 0 for the padding.
    n_samples : int
        How many are no padding.

    Returns
    -------
    columns : float64 (P, M)
        The first output's samples, the second's, ..., and zeros. M is an odd multiple of the
        lanes: at a power of two, all of a row's numbers would compete for the same cache lines.
    """
    samples = Samples(pointer(x), pointer(weights), len(weights) // LANES)
    layout = layout_of(widths, len(theta))
    block = np.empty(3 * layout.n_rows * LANES)
    columns = np.empty((len(theta), ((widths[-1] * samples.n_chunks) | 1) * LANES))
    fill(columns, layout, block, theta, samples, activation, leak)
    for p in range(len(theta)):
        pack(columns[p], widths[-1], len(weights), n_samples)
    return columns
