"""Activation functions φ with their first and second derivatives, as functions of arrays.

Each keeps the dtype it is given, and no finite preactivation overflows or warns: exponentials are
only taken of numbers that are not positive, and the two GELUs clip their argument where the clipped
expression has long been constant.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real

import numpy as np

from npnets.choices import check_choice

Elementwise = Callable[[np.ndarray], np.ndarray]

ACTIVATIONS = ("relu", "leaky_relu", "gelu", "gelu_tanh", "tanh", "sigmoid", "selu", "identity")

# Klambauer et al. (2017), "Self-normalizing neural networks", appendix A.
SELU_SCALE = 1.0507009873554805
SELU_ALPHA = 1.6732632423543772


@dataclass(frozen=True)
class Activation:
    """An activation function and its derivatives, each mapping an array to one of its shape."""

    name: str
    value: Elementwise
    derivative: Elementwise
    second_derivative: Elementwise


def get_activation(name: str, slope: float = 0.01) -> Activation:
    """The activation of that name; ``slope`` is the one of leaky_relu for z ≤ 0.

    At the kink, ReLU'(0) = 0, leaky_relu'(0) = slope and selu'(0) = scale·α, as in PyTorch.

    Raises
    ------
    ValueError
        If name is not one of ACTIVATIONS or slope is not a finite number >= 0.

    >>> get_activation("leaky_relu", slope=0.1).value(np.array([-2.0, 0.0, 3.0])).tolist()
    [-0.2, 0.0, 3.0]
    """
    if not isinstance(slope, Real) or not math.isfinite(slope) or slope < 0:
        raise ValueError(f"slope must be a finite number >= 0, got {slope!r}")
    check_choice("activation", name, ACTIVATIONS)
    return _leaky_relu(float(slope)) if name == "leaky_relu" else _WITHOUT_SLOPE[name]


def sigmoid(z: np.ndarray) -> np.ndarray:
    """σ(z) = 1/(1 + e^-z), by e^z/(1 + e^z) where z < 0.

    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0])).tolist()
    [0.0, 0.5, 1.0]
    """
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1 / (1 + e), e / (1 + e))


def _sigmoid_derivative(z: np.ndarray) -> np.ndarray:
    e = np.exp(-np.abs(z))
    return e / (1 + e) ** 2


def _sigmoid_second(z: np.ndarray) -> np.ndarray:
    return -_sigmoid_derivative(z) * np.tanh(z / 2)


def _relu(z: np.ndarray) -> np.ndarray:
    return np.maximum(z, 0)


def _relu_derivative(z: np.ndarray) -> np.ndarray:
    return (z > 0).astype(z.dtype)


def _leaky_relu(slope: float) -> Activation:
    def value(z: np.ndarray) -> np.ndarray:
        return np.where(z > 0, z, slope * z)

    def derivative(z: np.ndarray) -> np.ndarray:
        return np.where(z > 0, z.dtype.type(1), z.dtype.type(slope))

    return Activation("leaky_relu", value, derivative, np.zeros_like)


def _tanh_derivative(z: np.ndarray) -> np.ndarray:
    e = np.exp(-2 * np.abs(z))
    return 4 * e / (1 + e) ** 2  # 1 - tanh(z)² cancels


def _tanh_second(z: np.ndarray) -> np.ndarray:
    return -2 * np.tanh(z) * _tanh_derivative(z)


def _selu(z: np.ndarray) -> np.ndarray:
    return SELU_SCALE * np.where(z > 0, z, SELU_ALPHA * np.expm1(np.minimum(z, 0)))


def _selu_derivative(z: np.ndarray) -> np.ndarray:
    return SELU_SCALE * np.where(z > 0, z.dtype.type(1), SELU_ALPHA * np.exp(np.minimum(z, 0)))


def _selu_second(z: np.ndarray) -> np.ndarray:
    negative = SELU_SCALE * SELU_ALPHA * np.exp(np.minimum(z, 0))
    return np.where(z > 0, z.dtype.type(0), negative)


# gelu(z) = z·Φ(z) with Φ and φ the standard normal's distribution and density (Hendrycks and
# Gimpel, 2016); φ' = -z·φ. Beyond |z| = 40 the density is zero in float64 too.


def _normal_density(z: np.ndarray) -> np.ndarray:
    return np.exp(-0.5 * np.clip(z, -40, 40) ** 2) / math.sqrt(2 * math.pi)


def _gelu(z: np.ndarray) -> np.ndarray:
    from scipy.special import ndtr

    return z * ndtr(z)


def _gelu_derivative(z: np.ndarray) -> np.ndarray:
    from scipy.special import ndtr

    return ndtr(z) + np.clip(z, -40, 40) * _normal_density(z)


def _gelu_second(z: np.ndarray) -> np.ndarray:
    return (2 - np.clip(z, -40, 40) ** 2) * _normal_density(z)


# gelu_tanh(z) = z·(1 + tanh u)/2 = z·σ(2u) with u = √(2/π)·(z + 0.044715 z³). Beyond |z| = 30, σ is
# 0 or 1 in float64 too. Below, r = 2u, so that f = z·σ(r), f' = σ + z·r'·σ' and
# f'' = 2·r'·σ' + z·(r''·σ' + r'²·σ'').

_ROOT = 2 * math.sqrt(2 / math.pi)
_CUBIC = 0.044715


def _gelu_gate(z: np.ndarray) -> np.ndarray:
    return _ROOT * (z + _CUBIC * z**3)


def _gelu_tanh(z: np.ndarray) -> np.ndarray:
    return z * sigmoid(_gelu_gate(np.clip(z, -30, 30)))


def _gelu_tanh_derivative(z: np.ndarray) -> np.ndarray:
    z = np.clip(z, -30, 30)
    r, r1 = _gelu_gate(z), _ROOT * (1 + 3 * _CUBIC * z**2)
    return sigmoid(r) + z * r1 * _sigmoid_derivative(r)


def _gelu_tanh_second(z: np.ndarray) -> np.ndarray:
    z = np.clip(z, -30, 30)
    r, r1, r2 = _gelu_gate(z), _ROOT * (1 + 3 * _CUBIC * z**2), _ROOT * 6 * _CUBIC * z
    return (2 * r1 + z * r2) * _sigmoid_derivative(r) + z * r1**2 * _sigmoid_second(r)


_WITHOUT_SLOPE = {
    activation.name: activation
    for activation in (
        Activation("relu", _relu, _relu_derivative, np.zeros_like),
        Activation("gelu", _gelu, _gelu_derivative, _gelu_second),
        Activation("gelu_tanh", _gelu_tanh, _gelu_tanh_derivative, _gelu_tanh_second),
        Activation("tanh", np.tanh, _tanh_derivative, _tanh_second),
        Activation("sigmoid", sigmoid, _sigmoid_derivative, _sigmoid_second),
        Activation("selu", _selu, _selu_derivative, _selu_second),
        Activation("identity", np.copy, np.ones_like, np.zeros_like),
    )
}
