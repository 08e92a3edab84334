"""How much of what parts two trained networks is only the order of their neurons?

A hundred networks of 16 ReLUs are trained on 2x + 1 and a hundred on x², as often as there are
cohorts. The cloud of a cohort's parameter vectors is decomposed into principal components, as it is
and with the neurons of all networks matched to those of the first. Then pairs of networks, of which
none is in two, are matched one to the other; their distance and the loss barrier on the straight
way between them are taken before and after, and the distance between their functions.

The claim is about greedy matching by the correlation of activations. Beside it are reported the
matching of the highest sum of correlations, and the order that brings the parameters closest: of
all 16! the best, so that no matching can explain more of a distance. Samples, for correlations and
losses, are of either domain.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from npnets.claims import Measurement, get_claim

if TYPE_CHECKING:
    from npnets.network import Network

CLAIMS = ("A4",)
claimed = get_claim("A4").number
DOMAINS = ("N(0, 1)", "grid")
TARGETS = ("linear", "quadratic")
UNMATCHED, GREEDY = "unmatched", "greedy"
#: The share of the variance that the components counted have to explain.
EXPLAINED = 0.95


@dataclass(frozen=True)
class Config:
    """``cohorts`` of so many ``models`` under each of ``inits``, and ``pairs`` in each cohort."""

    inits: tuple[str, ...] = ("torch", "normal")
    cohorts: int = 32
    models: int = 100
    pairs: int = 25
    neurons: int = 16
    steps: int = 2000
    samples: int = 1000
    points: int = 11
    matchers: tuple[str, ...] = ("greedy", "assignment", "nearest")

    @classmethod
    def smoke(cls) -> Config:
        """Two small cohorts of networks trained less."""
        return cls(cohorts=2, models=12, pairs=3, steps=500, points=5)


@dataclass(frozen=True, eq=False)
class Matched:
    """What is left once neurons are matched, in each of C cohorts."""

    matcher: str
    """One of npnets.landscape.connectivity.MATCHERS, or "unmatched"."""
    components: np.ndarray
    """(C,) principal components that explain 95 % of the variance."""
    shares: np.ndarray
    """(C, P) the share of the variance that each component explains, descending."""
    variance: np.ndarray
    """(C,) mean squared distance of the parameter vectors from their mean."""
    distance: np.ndarray
    """(C, pairs) of the parameter vectors."""
    losses: np.ndarray
    """(C, points) on the straight way, mean over the pairs."""
    barrier: np.ndarray
    """(C, pairs)"""


@dataclass(frozen=True, eq=False)
class Cohorts:
    """Cohorts of one initialisation and target, looked at on one domain."""

    init: str
    target: str
    domain: str
    function_distance: np.ndarray
    """(C, pairs) root mean square."""
    of: tuple[Matched, ...]
    """Unmatched, and by each matcher."""

    def by(self, matcher: str) -> Matched:
        return next(one for one in self.of if one.matcher == matcher)


@dataclass(frozen=True, eq=False)
class Result:
    """The cohorts of each initialisation, target and domain."""

    of: tuple[Cohorts, ...]

    def cohorts(self, init: str, target: str, domain: str) -> Cohorts:
        wanted = (init, target, domain)
        return next(one for one in self.of if (one.init, one.target, one.domain) == wanted)


def run(config: Config) -> Result:
    """Train, match, and compare."""
    found = []
    for init, target in product(config.inits, TARGETS):
        nets = _train(config, init, target)
        found += [_compare(config, init, target, domain, nets) for domain in DOMAINS]
    return Result(tuple(found))


def check(result: Result) -> list[Measurement]:
    found = []
    for init, domain in product(dict.fromkeys(one.init for one in result.of), DOMAINS):
        line, square = (result.cohorts(init, target, domain) for target in TARGETS)
        before, after = line.by(UNMATCHED), line.by(GREEDY)
        values = {
            "components": before.components,
            "component_1": before.shares[:, 0],
            "component_2": before.shares[:, 1],
            "components_matched": after.components,
            "variance_drop": 1 - after.variance / before.variance,
            "barrier": before.barrier.mean(axis=1),
            "barrier_matched": after.barrier.mean(axis=1),
            "barrier_drop": barrier_drop(line, GREEDY),
            "barrier_drop_quadratic": barrier_drop(square, GREEDY),
            "distance_share": distance_share(line, GREEDY),
            "distance_share_quadratic": distance_share(square, GREEDY),
            "function_distance_quadratic": square.function_distance.mean(axis=1),
        }
        variant = f"init={init}, samples of {domain}"
        found += [Measurement(f"A4.{name}", v, variant) for name, v in values.items()]
    return found


def barrier_drop(cohorts: Cohorts, matcher: str) -> np.ndarray:
    """(C,) the share of the pairs' mean barrier that matching removes."""
    before, after = cohorts.by(UNMATCHED), cohorts.by(matcher)
    return 1 - after.barrier.mean(axis=1) / before.barrier.mean(axis=1)


