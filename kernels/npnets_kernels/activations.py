"""Each activation and its derivative at a vector of preactivations, computed together."""

from __future__ import annotations

import math

from numba import njit

from npnets_kernels.elementary import erf, exp, exp_parts, expm1
from npnets_kernels.simd import absolute, full, where

# A kernel is told its activation by its position here.
NAMES = ("relu", "leaky_relu", "identity", "tanh", "sigmoid", "gelu", "gelu_tanh", "selu")
RELU, LEAKY_RELU, IDENTITY, TANH, SIGMOID, GELU, GELU_TANH, SELU = range(len(NAMES))

SQRT_HALF = math.sqrt(0.5)
GAUSS_SCALE = 1.0 / math.sqrt(2.0 * math.pi)
TANH_SCALE = math.sqrt(2.0 / math.pi)
TANH_CUBE = 0.044715
SELU_SCALE = 1.0507009873554804934193349852946
SELU_ALPHA = 1.6732632423543772848170429916717


@njit
def tanh(z):
    """(tanh(z), its derivative 4 e / (1 + e)^2 with e = exp(-2 |z|): 1 - tanh(z)^2 cancels)."""
    power, rest = exp_parts(-2.0 * absolute(z))
    e = power + power * rest
    e_minus_1 = (power - 1.0) + power * rest
    t = e_minus_1 / (1.0 + e)
    return where(z > 0.0, -t, t), 4.0 * e / ((1.0 + e) * (1.0 + e))


@njit
def sigmoid(z):
    """(1 / (1 + exp(-z)), its derivative)."""
    e = exp(-absolute(z))
    low = e / (e + 1.0)
    high = 1.0 / (e + 1.0)
    return where(z > 0.0, high, low), low * high


@njit
def gelu(z):
    """(z Phi(z), its derivative Phi(z) + z phi(z))."""
    gauss = exp(z * z * -0.5)
    phi = 0.5 + 0.5 * erf(z * SQRT_HALF, gauss)
    return z * phi, phi + z * gauss * GAUSS_SCALE


@njit
def gelu_tanh(z):
    """(z (1 + tanh(u)) / 2 with u = sqrt(2/pi) (z + 0.044715 z^3), its derivative)."""
    z_tanh = where(z > 30.0, 30.0, where(z < -30.0, -30.0, z))  # beyond, dt is 0 and du is not
    square = z_tanh * z_tanh
    t, dt = tanh(z_tanh * (1.0 + square * TANH_CUBE) * TANH_SCALE)
    du = (1.0 + square * (3.0 * TANH_CUBE)) * TANH_SCALE
    half = 0.5 + 0.5 * t
    return z * half, half + 0.5 * z_tanh * dt * du


@njit
def selu(z):
    """(scale z above 0, scale alpha (exp(z) - 1) below, its derivative)."""
    e = expm1(-absolute(z)) * (SELU_SCALE * SELU_ALPHA)
    above = z > 0.0
    return where(above, z * SELU_SCALE, e), where(above, SELU_SCALE, e + SELU_SCALE * SELU_ALPHA)


@njit
def smooth(code, z):
    """The smooth activation ``code`` at z: (value, derivative)."""
    if code == TANH:
        return tanh(z)
    if code == SIGMOID:
        return sigmoid(z)
    if code == GELU:
        return gelu(z)
    if code == GELU_TANH:
        return gelu_tanh(z)
    return selu(z)


@njit
def activate(code, leak, z):
    """The activation ``code`` at z: (value, derivative)."""
    if code == RELU:
        return where(z < 0.0, 0.0, z), where(z > 0.0, full(z, 1.0), 0.0)
    if code == LEAKY_RELU:
        return where(z > 0.0, z, z * leak), where(z > 0.0, full(z, 1.0), leak)
    if code == IDENTITY:
        return z, full(z, 1.0)
    return smooth(code, z)


@njit
def second_derivative(code, z, value, slope):
    """The second derivative of the activation ``code`` at z, from its value and slope there."""
    if code == TANH:
        return -2.0 * value * slope
    if code == SIGMOID:
        return slope * tanh(-0.5 * z)[0]
    if code == GELU:
        z = where(z > 40.0, 40.0, where(z < -40.0, -40.0, z))  # beyond, z z may overflow
        return (2.0 - z * z) * exp(z * z * -0.5) * GAUSS_SCALE
    if code == GELU_TANH:
        return gelu_tanh_second(z)
    if code == SELU:
        return where(z > 0.0, 0.0, slope)
    return full(z, 0.0)


@njit
def gelu_tanh_second(z):
    """dt du + z (dt ddu - 2 t dt du^2) / 2, with t and u as in ``gelu_tanh``."""
    z = where(z > 30.0, 30.0, where(z < -30.0, -30.0, z))
    square = z * z
    t, dt = tanh(z * (1.0 + square * TANH_CUBE) * TANH_SCALE)
    du = (1.0 + square * (3.0 * TANH_CUBE)) * TANH_SCALE
    ddu = z * (6.0 * TANH_CUBE * TANH_SCALE)
    return dt * du + 0.5 * z * dt * (ddu - 2.0 * t * du * du)
