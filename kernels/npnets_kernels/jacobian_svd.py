"""Singular values and right vectors of many networks' Jacobians, none of which is ever kept.

A chunk of samples gives as many rows of the Jacobian, which go into the triangle at once: they
stay in the caches, and memory grows with the parameters and not with the samples.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from npnets_kernels.compiled import kernel
from npnets_kernels.jacobian import Samples, fire_chunk, layout_of, neurons_of, pull_output
from npnets_kernels.qr import LANES, absorb, vectors
from npnets_kernels.simd import load, pointer
from npnets_kernels.svd import decompose


@njit
def absorb_jacobian(triangle, rows, layout, block, theta, samples, activation, leak):
    """Reflect the Jacobian into the triangle, a chunk of one output's rows at a time."""
    neurons = neurons_of(block, theta)
    for chunk in range(samples.n_chunks):
        fire_chunk(layout, neurons, samples, chunk, activation, leak)
        weight = load(samples.weights, chunk)
        for k in range(layout.widths[layout.n_layers]):
            pull_output(layout, neurons, activation, k, weight, pointer(rows), 1)
            absorb(triangle, pointer(rows))


@kernel
def jacobian_svds(widths, width_offsets, theta, offsets, activations, leaks, x, weights, n_samples):
    """Decompose the Jacobian of every network.

    Parameters
    ----------
    widths : int64 (sum of layer counts,)
        Every network's widths, input and output included, one network after another.
    width_offsets : int64 (K + 1,)
        Network k's widths are ``widths[width_offsets[k]:width_offsets[k + 1]]``.
    theta : float64 (sum of parameter counts,)
        Parameters, one network after another.
    offsets : int64 (K + 1,)
        Network k's parameters are ``theta[offsets[k]:offsets[k + 1]]``.
    activations, leaks : int64 (K,), float64 (K,)
        Positions in ``activations.NAMES``, and the slopes of leaky_relu.
    x, weights, n_samples
        As for ``jacobian.jacobian``.

    Returns
    -------
    status : int64 (K,)
        As ``svd.svd`` returns it.
    values : float64 (sum of r,)
        Each network's r = min(samples times outputs, parameters) singular values, descending.
    right : float64 (sum of r times parameters,)
        Each network's right vectors, (r, P), one network after another.
    """
    samples = Samples(pointer(x), pointer(weights), len(weights) // LANES)
    sizes = offsets[1:] - offsets[:-1]
    counts = np.minimum(n_samples * widths[width_offsets[1:] - 1], sizes)
    status = np.empty(len(sizes), np.int64)
    values, right = np.empty(counts.sum()), np.empty((counts * sizes).sum())
    first_value, first_right = 0, 0
    for k in range(len(sizes)):
        network_widths = widths[width_offsets[k] : width_offsets[k + 1]]
        layout = layout_of(network_widths, sizes[k])
        triangle = np.zeros((sizes[k], vectors(sizes[k]) * LANES))
        rows, block = np.empty(sizes[k] * LANES), np.empty(3 * layout.n_rows * LANES)
        network_theta = theta[offsets[k] : offsets[k + 1]]
        absorb_jacobian(
            triangle, rows, layout, block, network_theta, samples, activations[k], leaks[k]
        )
        left = np.empty((0, LANES))
        status[k], network_values, network_right = decompose(triangle, counts[k], left)
        values[first_value : first_value + counts[k]] = network_values
        first_value += counts[k]
        for j in range(counts[k]):
            right[first_right : first_right + sizes[k]] = network_right[j, : sizes[k]]
            first_right += sizes[k]
    return status, values, right