def distance_share(cohorts: Cohorts, matcher: str) -> np.ndarray:
    """(C,) the share of a pair's distance that matching removes, mean over the pairs."""
    return np.mean(1 - cohorts.by(matcher).distance / cohorts.by(UNMATCHED).distance, axis=1)


def principal_shares(points: np.ndarray) -> np.ndarray:
    """The share of the variance of points (n, P) that each principal component explains, (P,)."""
    squares = np.linalg.svd(points - points.mean(axis=0), compute_uv=False) ** 2
    return np.pad(squares, (0, points.shape[1] - len(squares))) / squares.sum()


def _train(config: Config, init: str, target: str) -> list[list[Network]]:
    """The networks of each cohort."""
    from npnets.training import train

    count = config.cohorts * config.models
    shapes = [(config.neurons,)] * count
    trained = train(shapes, target, config.steps, init=init, seeds=np.arange(count))
    nets = [trained.network(k) for k in range(count)]
    return [nets[first : first + config.models] for first in range(0, count, config.models)]


def _compare(
    config: Config, init: str, target: str, domain: str, nets: list[list[Network]]
) -> Cohorts:
    from npnets.backends.blas import one_blas_thread
    from npnets.samples import held_out, uniform_grid

    x = uniform_grid(1) if domain == "grid" else held_out(1)[: config.samples]
    of = []
    with one_blas_thread():
        for matcher in (UNMATCHED, *config.matchers):
            found = [_match(config, target, x, cohort, matcher) for cohort in nets]
            stacked = {name: np.array([one[name] for one in found]) for name in found[0]}
            of.append(Matched(matcher, **stacked))
    distances = [
        [np.sqrt(np.mean((one(x) - other(x)) ** 2)) for one, other in _pairs(config, cohort)]
        for cohort in nets
    ]
    return Cohorts(init, target, domain, np.array(distances, np.float64), tuple(of))


def _pairs(config: Config, cohort: list[Network]) -> list[tuple[Network, Network]]:
    """Networks 0 and 1, 2 and 3, and so on."""
    ones, others = cohort[0 : 2 * config.pairs : 2], cohort[1 : 2 * config.pairs : 2]
    return list(zip(ones, others, strict=True))


def _match(
    config: Config, target: str, x: np.ndarray, cohort: list[Network], matcher: str
) -> dict[str, np.ndarray]:
    """The fields of `Matched` of one cohort."""
    from npnets.landscape.connectivity import barrier, losses_between, match_neurons, reorder
    from npnets.targets import get_target

    def like(one: Network, other: Network) -> Network:
        if matcher == UNMATCHED:
            return other
        return reorder(other, match_neurons(one, other, x, matcher))

    y = get_target(target)(x)
    cloud = np.array([like(cohort[0], net).parameters for net in cohort], np.float64)
    shares = principal_shares(cloud)
    pairs = [(one, like(one, other)) for one, other in _pairs(config, cohort)]
    apart = [np.subtract(one.parameters, other.parameters, dtype=float) for one, other in pairs]
    ways = np.array([losses_between(*pair, x, y, points=config.points) for pair in pairs])
    return {
        "components": 1 + np.sum(np.cumsum(shares) < EXPLAINED),
        "shares": shares,
        "variance": cloud.var(axis=0).sum(),
        "distance": np.linalg.norm(apart, axis=1),
        "losses": ways.mean(axis=0),
        "barrier": barrier(ways),
    }
