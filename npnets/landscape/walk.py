"""The loss along a straight line through parameter space, measured and predicted.

From θ along the unit vector d, with the gradient g and the Hessian H at θ,

    L(θ + t d) ≈ L + (g·d) t + ½ (dᵀ H d) t²

For an eigenvector of H the coefficient dᵀ H d is its eigenvalue. The prediction holds until the
next terms show, which for ReLU networks come with the first preactivation that changes its sign.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from numbers import Real
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from npnets.backprop import loss, loss_and_gradient
from npnets.curvature import exact_inputs, finite_array, hvp
from npnets.network import Network
from npnets.protocol import check_count
from npnets.records import to_json


@dataclass(frozen=True, eq=False)
class Walk:
    """The loss at the points θ + t d, where d has length 1."""

    distances: np.ndarray
    """(T,) t, in units of weights; where negative, the other way."""
    loss: np.ndarray
    """(T,) measured."""
    predicted: np.ndarray
    """(T,) L + (g·d) t + ½ (dᵀ H d) t²."""
    gradient: float
    """g·d, loss per unit of distance."""
    curvature: float
    """dᵀ H d, loss per unit of distance squared."""

    def to_json(self) -> str:
        """The fields as one JSON document; losses too large for a float become null."""
        return to_json(vars(self))


@dataclass(frozen=True, eq=False)
class FlatDistance:
    """How far a network can go in one direction before its loss passes a bound."""

    distance: float
    """Where the loss passes the bound, in units of weights; if it doesn't, the furthest looked."""
    passed: bool
    """Whether the loss passes the bound."""
    bound: float
    """The loss not to be passed."""
    weight_norm: float
    """‖θ‖ of the network."""

    @property
    def share(self) -> float:
        """The distance divided by the weight norm; infinite for a network of zeros."""
        return self.distance / self.weight_norm if self.weight_norm > 0 else math.inf

    def to_json(self) -> str:
        """The fields and the share as one JSON document; an infinite share becomes null."""
        return to_json(vars(self) | {"share": self.share})


def walk(
    net: Network,
    direction: ArrayLike,
    distances: ArrayLike,
    x: ArrayLike,
    y: ArrayLike,
    kind: str = "mse",
) -> Walk:
    """The loss on the samples x, targets y as θ moves along a direction, beside its prediction.

    Parameters
    ----------
    net : a network of P parameters
    direction : (P,) such as an eigenvector of the Hessian; its length does not matter
    distances : (T,) how far to go, in units of weights
    x, y : samples (n, d_in), targets (n, d_out)
    kind : one of npnets.losses.LOSSES

    Raises
    ------
    ValueError
        If an argument breaks its rule, or the direction is zero.

    >>> steps = walk(Network([[[2.0]]], [[1.0]]), [0.0, 3.0], [0.0, 1.0, 2.0], [1.0], [3.0])
    >>> steps.loss.tolist(), steps.predicted.tolist()
    ([0.0, 1.0, 4.0], [0.0, 1.0, 4.0])
    """
    line = _line(net, direction, x, y, kind)
    t = finite_array("distances", distances).astype(np.float64)
    if t.ndim != 1:
        raise ValueError(f"distances must have shape (T,), got {t.shape}")
    level, g = loss_and_gradient(line.net, line.x, line.y, kind)
    gradient = float(g @ line.unit)
    curvature = float(line.unit @ hvp(line.net, line.x, line.y, line.unit, kind))
    measured = np.array([line.loss(step) for step in t.tolist()])
    return Walk(t, measured, level + gradient * t + curvature / 2 * t**2, gradient, curvature)


def flat_distance(
    net: Network,
    direction: ArrayLike,
    x: ArrayLike,
    y: ArrayLike,
    bound: float,
    furthest: float,
    kind: str = "mse",
    *,
    steps: int = 200,
) -> FlatDistance:
    """How far a network can go in a direction until its loss on x, y passes a bound.

    Looks at equal steps; the first whose end is past the bound is halved down to rounding. A loss
    that passes the bound and comes back within one step goes unseen.

    Parameters
    ----------
    net, direction, x, y, kind : as for `walk`; the other way is a direction of its own
    bound : at least the loss of the network itself
    furthest : where to give up, in units of weights
    steps : from the network to the furthest point

    Raises
    ------
    ValueError
        If an argument breaks its rule, or the direction is zero.

    >>> found = flat_distance(Network([[[3.0]]], [[4.0]]), [0.0, 1.0], [0.0], [4.0], 2.25, 10.0)
    >>> found.passed, round(found.distance, 9), round(found.share, 9)
    (True, 1.5, 0.3)
    """
    line = _line(net, direction, x, y, kind)
    steps = check_count("steps", steps, 1)
    if not isinstance(furthest, Real) or not 0 < furthest < math.inf:
        raise ValueError(f"furthest must be a positive finite number, got {furthest!r}")
    start = line.loss(0.0)
    if not isinstance(bound, Real) or not start <= bound < math.inf:
        raise ValueError(
            f"bound must be finite, at least the network's loss {start}, got {bound!r}"
        )
    norm = float(np.linalg.norm(line.net.parameters))
    for inside, outside in pairwise(np.linspace(0, furthest, steps + 1).tolist()):
        if not line.loss(outside) <= bound:
            return FlatDistance(_crossing(line, bound, inside, outside), True, float(bound), norm)
    return FlatDistance(float(furthest), False, float(bound), norm)


class _Line(NamedTuple):
    """The straight line from a network along a unit vector, and what the loss is measured on."""

    net: Network
    unit: np.ndarray
    x: np.ndarray
    y: np.ndarray
    kind: str

    def loss(self, t: float) -> float:
        moved = self.net.with_parameters(self.net.parameters + t * self.unit)
        return loss(moved, self.x, self.y, self.kind)


def _line(net: Network, direction: ArrayLike, x: ArrayLike, y: ArrayLike, kind: str) -> _Line:
    exact, samples = exact_inputs(net, x)
    vector, size = finite_array("direction", direction), len(exact.parameters)
    if vector.shape != (size,):
        raise ValueError(f"direction must have shape ({size},), got {vector.shape}")
    largest = np.abs(vector).max()
    if largest == 0:
        raise ValueError("direction must not be zero, got a vector of zeros")
    vector = vector / largest  # so that no square under- or overflows
    return _Line(exact, vector / np.linalg.norm(vector), samples, finite_array("y", y), kind)


def _crossing(line: _Line, bound: float, inside: float, outside: float) -> float:
    """Where the loss passes the bound, from a point where it is within to one where not."""
    while inside < (middle := (inside + outside) / 2) < outside:
        if line.loss(middle) <= bound:
            inside = middle
        else:
            outside = middle
    return inside
