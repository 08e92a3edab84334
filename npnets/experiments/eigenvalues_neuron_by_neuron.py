"""Which directions does each further hidden neuron bring to the Hessian of a network on 2x + 1?

Networks with k = 0 … 16 hidden ReLUs are trained by the source's protocol, and the eigenvalues of
each are counted by tier on held-out samples of N(0, 1): where Adam stopped, which the figures are
judged by, and at the minimum below, to which the networks are polished. Through each seed's counts
a line is laid over k. As the source's four tiers have no place for negative eigenvalues, these are
counted as they are, among the zeros, and by magnitude.

Without hidden neurons the Hessian is 2/n Σ (x, 1)(x, 1)ᵀ whatever the parameters; nothing is random
there but the sample, which is one for all seeds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from npnets.claims import Measurement, get_claim
from npnets.claims.sources import TIERS

if TYPE_CHECKING:
    from npnets.network import Network

CLAIMS = ("A2",)
claimed = get_claim("A2").number
#: What is compared with the tiers' thresholds.
READINGS = ("λ", "|λ|")


@dataclass(frozen=True)
class Config:
    """``replicates`` of every width up to ``most`` under each of ``inits``."""

    inits: tuple[str, ...] = ("torch", "normal")
    replicates: int = 32
    most: int = 16
    steps: int = 2000
    samples: int = 1000

    @classmethod
    def smoke(cls) -> Config:
        """Two replicates of up to four neurons, one initialisation."""
        return cls(inits=("torch",), replicates=2, most=4)


@dataclass(frozen=True, eq=False)
class Replicates:
    """K networks of every width k = 0 … W - 1, from one initialisation."""

    init: str
    loss: np.ndarray
    """(K, W) the mean squared error on the samples where Adam stopped."""
    tiers: np.ndarray
    """(K, W, 4) how many eigenvalues λ there are steep, moderate, weak, zero or negative."""
    magnitudes: np.ndarray
    """(K, W, 4) the same of |λ|."""
    polished: np.ndarray
    """(K, W, 4) the same of λ where polishing ended."""
    minima: np.ndarray
    """(W,) how many of the K networks polishing took to a minimum."""
    cosines: np.ndarray
    """(K,) of the flattest eigenvector and the scaling direction at k = 1; NaN if it is dead."""


@dataclass(frozen=True, eq=False)
class Result:
    """``parameters``, (W,), at every width; ``linear``, (2,), the eigenvalues without neurons."""

    parameters: np.ndarray
    linear: np.ndarray
    of: tuple[Replicates, ...]


def run(config: Config) -> Result:
    """Train every width, decompose, polish and decompose again."""
    from npnets.landscape.spectrum import spectrum
    from npnets.network import Network, parameter_count

    line = Network(weights=[np.array([[2.0]])], biases=[np.array([1.0])])
    return Result(
        np.array([2, *(parameter_count((1, k, 1)) for k in range(1, config.most + 1))]),
        spectrum(line, *_samples(config)).eigenvalues,
        tuple(_replicates(config, init) for init in config.inits),
    )


def check(result: Result) -> list[Measurement]:
    found = [
        Measurement("A2.lambda_1_at_0", result.linear[0]),
        Measurement("A2.lambda_2_at_0", result.linear[1]),
        Measurement("A2.fraction_at_0", np.mean(result.linear > 0.1)),
    ]
    k = np.arange(1, len(result.parameters))
    for one in result.of:
        for reading, tiers in zip(READINGS, (one.tiers, one.magnitudes), strict=True):
            steep, moderate, weak, zero = np.moveaxis(tiers[:, 1:], 2, 0)
            fraction = steep / result.parameters[1:]
            values = {
                "steep_at_1": steep[:, 0],
                "moderate_at_1": moderate[:, 0],
                "flat_at_1": weak[:, 0] + zero[:, 0],
                "cosine_scaling_at_1": one.cosines,
                "steep_per_neuron": slopes(k, steep),
                "moderate_per_neuron": slopes(k, moderate),
                "weak_per_neuron": slopes(k, weak),
                "fraction_at_1": fraction[:, 0],
                "fraction_at_16": fraction[:, -1],
                "fraction_exponent": slopes(np.log(k), np.log(fraction)),
            }
            variant = f"init={one.init}, tiers of {reading}"
            found += [Measurement(f"A2.{name}", v, variant) for name, v in values.items()]
    return found


def slopes(x: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(K,) of the least-squares line through each row of values (K, W) at x (W,)."""
    slope, _ = np.polyfit(x, values.T, 1)
    return slope


def _samples(config: Config) -> tuple[np.ndarray, np.ndarray]:
    from npnets.samples import held_out
    from npnets.targets import get_target

    x = held_out(1)[: config.samples]
    return x, get_target("linear", 1)(x)


def _replicates(config: Config, init: str) -> Replicates:
    from npnets.landscape.anatomy import anatomy

    found = anatomy(
        range(config.most + 1),
        "linear",
        n=config.samples,
        seeds=range(config.replicates),
        steps=config.steps,
        init=init,
    ).spectra
    trained = [one.trained.eigenvalues for one in found]
    return Replicates(
        init,
        np.stack([one.trained.loss for one in found], axis=1),
        np.stack([_counts(eigenvalues) for eigenvalues in trained], axis=1),
        np.stack([_counts(np.abs(eigenvalues)) for eigenvalues in trained], axis=1),
        np.stack([_counts(one.polished.eigenvalues) for one in found], axis=1),
        np.array([one.reasons.count("minimum") for one in found]),
        np.array([_cosine(net, *_samples(config)) for net in found[1].trained.networks]),
    )


def _counts(eigenvalues: np.ndarray) -> np.ndarray:
    """(K, 4) how many of the eigenvalues (K, P) are steep, moderate, weak, zero or negative."""
    from npnets.landscape.spectrum import tiers_of

    tiers = np.minimum(tiers_of(eigenvalues), TIERS.index("zero"))
    return np.sum(tiers[:, :, None] == np.arange(len(TIERS)), axis=1)


def _cosine(net: Network, x: np.ndarray, y: np.ndarray) -> float:
    """|cosine| of the flattest eigenvector and the scaling direction of a single neuron."""
    from npnets.landscape.directions import alignment, scaling_directions
    from npnets.landscape.spectrum import spectrum

    if (net.forward(x).preactivations[0] <= 0).all():
        return float("nan")
    found = spectrum(net, x, y)
    assert found.eigenvectors is not None
    flattest = found.eigenvectors[:, np.argmin(np.abs(found.eigenvalues))]
    return float(np.abs(alignment(flattest, scaling_directions(net)).cosines).item())
