"""Does a single hidden layer need 2^(n-1) neurons for the parity of n bits?

Networks of one layer and of several are built for ever more bits and tried on all 2^n inputs. One
layer is built in two ways: with a neuron for each odd input, as the source counts them, up to as
many bits as can be tried; and with n - 1 neurons, which look at the sum of all bits. For four bits
these are three, and no fewer are enough, see ``zigzag``. That gradient descent finds them is not
said by that: networks of one layer are also trained on the 16 inputs of four bits.

A network is right where its output is above ½ if and only if the parity is 1. Those that are built
are exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from npnets.claims import Measurement, get_claim

if TYPE_CHECKING:
    from npnets.network import Network

CLAIMS = ("C5",)
claimed = get_claim("C5").number
#: The bits that the claim counts neurons for.
FEW, MANY = 4, 20
#: The kinds of networks that have one hidden layer.
SHALLOW = ("minterms", "zigzag")


@dataclass(frozen=True)
class Config:
    """``bits`` to build for, up to ``minterm_bits`` with a neuron for each odd input.

    For four bits ``replicates`` of each of ``widths`` are trained.
    """

    bits: tuple[int, ...] = tuple(range(2, 21))
    minterm_bits: int = 12
    widths: tuple[int, ...] = (3, 4, 8, 16)
    replicates: int = 32
    steps: int = 2000

    @classmethod
    def smoke(cls) -> Config:
        """Only the bits that the claim is about, and two networks trained, too little."""
        return cls(bits=(4, 20), minterm_bits=4, widths=(8,), replicates=2, steps=200)


@dataclass(frozen=True, eq=False)
class Built:
    """Networks of one kind, for ``bits`` (B,), with so many hidden ``neurons`` (B,)."""

    kind: str
    bits: np.ndarray
    neurons: np.ndarray
    error: np.ndarray
    """(B,) the largest difference between output and parity over all inputs."""


@dataclass(frozen=True, eq=False)
class Result:
    """What was built, and how many of the ``replicates`` of ``widths`` (W,) were ``right`` (W,)."""

    built: tuple[Built, ...]
    replicates: int
    widths: np.ndarray
    right: np.ndarray

    def of(self, kind: str) -> Built:
        return next(one for one in self.built if one.kind == kind)


def run(config: Config) -> Result:
    """Build and try all, then train."""
    from npnets.constructions.parities import parity

    few = [n for n in config.bits if n <= config.minterm_bits]
    return Result(
        (
            _built("minterms", few, [parity(n, "minterms") for n in few]),
            _built("zigzag", config.bits, [zigzag(n) for n in config.bits]),
            _built("tree", config.bits, [parity(n, "tree") for n in config.bits]),
            _built("folds", config.bits, [parity(n, "folds") for n in config.bits]),
        ),
        config.replicates,
        np.array(config.widths),
        np.array([_right(config, width) for width in config.widths]),
    )


def check(result: Result) -> list[Measurement]:
    tree = result.of("tree")
    right = tree.neurons[(tree.bits == MANY) & (tree.error < 0.5)]
    return [
        Measurement("C5.shallow_4", smallest_layer(result, FEW)),
        Measurement("C5.shallow_20", smallest_layer(result, MANY)),
        Measurement("C5.deep_20", right),
    ]


def smallest_layer(result: Result, bits: int) -> int:
    """The neurons of the smallest single hidden layer found that is right on all inputs."""
    layers = map(result.of, SHALLOW)
    found = [one.neurons[(one.bits == bits) & (one.error < 0.5)] for one in layers]
    if bits == FEW:
        found.append(result.widths[result.right > 0])
    return int(np.concatenate(found).min())


def zigzag(n: int) -> Network:
    """The parity of n bits by one hidden layer of n - 1 neurons, for n ≥ 4; of n for fewer bits.

        6 - φ(3s - 2) + 2 φ(s - 2) - 2 φ(3 - s) + Σ_{4 ≤ i < n} 2 (-1)^i φ(s - i),   s = Σ_j x_j

    It has the slopes 2, -1, 1, -1, … on pieces from 0 to ⅔, to 2, to 3 and so on, and so is 0, 1,
    0, 1, … at s = 0, 1, 2, 3, … One neuron looks left, so that there is a slope before the first
    hinge, and the pieces are one more than the neurons.

    Three neurons are the fewest for n = 4, even if outputs are only to be above a threshold t where
    the parity is 1 and below it elsewhere: with the fourth bit 0 they tell that of three bits, for
    which two neurons are not enough. For f = c ± φ(u) ± φ(v) of affine u and v, {f < t} or {f > t}
    is the intersection of three half-spaces at most. It holds the four points of one parity, and
    the half-spaces leave out the other four. But one that leaves out two points leaves out the
    middle between them, which is the middle of a face of the cube, and so one of the other two
    points of that face.

    >>> zigzag(20).widths
    (20, 19, 1)
    >>> zigzag(4)([[0, 0, 0, 0], [0, 1, 0, 0], [1, 1, 0, 0], [1, 0, 1, 1]])[:, 0].tolist()
    [0.0, 1.0, 0.0, 1.0]
    """
    from npnets.constructions.parities import parity
    from npnets.network import Network

    if n < 4:
        return parity(n, "sum")
    slopes, hinges = np.ones(n - 1), np.arange(1.0, n)
    slopes[0], hinges[0] = 3, 2
    slopes[2], hinges[2] = -1, -3
    jumps = 2.0 * (-1) ** np.arange(1, n)
    jumps[0] = -1
    return Network([np.outer(slopes, np.ones(n)), jumps[None]], [-hinges, np.array([6.0])])


def _built(kind: str, bits: Sequence[int], nets: Sequence[Network]) -> Built:
    from npnets.constructions.parities import parity_error

    neurons = np.array([sum(net.widths[1:-1]) for net in nets])
    return Built(kind, np.array(bits), neurons, np.array([parity_error(net) for net in nets]))


def _right(config: Config, width: int) -> int:
    """How many networks of one width learn the parity of four bits."""
    from npnets.backends.blas import one_blas_thread
    from npnets.constructions.parities import binary_inputs
    from npnets.fitting import fit
    from npnets.initializers import initialize

    x = binary_inputs(FEW)
    odd = x.sum(axis=1, keepdims=True) % 2
    right = 0
    with one_blas_thread():
        for seed in range(config.replicates):
            net = fit(initialize((FEW, width, 1), seed=seed), x, odd, steps=config.steps)
            right += bool(np.all((net(x) > 0.5) == (odd > 0.5)))
    return right
