"""An oracle for Hessians: every number carries its value, its gradient and its Hessian.

They are passed forward by the product and the chain rule, one sample at a time; activations and
losses are those of ``naive``.
"""

import math

import numpy as np
from naive import (
    activation,
    activation_derivative,
    activation_second_derivative,
    sample_delta,
    sigmoid,
)


def sample_hessian(weights, biases, x, y, kind="mse", name="relu", slope=0.01):
    """d²L/dθ² for one sample, θ = (W_1 row by row, b_1, W_2, …)."""
    size = sum(len(w) * (len(w[0]) + 1) for w in weights)
    units = np.eye(size)
    flat = np.zeros((size, size))
    values = [(float(number), np.zeros(size), flat) for number in x]
    start = 0
    for layer, (w, b) in enumerate(zip(weights, biases, strict=True)):
        sums = []
        for i in range(len(b)):
            bias = units[start + len(w) * len(w[0]) + i]
            total = [float(b[i]), bias.copy(), flat.copy()]
            for j, (a, da, dda) in enumerate(values):
                weight, unit = float(w[i][j]), units[start + i * len(w[0]) + j]
                total[0] += weight * a
                total[1] += weight * da + a * unit
                total[2] += weight * dda + np.outer(unit, da) + np.outer(da, unit)
            sums.append(total)
        start += len(w) * (len(w[0]) + 1)
        if layer == len(weights) - 1:
            break
        values = []
        for z, dz, ddz in sums:
            first = activation_derivative(name, z, slope)
            second = activation_second_derivative(name, z, slope)
            values.append(
                (activation(name, z, slope), first * dz, first * ddz + second * np.outer(dz, dz))
            )
    outputs = [total[0] for total in sums]
    delta, curvature = sample_delta(outputs, y, kind), sample_curvature(outputs, kind)
    hessian = flat.copy()
    for i, (_, di, ddi) in enumerate(sums):
        hessian += delta[i] * ddi
        for j, (_, dj, _) in enumerate(sums):
            hessian += curvature[i][j] * np.outer(di, dj)
    return hessian


def sample_curvature(output, kind="mse"):
    """d²L/do² for one sample."""
    d_out = len(output)
    if kind == "mse":
        return [[2.0 / d_out * (i == j) for j in range(d_out)] for i in range(d_out)]
    if kind == "binary_cross_entropy":
        p = [sigmoid(o) for o in output]
        return [
            [p[i] * (1.0 - p[i]) / d_out * (i == j) for j in range(d_out)] for i in range(d_out)
        ]
    powers = [math.exp(o - max(output)) for o in output]
    p = [power / sum(powers) for power in powers]
    return [[p[i] * ((i == j) - p[j]) for j in range(d_out)] for i in range(d_out)]


def hessian(weights, biases, xs, ys, kind="mse", name="relu", slope=0.01):
    """d²L/dθ² of the mean loss."""
    total = 0.0
    for x, y in zip(xs, ys, strict=True):
        total = total + sample_hessian(weights, biases, x, y, kind, name, slope)
    return total / len(xs)
