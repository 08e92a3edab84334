"""Evaluate many networks of different shapes on one sample: errors, and every neuron's extremes."""

from __future__ import annotations

import numpy as np
from numba import njit

from npnets_kernels.compiled import kernel
from npnets_kernels.simd import (
    full,
    lanes_of,
    load,
    offset,
    pointer,
    store,
    sum_blocks,
    sum_lanes,
    where,
)
from npnets_kernels.train import Layout, forward


@njit
def evaluate_network(layout, theta, x, y, weights, n_chunks, activation, leak, hidden, rows):
    """The weighted sum of squared errors; rows become the neurons' lowest and highest values."""
    values, slopes, lowest, highest = rows
    d_in, d_out = layout.widths[0], layout.widths[layout.n_layers]
    outputs = layout.n_rows - d_out
    watched = 0 if hidden else outputs
    errors = full(load(x, 0), 0.0)
    for i in range(layout.n_rows):
        store(lowest, i, full(errors, np.inf))
        store(highest, i, full(errors, -np.inf))
    for chunk in range(n_chunks):
        for j in range(d_in):
            store(values, j, load(x, j * n_chunks + chunk))
        forward(layout, theta, activation, leak, values, slopes)
        for k in range(d_out):
            residual = load(values, outputs + k) - load(y, k * n_chunks + chunk)
            errors = errors + residual * residual * load(weights, chunk)
        for i in range(watched, layout.n_rows):
            value, low, high = load(values, i), load(lowest, i), load(highest, i)
            store(lowest, i, where(value < low, value, low))
            store(highest, i, where(value > high, value, high))
    return sum_lanes(sum_blocks(errors))


@kernel
def evaluate(
    widths, width_offsets, theta, offsets, row_offsets, x, y, weights, activation, leak, hidden
):
    """Errors and extremes of networks on one sample.

    Parameters
    ----------
    widths, width_offsets, theta, offsets, activation, leak
        As for ``train.train``.
    row_offsets : int64 (K + 1,)
        Network k's neurons, inputs first, are rows ``row_offsets[k]:row_offsets[k + 1]``.
    x, y : float (d_in, N), (d_out, N)
        Samples last, N a multiple of the lanes; what pads them should repeat a real sample.
    weights : float (N,)
        Each sample's weight in the error, 0 for the padding.
    hidden : bool
        Whether to watch all neurons, or the outputs only, which takes half the time.

    Returns
    -------
    errors : float (K,)
        Weighted sum of squared errors over samples and outputs.
    lowest, highest : float (row_offsets[-1],)
        Extremes of every neuron's value after its activation, NaN passed over; the empty
        extremes, inf and -inf, of neurons that are not watched.
    """
    lanes = lanes_of(theta)
    n_networks = len(offsets) - 1
    most_rows = 1
    for k in range(n_networks):
        most_rows = max(most_rows, row_offsets[k + 1] - row_offsets[k])
    size = most_rows * lanes
    block = np.empty(4 * size, theta.dtype)
    values = pointer(block)
    rows = (values, offset(values, size), offset(values, 2 * size), offset(values, 3 * size))
    errors = np.empty(n_networks, theta.dtype)
    lowest = np.empty(row_offsets[-1], theta.dtype)
    highest = np.empty(row_offsets[-1], theta.dtype)
    for k in range(n_networks):
        network_widths = widths[width_offsets[k] : width_offsets[k + 1]]
        n_rows = row_offsets[k + 1] - row_offsets[k]
        layout = Layout(pointer(network_widths), len(network_widths) - 1, n_rows, 0, 0)
        errors[k] = evaluate_network(
            layout,
            offset(pointer(theta), offsets[k]),
            pointer(x),
            pointer(y),
            pointer(weights),
            len(weights) // lanes,
            activation,
            leak,
            hidden,
            rows,
        )
        for i in range(n_rows):
            start = i * lanes
            lowest[row_offsets[k] + i] = block[2 * size + start : 2 * size + start + lanes].min()
            highest[row_offsets[k] + i] = block[3 * size + start : 3 * size + start + lanes].max()
    return errors, lowest, highest
