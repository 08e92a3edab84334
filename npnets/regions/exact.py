"""A piecewise linear network in exact arithmetic: the judge of every sign that floats can't decide.

Floating-point weights are dyadic rationals, W = V·2⁻ᵉ with whole V. So a forward pass at a rational
point, and the affine map on a whole cell, are sums of products of whole numbers over one common
denominator, and their signs are known for certain, whatever the depth:

    z_l = (V_l a_{l-1} + c_l s_{l-1}) / s_l,     s_l = s_{l-1} 2^e_l

where a_{l-1} are the numerators of the layer's inputs over s_{l-1}, c_l = b_l 2^e_l, and s_0 is the
denominator of the point.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from numbers import Rational
from typing import NamedTuple

import numpy as np

from npnets.network import Network, check_network

#: The activations of which every cell's function is affine.
PIECEWISE_LINEAR = ("relu", "leaky_relu", "identity")


class ExactLayer(NamedTuple):
    """One layer's weights and biases: whole numbers over 2^exponent."""

    weights: np.ndarray
    """(fan_out, fan_in) of int, dtype object."""
    biases: np.ndarray
    """(fan_out,) of int, dtype object."""
    exponent: int


class Scaled(NamedTuple):
    """Exact numbers over one positive denominator."""

    numerators: np.ndarray
    """Of int, dtype object: their signs are the numbers' signs."""
    denominator: int

    def fractions(self) -> list[Fraction]:
        """The numbers of a vector.

        >>> Scaled(np.array([3, -4], dtype=object), 8).fractions()
        [Fraction(3, 8), Fraction(-1, 2)]
        """
        return [Fraction(int(number), self.denominator) for number in self.numerators]


class ExactNetwork:
    """The network whose parameters are exactly the floats of ``net``.

    Raises
    ------
    ValueError
        If the activation is not piecewise linear, or a parameter is infinite or NaN.

    >>> net = Network([[[1.0], [1.0]], [[0.5, -1.0]]], [[0.0, -0.1], [0.0]])
    >>> exact = ExactNetwork(net)
    >>> [z.fractions() for z in exact.preactivations([Fraction(1, 10)])]
    [[Fraction(1, 10), Fraction(-1, 180143985094819840)], [Fraction(1, 20)]]

    The float 0.1 is a little more than 1/10, so the second neuron is not yet active there.
    """

    def __init__(self, net: Network) -> None:
        check_piecewise_linear(net)
        self.net = net
        self.slope = slope_below(net)

    @cached_property
    def layers(self) -> tuple[ExactLayer, ...]:
        """Whole weights and biases of each layer."""
        return exact_layers(self.net)

    @cached_property
    def _slope(self) -> tuple[int, int]:
        """The slope for z < 0 and that for z > 0, whole numbers over the latter."""
        return self.slope.as_integer_ratio()

    def preactivations(
        self, x: Sequence[Rational | float], layers: int | None = None
    ) -> list[Scaled]:
        """z_1, z_2, … at the point x of d_in rationals or floats: of all layers, or the first few.

        The last of all is the output.

        >>> ExactNetwork(Network([[[2.0]]], [[1.0]])).preactivations([0.25])[0].fractions()
        [Fraction(3, 2)]
        """
        values = _over_one_denominator(x)
        found = []
        for layer in self.layers[:layers]:
            z = affine(layer, values)
            found.append(z)
            values = self.activations(z)
        return found

    def activations(self, z: Scaled) -> Scaled:
        """φ(z): what the next layer is given."""
        return self.activated(z, z.numerators > 0)

    def maps(
        self,
        pattern: Sequence[Sequence[bool] | np.ndarray],
        layers: int | None = None,
        known: Sequence[Scaled] = (),
    ) -> list[Scaled]:
        """The preactivations as affine functions on the cell of that activation pattern.

        Parameters
        ----------
        pattern : of each hidden layer, whether each of its neurons is active; only the first
            ``layers`` - 1 are looked at
        layers : how many layers' maps; None for all, the output's last
        known : the first of them, if they have been computed before

        Returns
        -------
        of each layer (fan_out, d_in + 1) numbers: the gradient, then the constant

        >>> net = Network([[[1.0], [-1.0]], [[1.0, 1.0]]], [[0.0, 0.0], [0.0]])  # |x|
        >>> ExactNetwork(net).maps([[False, True]])[-1].numerators.tolist()
        [[-1, 0]]
        """
        found = list(known)
        for k, layer in enumerate(self.layers[len(known) : layers], start=len(known)):
            if k == 0:
                d_in = layer.weights.shape[1]
                values = Scaled(np.eye(d_in, d_in + 1, dtype=object), 1)
            else:
                values = self.activated(found[-1], np.asarray(pattern[k - 1], dtype=bool)[:, None])
            found.append(affine(layer, values))
        return found

    def activated(self, z: Scaled, active: np.ndarray) -> Scaled:
        """z where active, and slope times z elsewhere."""
        below, above = self._slope
        return Scaled(
            np.where(active, z.numerators * above, z.numerators * below), z.denominator * above
        )


