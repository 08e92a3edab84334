"""How far can a trained 1-16-1 go along its Hessian's eigenvectors before the loss is felt?

Networks of 16 ReLUs are trained on 2x + 1. From each, one goes along every eigenvector of the
Hessian, both ways, and takes the larger loss on held-out samples of N(0, 1); the tier's loss is the
mean over its eigenvectors. The source starts from a converged network, which may mean where Adam
stopped or a minimum: each network is walked from as it is and once it is polished.

The source's four tiers have no place for negative eigenvalues; they are taken as they are, among
the zeros, and by magnitude. How far a weak eigenvector reaches is where the loss first passes 1e-4,
the shorter of both ways, and 0 if the loss is above that at the start. Eigenvectors of the zeros of
a minimum are any basis of their space, each a mixture of all flat directions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from npnets.claims import Measurement
from npnets.claims.sources import TIERS

if TYPE_CHECKING:
    from npnets.landscape.spectrum import Spectrum
    from npnets.network import Network

CLAIMS = ("A3",)
WEAK = 2
#: What is compared with the tiers' thresholds.
READINGS = ("λ", "|λ|")
#: In units of weights.
DISTANCES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
#: The loss at which a weak eigenvector's reach ends.
BOUND = 1e-4


@dataclass(frozen=True)
class Config:
    """``replicates`` under each of ``inits``; weak eigenvectors are followed for ``furthest``."""

    inits: tuple[str, ...] = ("torch", "normal")
    replicates: int = 32
    neurons: int = 16
    steps: int = 2000
    samples: int = 1000
    furthest: float = 10.0

    @classmethod
    def smoke(cls) -> Config:
        """Two replicates of one initialisation."""
        return cls(inits=("torch",), replicates=2)


@dataclass(frozen=True, eq=False)
class Walks:
    """Along the P eigenvectors of each of K networks, tier by tier; NaN where a tier is empty."""

    reading: str
    """What the tiers are of: λ or |λ|."""
    counts: np.ndarray
    """(K, 4) the eigenvectors in each tier."""
    loss: np.ndarray
    """(K, 4, T) the mean over the tier of the larger loss of both ways."""
    predicted: np.ndarray
    """(K, 4, T) the same to second order."""
    reach: np.ndarray
    """(K,) the median over the weak ones of the distance to the bound, divided by ‖θ‖."""


@dataclass(frozen=True, eq=False)
class Start:
    """K networks that are walked from, and both readings of the tiers."""

    init: str
    place: str
    """"Adam" or "minimum"."""
    loss: np.ndarray
    """(K,) the mean squared error on the samples."""
    walks: tuple[Walks, ...]


@dataclass(frozen=True, eq=False)
class Result:
    """``of`` every initialisation and place; to ``distances`` (T,)."""

    neurons: int
    parameters: int
    distances: np.ndarray
    of: tuple[Start, ...]


def run(config: Config) -> Result:
    """Train and walk, polish and walk again."""
    from npnets.network import parameter_count

    return Result(
        config.neurons,
        parameter_count((1, config.neurons, 1)),
        np.array(DISTANCES),
        tuple(start for init in config.inits for start in _starts(config, init)),
    )


def check(result: Result) -> list[Measurement]:
    found = [Measurement("A3.parameters_beyond_3k", result.parameters - 3 * result.neurons)]
    one_away, three_away = (DISTANCES.index(t) for t in (1.0, 3.0))
    for start in result.of:
        for walks in start.walks:
            steep, moderate, weak, zero = np.moveaxis(walks.loss, 1, 0)
            values = {
                "steep_at_1": steep[:, one_away],
                "moderate_at_1": moderate[:, one_away],
                "weak_at_3": weak[:, three_away],
                "zero_anywhere": zero.max(axis=1),
                "weak_reach": walks.reach,
                "flat_per_neuron": walks.counts[:, WEAK:].sum(axis=1) / result.neurons,
            }
            variant = f"init={start.init}, start={start.place}, tiers of {walks.reading}"
            found += [Measurement(f"A3.{name}", v, variant) for name, v in values.items()]
    return found


def _starts(config: Config, init: str) -> list[Start]:
    from npnets.landscape.anatomy import spectra_of_shape

    found = spectra_of_shape(
        (config.neurons,),
        "linear",
        n=config.samples,
        seeds=range(config.replicates),
        steps=config.steps,
        init=init,
    )
    return [
        Start(init, place, landscape.loss, _walks(config, landscape.networks))
        for place, landscape in (("Adam", found.trained), ("minimum", found.polished))
    ]


def _walks(config: Config, nets: Sequence[Network]) -> tuple[Walks, ...]:
    from npnets.landscape.spectrum import spectra, tiers_of
    from npnets.landscape.tier_walks import tier_walks
    from npnets.samples import held_out
    from npnets.targets import get_target

    x = held_out(1)[: config.samples]
    y = get_target("linear", 1)(x)
    found, decomposed = tier_walks(nets, x, y, DISTANCES), spectra(nets, x, y)
    eigenvalues = np.array([spectrum.eigenvalues for spectrum in decomposed])
    reaches = np.array(
        [_reaches(*pair, x, y, config.furthest) for pair in zip(nets, decomposed, strict=True)]
    )
    walks = []
    for reading, values in zip(READINGS, (eigenvalues, np.abs(eigenvalues)), strict=True):
        tiers = np.minimum(tiers_of(values), TIERS.index("zero"))
        inside = tiers[:, None, :] == np.arange(len(TIERS))[:, None]
        reach = [
            np.median(shares[weak]) if weak.any() else np.nan
            for shares, weak in zip(reaches, inside[:, WEAK], strict=True)
        ]
        loss, predicted = _means(found.loss, inside), _means(found.predicted, inside)
        walks.append(Walks(reading, inside.sum(axis=2), loss, predicted, np.array(reach)))
    return tuple(walks)


def _means(values: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """(K, 4, T) of values (K, P, T) over the eigenvectors inside each tier, (K, 4, P)."""
    counts = inside.sum(axis=2)[..., None]
    with np.errstate(invalid="ignore"):
        return inside.astype(np.float64) @ values / counts


def _reaches(
    net: Network, spectrum: Spectrum, x: np.ndarray, y: np.ndarray, furthest: float
) -> np.ndarray:
    """(P,) the distance to the bound over ‖θ‖, of eigenvectors whose |λ| is weak; NaN of others."""
    from npnets.backprop import loss
    from npnets.curvature import exact_inputs
    from npnets.landscape.spectrum import tiers_of
    from npnets.landscape.walk import flat_distance

    weak = tiers_of(np.abs(spectrum.eigenvalues)) == WEAK
    if loss(exact_inputs(net, x)[0], x, y) > BOUND:
        return np.where(weak, 0.0, np.nan)
    assert spectrum.eigenvectors is not None
    shares = np.full(len(weak), np.nan)
    for i in np.flatnonzero(weak):
        ways = (spectrum.eigenvectors[:, i], -spectrum.eigenvectors[:, i])
        shares[i] = min(flat_distance(net, way, x, y, BOUND, furthest).share for way in ways)
    return shares
