"""Initial parameters: each weight drawn with a spread that its layer's fans decide.

A normal scheme's spread is the standard deviation s, a uniform scheme's the bound √3·s of U(-a, a).

    torch       U(±1/√fan_in), weights and biases        PyTorch's nn.Linear
    he          s = gain/√fan_in                         He et al. (2015), gain √(2/(1 + slope²))
    xavier      s = √(2/(fan_in + fan_out))              Glorot and Bengio (2010)
    lecun       s = 1/√fan_in                            LeCun et al. (1998)
    normal      s = 1, or any: "normal:0.1"
    constant    all weights 0.5, or any: "constant:0.1"
    orthogonal  rows or columns orthonormal              Saxe et al. (2014)

Biases are zero except for torch. Every parameter owns one draw, in the order of θ.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from npnets.activations import get_activation
from npnets.choices import check_choice
from npnets.network import Network, check_widths, join_parameters, split_parameters
from npnets.randomness import generator

_SPREADS: dict[str, Callable[[int, int, float], float]] = {
    "torch": lambda fan_in, fan_out, gain: math.sqrt(1 / fan_in),
    "he_normal": lambda fan_in, fan_out, gain: gain * math.sqrt(1 / fan_in),
    "he_uniform": lambda fan_in, fan_out, gain: gain * math.sqrt(3 / fan_in),
    "xavier_normal": lambda fan_in, fan_out, gain: math.sqrt(2 / (fan_in + fan_out)),
    "xavier_uniform": lambda fan_in, fan_out, gain: math.sqrt(6 / (fan_in + fan_out)),
    "lecun_normal": lambda fan_in, fan_out, gain: math.sqrt(1 / fan_in),
    "lecun_uniform": lambda fan_in, fan_out, gain: math.sqrt(3 / fan_in),
}
_DEFAULT_NUMBERS = {"normal": 1.0, "constant": 0.5}
_UNIFORM = ("torch", "he_uniform", "xavier_uniform", "lecun_uniform")

#: What a scheme's number may be at most; its draws are far from the range of float32.
MOST_NUMBER = 1e30

SCHEMES = (*_SPREADS, *_DEFAULT_NUMBERS, "orthogonal")


def initialize(
    widths: Sequence[int],
    scheme: str = "torch",
    seed: int = 0,
    activation: str = "relu",
    slope: float = 0.01,
) -> Network:
    """A float64 network of these widths (input and output included), freshly drawn.

    Raises
    ------
    ValueError
        If widths, scheme, seed, activation or slope break their rule.

    >>> initialize((1, 2, 1), "constant:0.1").parameters.tolist()
    [0.1, 0.1, 0.0, 0.0, 0.1, 0.1, 0.0]
    """
    theta = initial_parameters(widths, scheme, seed, activation, slope)
    return Network.from_parameters(widths, theta, activation, slope)


def initial_parameters(
    widths: Sequence[int],
    scheme: str = "torch",
    seed: int = 0,
    activation: str = "relu",
    slope: float = 0.01,
) -> np.ndarray:
    """The parameter vector θ, (P,) float64, of `initialize` with the same arguments.

    Activation and slope matter to the He schemes only: gain √(2/(1 + slope²)) for leaky_relu,
    √2 for all others.
    """
    widths = check_widths(widths)
    get_activation(activation, slope)
    name, number = _parse_scheme(scheme)
    gain = math.sqrt(2) / (math.hypot(1, slope) if activation == "leaky_relu" else 1)
    spreads, counts = [], []
    for fan_in, fan_out in pairwise(widths):
        spread = _SPREADS[name](fan_in, fan_out, gain) if name in _SPREADS else number
        spreads += [spread, spread if name == "torch" else 0.0]
        counts += [fan_out * fan_in, fan_out]
    draws = _draw(name, sum(counts), generator(seed, "initialization", *widths))
    if name == "orthogonal":
        draws = _orthogonal_layers(draws, widths)
    # Adding zero turns the -0.0 of a negative draw with no spread into 0.0.
    return draws * np.repeat(spreads, counts) + 0.0


def _parse_scheme(scheme: str) -> tuple[str, float]:
    name, colon, text = str(scheme).partition(":")
    check_choice("scheme", name, SCHEMES)
    if not colon:
        return name, _DEFAULT_NUMBERS.get(name, 1.0)
    if name not in _DEFAULT_NUMBERS:
        raise ValueError(f"scheme {name} takes no number, got {scheme!r}")
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not abs(number) <= MOST_NUMBER or (name == "normal" and number <= 0):
        rule = "positive" if name == "normal" else "finite"
        raise ValueError(f"scheme {name} takes a {rule} number, got {scheme!r}")
    return name, number


def _draw(name: str, count: int, random: np.random.Generator) -> np.ndarray:
    if name == "constant":
        return np.ones(count)
    return random.uniform(-1, 1, count) if name in _UNIFORM else random.standard_normal(count)


def _orthogonal_layers(draws: np.ndarray, widths: tuple[int, ...]) -> np.ndarray:
    weights, biases = split_parameters(draws, widths)
    return join_parameters([_orthonormal(w) for w in weights], biases)


def _orthonormal(w: np.ndarray) -> np.ndarray:
    """The uniformly distributed orthonormal rows (or columns, if fewer) that QR makes of w."""
    tall = w if w.shape[0] >= w.shape[1] else w.T
    q, r = np.linalg.qr(tall)
    q = q * np.where(np.diag(r) < 0, -1, 1)
    return q if tall is w else q.T
