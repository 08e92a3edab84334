"""A fully connected network: widths, weights, flat parameter vector and forward pass.

With a_0 = x (samples are rows), layer l = 1 … L computes

    z_l = a_{l-1} W_lᵀ + b_l        preactivations, (n, fan_out)
    a_l = φ(z_l)                    except for the last layer, which is linear: net(x) = z_L

and the parameter vector θ is W_1 row-major, b_1, W_2, b_2, …, the order of PyTorch's
``parameters_to_vector``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from os import PathLike
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from npnets.activations import get_activation


class Forward(NamedTuple):
    """What one forward pass computed, layer by layer."""

    inputs: list[np.ndarray]
    """a_0 = x, a_1, …, a_{L-1}: what each layer was given, (n, fan_in) each."""
    preactivations: list[np.ndarray]
    """z_1, …, z_L, (n, fan_out) each; the last is the output of the network."""


@dataclass(frozen=True, eq=False, repr=False)
class Network:
    """A network with hidden activation φ and a linear output layer.

    Parameters
    ----------
    weights : one (fan_out, fan_in) array per layer
    biases : one (fan_out,) array per layer
    activation : one of npnets.activations.ACTIVATIONS
    slope : finite number, used by leaky_relu

    Arrays are copied and stored read-only, all of one dtype: float32 if all of them are, float64
    otherwise. NaN and infinite parameters are allowed, so that a diverged run can be kept.

    Raises
    ------
    ValueError
        If the layers do not chain, a bias does not fit its weights, or a width is zero.

    >>> net = Network([[[2.0]]], [[1.0]])
    >>> net([0.0, 3.0]).tolist()
    [[1.0], [7.0]]
    >>> net.widths, net.parameters.tolist()
    ((1, 1), [2.0, 1.0])
    """

    weights: Sequence[np.ndarray]
    biases: Sequence[np.ndarray]
    activation: str = "relu"
    slope: float = 0.01

    def __post_init__(self) -> None:
        get_activation(self.activation, self.slope)
        weights = [real_array(f"weights[{k}]", w) for k, w in enumerate(self.weights)]
        biases = [real_array(f"biases[{k}]", b) for k, b in enumerate(self.biases)]
        _check_layers(weights, biases)
        single = all(array.dtype == np.float32 for array in (*weights, *biases))
        dtype = np.float32 if single else np.float64
        object.__setattr__(self, "weights", tuple(_frozen(w, dtype) for w in weights))
        object.__setattr__(self, "biases", tuple(_frozen(b, dtype) for b in biases))
        object.__setattr__(self, "slope", float(self.slope))

    @classmethod
    def from_parameters(
        cls,
        widths: Sequence[int],
        theta: ArrayLike,
        activation: str = "relu",
        slope: float = 0.01,
    ) -> Network:
        """The network of these widths (with input and output) and parameter vector θ, (P,).

        >>> Network.from_parameters((1, 2, 1), range(7)).weights[1].tolist()
        [[4.0, 5.0]]
        """
        return cls(*split_parameters(real_array("theta", theta), widths), activation, slope)

    def with_parameters(self, theta: ArrayLike) -> Network:
        """The network of these widths and this activation at other parameters θ, (P,).

        Raises
        ------
        ValueError
            If θ does not hold P real numbers.

        >>> Network([[[2.0]]], [[1.0]], "tanh").with_parameters([3.0, 4.0]).parameters.tolist()
        [3.0, 4.0]
        """
        return Network.from_parameters(self.widths, theta, self.activation, self.slope)

    @cached_property
    def widths(self) -> tuple[int, ...]:
        """Input, hidden and output widths, e.g. (1, 5, 7, 4, 1)."""
        return (self.weights[0].shape[1], *(len(b) for b in self.biases))

    @property
    def depth(self) -> int:
        """The number of hidden layers."""
        return len(self.weights) - 1

    @property
    def dtype(self) -> np.dtype:
        """The dtype of every parameter, and of all that is computed from them."""
        return self.weights[0].dtype

    @property
    def parameters(self) -> np.ndarray:
        """θ, (P,): W_1 row-major, b_1, W_2, b_2, …; a copy."""
        return join_parameters(self.weights, self.biases)

    def __repr__(self) -> str:
        widths = "-".join(map(str, self.widths))
        return f"<Network {widths} {self.activation} {self.dtype}>"

    def __call__(self, x: ArrayLike) -> np.ndarray:
        """The outputs, (n, d_out), of the samples x, (n, d_in) or (n,) when d_in is 1."""
        return self.forward(x).preactivations[-1]

    def forward(self, x: ArrayLike) -> Forward:
        """Everything a forward pass of the samples x computes, in the network's dtype.

        >>> net = Network([[[1.0], [-1.0]], [[1.0, 1.0]]], [[0.0, 0.0], [0.0]])
        >>> [z.tolist() for z in net.forward([3.0]).preactivations]
        [[[3.0, -3.0]], [[3.0]]]
        """
        phi = get_activation(self.activation, self.slope).value
        inputs = [samples_like(x, self.widths[0]).astype(self.dtype, copy=False)]
        preactivations = [inputs[0] @ self.weights[0].T + self.biases[0]]
        for w, b in zip(self.weights[1:], self.biases[1:], strict=True):
            inputs.append(phi(preactivations[-1]))
            preactivations.append(inputs[-1] @ w.T + b)
        return Forward(inputs, preactivations)


def check_network(name: str, value: object) -> Network:
    """The value, if it is a network.

    >>> check_network("net", "net.npz")
    Traceback (most recent call last):
    ValueError: net must be a Network, got 'net.npz', which npnets.load may read
    """
    if isinstance(value, Network):
        return value
    file = ", which npnets.load may read" if isinstance(value, (str, PathLike)) else ""
    raise ValueError(f"{name} must be a Network, got {value!r}{file}")


def check_widths(widths: Sequence[int]) -> tuple[int, ...]:
    """The widths as a tuple of ints, input and output included.

    >>> check_widths((1, 0, 1))
    Traceback (most recent call last):
    ValueError: widths must be positive integers, got (1, 0, 1)
    """
    if isinstance(widths, np.ndarray):
        widths = widths.tolist()
    integers = isinstance(widths, Sequence) and all(
        issubclass(kind, (int, np.integer)) and kind is not bool for kind in set(map(type, widths))
    )
    if not integers or min(widths, default=1) < 1:
        raise ValueError(f"widths must be positive integers, got {widths!r}")
    if len(widths) < 2:
        raise ValueError(f"widths must hold at least input and output, got {widths!r}")
    return tuple(map(int, widths))


def parameter_count(widths: Sequence[int]) -> int:
    """P = Σ_l fan_out (fan_in + 1).

    >>> parameter_count((1, 5, 7, 4, 1))
    89
    """
    return sum(fan_out * (fan_in + 1) for fan_in, fan_out in pairwise(check_widths(widths)))


def join_parameters(weights: Sequence[np.ndarray], biases: Sequence[np.ndarray]) -> np.ndarray:
    """θ, (P,), from one (fan_out, fan_in) and one (fan_out,) array per layer."""
    return np.concatenate(
        [array.ravel() for layer in zip(weights, biases, strict=True) for array in layer]
    )


def split_parameters(
    theta: np.ndarray, widths: Sequence[int]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The weights and biases of each layer as views of θ, (P,).

    >>> split_parameters(np.arange(4.0), (1, 1, 1))
    ([array([[0.]]), array([[2.]])], [array([1.]), array([3.])])
    """
    widths = check_widths(widths)
    count = parameter_count(widths)
    if theta.shape != (count,):
        raise ValueError(f"theta must have shape ({count},) for widths {widths}, got {theta.shape}")
    weights, biases, start = [], [], 0
    for fan_in, fan_out in pairwise(widths):
        middle, end = start + fan_out * fan_in, start + fan_out * (fan_in + 1)
        weights.append(theta[start:middle].reshape(fan_out, fan_in))
        biases.append(theta[middle:end])
        start = end
    return weights, biases


