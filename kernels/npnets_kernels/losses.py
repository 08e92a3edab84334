"""The loss's first and second derivative with respect to the output, for a block of samples."""

from __future__ import annotations

from numba import njit

from npnets_kernels.activations import sigmoid
from npnets_kernels.elementary import exp
from npnets_kernels.simd import full, load_block, store, where

# A kernel is told its loss by its position here.
NAMES = ("mse", "binary_cross_entropy", "softmax_cross_entropy")
MSE, BINARY_CROSS_ENTROPY, SOFTMAX_CROSS_ENTROPY = range(len(NAMES))


@njit
def differentiate(loss, d_out, outputs, y, weight, curvature, stride, y_stride):
    """Replace outputs o by dL/do, and fill the d_out x d_out rows of d²L/do².

    Rows are ``stride`` blocks apart, those of y ``y_stride``; ``weight`` is each sample's share of
    the mean, a block.
    """
    zero = full(weight, 0.0)
    for k in range(d_out * d_out):
        store(curvature, k * stride, zero)
    if loss == SOFTMAX_CROSS_ENTROPY:
        softmax(d_out, outputs, stride)
    for k in range(d_out):
        p, variance = load_block(outputs, k * stride), full(weight, 1.0)
        if loss == BINARY_CROSS_ENTROPY:
            p, variance = sigmoid(p)
        elif loss == SOFTMAX_CROSS_ENTROPY:
            variance = zero
            for j in range(d_out):
                if j != k:  # p (1 - p) by parts: 1 - p cancels
                    product = p * load_block(outputs, j * stride)
                    variance = variance + product
                    store(curvature, (k * d_out + j) * stride, -weight * product)
        store(curvature, k * (d_out + 1) * stride, weight * variance)
    for k in range(d_out):
        p = load_block(outputs, k * stride)
        if loss == BINARY_CROSS_ENTROPY:
            p = sigmoid(p)[0]
        store(outputs, k * stride, weight * (p - load_block(y, k * y_stride)))


@njit
def softmax(d_out, outputs, stride):
    """e^(o - max) / sum, in place of o."""
    most = load_block(outputs, 0)
    for k in range(1, d_out):
        o = load_block(outputs, k * stride)
        most = where(o > most, o, most)
    total = full(most, 0.0)
    for k in range(d_out):
        e = exp(load_block(outputs, k * stride) - most)
        total = total + e
        store(outputs, k * stride, e)
    for k in range(d_out):
        store(outputs, k * stride, load_block(outputs, k * stride) / total)
