"""Do four ReLUs that turn on at the quarters follow x² on [0, 1], and more of them more closely?

The interpolants of x² on n equal pieces are built for ever more neurons. Their knots are found in
the networks, exactly, and between any two of them the largest error is sought. Beside them are the
best network of one hidden layer, whose hinges are elsewhere, and a deep one that folds: what is
claimed is of the first. Nothing is random.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from npnets.claims import Measurement

if TYPE_CHECKING:
    from npnets.network import Network

CLAIMS = ("D1",)
#: The neurons of the source's example.
FEW = 4


@dataclass(frozen=True)
class Config:
    """Hidden ``neurons`` of one layer, and ``folds``, the layers of the deep networks."""

    neurons: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64, 128, 256)
    folds: tuple[int, ...] = tuple(range(1, 8))

    @classmethod
    def smoke(cls) -> Config:
        """Few neurons."""
        return cls(neurons=(1, 2, 4, 8, 16), folds=(1, 2, 3))


@dataclass(frozen=True, eq=False)
class Errors:
    """The largest errors (S,) on [0, 1] of networks of so many hidden ``neurons`` (S,)."""

    name: str
    neurons: np.ndarray
    error: np.ndarray


@dataclass(frozen=True, eq=False)
class Result:
    """The knots (5,) of four ReLUs and their outputs there, and the errors of every family."""

    knots: np.ndarray
    values: np.ndarray
    interpolants: Errors
    best: Errors
    deep: Errors


def run(config: Config) -> Result:
    """Build, and measure."""
    from npnets.constructions.squares import square_from_depth, square_from_relus

    knots = np.arange(FEW + 1) / FEW
    return Result(
        knots,
        square_from_relus(FEW)(knots)[:, 0],
        _errors("hinges at i/n, as claimed", [square_from_relus(n) for n in config.neurons]),
        _errors("best of one hidden layer", [square_from_relus(n, "sup") for n in config.neurons]),
        _errors("several layers, which fold", [square_from_depth(k) for k in config.folds]),
    )


def check(result: Result) -> list[Measurement]:
    from npnets.approximation import fit_power_law

    law = fit_power_law(result.interpolants.neurons, result.interpolants.error)
    return [
        Measurement("D1.knot_error", np.abs(result.values - result.knots**2).max()),
        Measurement("D1.error_exponent", law.exponent),
    ]


def _errors(name: str, nets: list[Network]) -> Errors:
    return Errors(
        name,
        np.array([sum(net.widths[1:-1]) for net in nets]),
        np.array([_largest_error(net) for net in nets]),
    )


def _largest_error(net: Network) -> float:
    from npnets.approximation import sup_error
    from npnets.regions.line import breakpoints

    knots = np.array([0.0, *breakpoints(net, 0.0, 1.0).breakpoints, 1.0])
    return sup_error(np.square, knots, net(knots)[:, 0])