def samples_like(x: ArrayLike, d_in: int) -> np.ndarray:
    """The samples x as (n, d_in), in the dtype they come in; (n,) will do when d_in is 1.

    >>> samples_like([1, 2], 1).tolist()
    [[1], [2]]
    """
    array = real_array("x", x)
    if array.ndim == 1 and d_in == 1:
        array = array[:, None]
    if array.ndim != 2 or array.shape[1] != d_in:
        raise ValueError(f"x must have shape (n, {d_in}), got {array.shape}")
    return array


def real_array(name: str, value: ArrayLike) -> np.ndarray:
    """The value as an array of real numbers, in the dtype it comes in.

    >>> real_array("x", ["a"])
    Traceback (most recent call last):
    ValueError: x must hold real numbers, got dtype <U1
    """
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name} must be an array of real numbers: {error}") from error
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} must hold real numbers, got dtype {array.dtype}")
    return array


def _check_layers(weights: list[np.ndarray], biases: list[np.ndarray]) -> None:
    if not weights or len(weights) != len(biases):
        raise ValueError(
            "weights and biases must hold one array per layer each, "
            f"got {len(weights)} and {len(biases)}"
        )
    for k, (w, b) in enumerate(zip(weights, biases, strict=True)):
        fan_in = len(biases[k - 1]) if k > 0 else "fan_in"
        if w.ndim != 2 or fan_in not in ("fan_in", w.shape[1]):
            raise ValueError(f"weights[{k}] must have shape (fan_out, {fan_in}), got {w.shape}")
        if b.shape != w.shape[:1]:
            raise ValueError(f"biases[{k}] must have shape {w.shape[:1]}, got {b.shape}")
    check_widths((weights[0].shape[1], *(len(b) for b in biases)))


def _frozen(array: np.ndarray, dtype: type) -> np.ndarray:
    copy: np.ndarray = np.array(array, dtype=dtype, order="C")
    copy.setflags(write=False)
    return copy
