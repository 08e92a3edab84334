"""How many linear pieces has the tent map, composed k times, and how many neurons does it take?

The network of k layers is built and its affine pieces on [0, 1] are counted, exactly. A single
hidden layer needs 2^k neurons for the same function: one for every breakpoint, and one more, as no
sum of jumps of the slope by ±2^(k+1) is the slope 2^k before the first. Nothing is random.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from npnets.claims import Measurement

CLAIMS = ("D3",)
#: The compositions whose pieces the claim counts.
COUNTED = (1, 2, 5, 10)


@dataclass(frozen=True)
class Config:
    """Up to so many ``compositions``; those ``drawn`` are kept as functions."""

    compositions: int = 10
    drawn: tuple[int, ...] = (1, 2, 5)

    @classmethod
    def smoke(cls) -> Config:
        """The full protocol, which takes no time."""
        return cls()


@dataclass(frozen=True, eq=False)
class Function:
    """A continuous piecewise linear function, by its ``knots`` (m,) and ``values`` (m,) there."""

    compositions: int
    knots: np.ndarray
    values: np.ndarray


@dataclass(frozen=True, eq=False)
class Result:
    """``pieces`` and hidden ``neurons``, (K,), of k = 1 … K compositions, and the ``drawn``."""

    pieces: np.ndarray
    neurons: np.ndarray
    drawn: tuple[Function, ...]


def run(config: Config) -> Result:
    """Build, and count."""
    from npnets.constructions.sawtooths import sawtooth
    from npnets.regions.line import breakpoints

    nets = [sawtooth(k) for k in range(1, config.compositions + 1)]
    found = [breakpoints(net, 0.0, 1.0) for net in nets]
    functions = []
    for k in config.drawn:
        knots = np.array([0.0, *found[k - 1].breakpoints, 1.0])
        functions.append(Function(k, knots, nets[k - 1](knots)[:, 0]))
    return Result(
        np.array([one.counts.affine_pieces for one in found]),
        np.array([sum(net.widths[1:-1]) for net in nets]),
        tuple(functions),
    )


def check(result: Result) -> list[Measurement]:
    k = np.arange(1, len(result.pieces) + 1)
    return [
        *(Measurement(f"D3.pieces_{k}", result.pieces[k - 1]) for k in COUNTED),
        Measurement("D3.neurons_per_fold", result.neurons / k),
    ]
