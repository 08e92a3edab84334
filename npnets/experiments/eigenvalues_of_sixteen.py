"""Into which tiers do the Hessian eigenvalues of a trained 1-16-1 fall, and what are the top two?

Networks of 16 ReLUs are trained on 2x + 1 by the source's protocol. All eigenvalues are taken on
held-out samples of N(0, 1), first where Adam stopped, which is where the source looked and what its
figures are judged by, and then at the minimum below, to which the networks are polished.

The source's four tiers have no place for negative eigenvalues, of which Adam leaves many. So they
are counted as they are, a negative one among the zeros, and by magnitude. The line through a
network's outputs, whose slope and intercept have gradients in θ, is fitted on N(0, 1) or the grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from npnets.claims import Measurement, get_claim
from npnets.claims.sources import TIERS

if TYPE_CHECKING:
    from npnets.landscape.spectrum import Spectrum
    from npnets.network import Network

CLAIMS = ("A1",)
claimed = get_claim("A1").bounds
#: What is compared with the tiers' thresholds.
READINGS = ("λ", "|λ|")
#: The samples that a line is fitted on.
LINES = ("N(0, 1)", "grid")


@dataclass(frozen=True)
class Config:
    """``replicates`` under each of ``inits``; ``samples`` give the Hessian."""

    inits: tuple[str, ...] = ("torch", "normal")
    replicates: int = 64
    neurons: int = 16
    steps: int = 2000
    samples: int = 1000

    @classmethod
    def smoke(cls) -> Config:
        """Two replicates of half the training."""
        return cls(replicates=2, steps=1000)


@dataclass(frozen=True, eq=False)
class Replicates:
    """K networks of P parameters, from one initialisation."""

    init: str
    loss: np.ndarray
    """(K,) the mean squared error on the samples where Adam stopped."""
    eigenvalues: np.ndarray
    """(K, P) of the Hessian there, descending."""
    cosines: np.ndarray
    """(K, lines, 2) |cosine| of eigenvector 1 and ∂intercept/∂θ, of 2 and ∂slope/∂θ."""
    polished: np.ndarray
    """(K, P) eigenvalues where polishing ended, descending."""
    reasons: tuple[str, ...]
    """(K) why it ended: "minimum" and others, see npnets.landscape.polish."""


@dataclass(frozen=True, eq=False)
class Result:
    """The replicates of each initialisation, and the thresholds of the tiers."""

    tier_thresholds: tuple[float, float, float]
    of: tuple[Replicates, ...]


def run(config: Config) -> Result:
    """Train, decompose, polish and decompose again."""
    from npnets.landscape.spectrum import TIER_THRESHOLDS

    replicates = tuple(_replicates(config, init) for init in config.inits)
    return Result(TIER_THRESHOLDS, replicates)


def check(result: Result) -> list[Measurement]:
    found = [Measurement("A1.parameters", result.of[0].eigenvalues.shape[1])]
    for one in result.of:
        for reading in READINGS:
            for line, cosines in zip(LINES, one.cosines.transpose(1, 2, 0), strict=True):
                variant = f"init={one.init}, tiers of {reading}, line on {line}"
                values = {
                    **dict(zip(TIERS, tier_counts(one.eigenvalues, reading).T, strict=True)),
                    "lambda_1": one.eigenvalues[:, 0],
                    "lambda_2": one.eigenvalues[:, 1],
                    "lambda_ratio": one.eigenvalues[:, 0] / one.eigenvalues[:, 1],
                    "cosine_intercept": cosines[0],
                    "cosine_slope": cosines[1],
                }
                found += [Measurement(f"A1.{name}", v, variant) for name, v in values.items()]
    return found


def tier_counts(eigenvalues: np.ndarray, reading: str = "λ") -> np.ndarray:
    """(K, 4) how many of the eigenvalues (K, P) are steep, moderate, weak, zero."""
    from npnets.landscape.spectrum import tiers_of

    values = np.abs(eigenvalues) if reading == "|λ|" else eigenvalues
    tiers = np.minimum(tiers_of(values), TIERS.index("zero"))
    return np.sum(tiers[:, :, None] == np.arange(len(TIERS)), axis=1)


def _replicates(config: Config, init: str) -> Replicates:
    from npnets.landscape.anatomy import spectra_of_shape
    from npnets.landscape.spectrum import spectra
    from npnets.samples import held_out, uniform_grid
    from npnets.targets import get_target

    x = held_out(1)[: config.samples]
    found = spectra_of_shape(
        (config.neurons,),
        "linear",
        n=len(x),
        seeds=range(config.replicates),
        steps=config.steps,
        init=init,
    )
    nets, lines = found.trained.networks, (x, uniform_grid(1))
    decomposed = spectra(nets, x, get_target("linear", 1)(x))
    return Replicates(
        init,
        found.trained.loss,
        found.trained.eigenvalues,
        np.array([_cosines(*pair, lines) for pair in zip(nets, decomposed, strict=True)]),
        found.polished.eigenvalues,
        found.reasons,
    )


def _cosines(net: Network, spectrum: Spectrum, lines: tuple[np.ndarray, ...]) -> np.ndarray:
    """(lines, 2) |cosine| of eigenvector 1 and ∂intercept/∂θ, of 2 and ∂slope/∂θ."""
    from npnets.landscape.directions import alignment, intercept_direction, slope_direction

    assert spectrum.eigenvectors is not None
    cosines = []
    for x in lines:
        directions = np.stack([intercept_direction(net, x), slope_direction(net, x)], axis=1)
        cosines.append(np.diag(alignment(spectrum.eigenvectors[:, :2], directions).cosines))
    return np.abs(cosines)