def check_piecewise_linear(net: Network) -> None:
    """Refuse networks that have no linear regions, or no finite ones.

    Raises
    ------
    ValueError
        If it is no network, its activation is not piecewise linear, or a parameter is infinite or
        NaN.

    >>> check_piecewise_linear(Network([[[1.0]]], [[0.0]], activation="tanh"))
    Traceback (most recent call last):
    ...
    ValueError: activation must be one of relu, leaky_relu, identity for linear regions, got 'tanh'
    """
    check_network("net", net)
    if net.activation not in PIECEWISE_LINEAR:
        raise ValueError(
            f"activation must be one of {', '.join(PIECEWISE_LINEAR)} for linear regions, "
            f"got {net.activation!r}"
        )
    for name, arrays in (("weights", net.weights), ("biases", net.biases)):
        for k, array in enumerate(arrays):
            finite = np.isfinite(array)
            if not finite.all():
                bad = array.flat[np.argmin(finite)]
                raise ValueError(f"{name}[{k}] must be finite numbers, got {bad}")


def slope_below(net: Network) -> float:
    """φ'(z) for z < 0, where φ'(z) = 1 for z > 0.

    >>> slope_below(Network([[[1.0]]], [[0.0]]))
    0.0
    """
    return {"relu": 0.0, "leaky_relu": float(net.slope), "identity": 1.0}[net.activation]


def exact_layers(net: Network) -> tuple[ExactLayer, ...]:
    """Whole weights and biases of each layer.

    >>> exact_layers(Network([[[0.5]]], [[3.0]]))[0].biases.tolist()
    [6]
    """
    return tuple(map(_exact_layer, net.weights, net.biases))


def _exact_layer(weights: np.ndarray, biases: np.ndarray) -> ExactLayer:
    ratios = [float(value).as_integer_ratio() for value in (*weights.flat, *biases)]
    exponent = max(denominator.bit_length() - 1 for _, denominator in ratios)
    whole = np.empty(len(ratios), dtype=object)
    whole[:] = [above << (exponent + 1 - below.bit_length()) for above, below in ratios]
    return ExactLayer(whole[: weights.size].reshape(weights.shape), whole[weights.size :], exponent)


def _over_one_denominator(x: Sequence[Rational | float]) -> Scaled:
    numbers = [Fraction(value) for value in x]
    denominator = math.lcm(*(number.denominator for number in numbers))
    numerators = np.empty(len(numbers), dtype=object)
    numerators[:] = [number.numerator * (denominator // number.denominator) for number in numbers]
    return Scaled(numerators, denominator)


def affine(layer: ExactLayer, values: Scaled) -> Scaled:
    """W a + b of numbers (fan_in,), or of affine functions (fan_in, d_in + 1)."""
    z = layer.weights @ values.numerators
    constants = layer.biases * values.denominator
    if z.ndim == 1:
        z = z + constants
    else:
        z[:, -1] += constants
    return Scaled(z, values.denominator << layer.exponent)
