"""What do the singular values and right vectors of a trained 1-16-1's Jacobian look like?

Networks of 16 ReLUs are trained on 2x + 1, and the Jacobian of each, of the outputs at 1000 points
from -5 to 5 in the 49 parameters, is decomposed by one-sided Jacobi rotations. The source computed
in single precision, whose rounding is larger than the smallest values it reports; so the values are
also computed in it, by LAPACK. Which values are significant it does not say: here those above the
usual tolerance for a rank, max(n, P)·eps, or above 1e-3 or 1e-2 of the first.

Of each right vector it is asked how much of its squared length lies in the parameters of a single
neuron, and how it lies to the gradients of slope and intercept of the line fitted to the outputs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from npnets.claims import Measurement, get_claim

CLAIMS = ("A22",)
claimed = get_claim("A22").number
#: Shares of the first value that significant ones are above.
TOLERANCES = (1e-3, 1e-2)
#: Right vectors that are among the top ones.
TOP = 5


@dataclass(frozen=True)
class Config:
    """``replicates`` under each of ``inits``; ``points`` of the grid from -5 to 5."""

    inits: tuple[str, ...] = ("torch", "normal")
    replicates: int = 64
    neurons: int = 16
    steps: int = 2000
    points: int = 1000

    @classmethod
    def smoke(cls) -> Config:
        """Two replicates."""
        return cls(replicates=2)


@dataclass(frozen=True, eq=False)
class Replicates:
    """K networks of P parameters, from one initialisation."""

    init: str
    double: np.ndarray
    """(K, P) singular values, descending."""
    single: np.ndarray
    """(K, P) the same in single precision."""
    share: np.ndarray
    """(K, P) of a right vector's squared length in the neuron that has most of it."""
    cosine_slope: np.ndarray
    """(K, P) |cosine| of a right vector and ∂slope/∂θ."""
    cosine_intercept: np.ndarray
    """(K, P) |cosine| of a right vector and ∂intercept/∂θ."""


@dataclass(frozen=True, eq=False)
class Result:
    """The replicates of each initialisation, and the ``points`` that Jacobians are of."""

    points: int
    of: tuple[Replicates, ...]


def run(config: Config) -> Result:
    """Train and decompose."""
    return Result(config.points, tuple(_replicates(config, init) for init in config.inits))


def check(result: Result) -> list[Measurement]:
    found = []
    ranks = {precision: rank_tolerance(result, precision) for precision in ("double", "single")}
    cuts = [(precision, tolerance, "a rank's tolerance") for precision, tolerance in ranks.items()]
    cuts += [("single", tolerance, f"{tolerance:g} of the first") for tolerance in TOLERANCES]
    for one in result.of:
        cosines = np.maximum(one.cosine_slope, one.cosine_intercept)
        for precision, tolerance, text in cuts:
            sigma = one.double if precision == "double" else one.single
            share = sigma / sigma[:, :1]
            nonzero = share > ranks["double"]
            values = {
                "sigma_1": sigma[:, 0],
                "sigma_last": np.min(sigma, axis=1, where=nonzero, initial=np.inf),
                "significant": np.sum(share > tolerance, axis=1),
                "locality": np.median(one.share[:, :TOP], axis=1),
                "global_cosine": cosines.max(axis=1),
            }
            variant = f"init={one.init}, {precision} precision, above {text}"
            found += [Measurement(f"A22.{name}", v, variant) for name, v in values.items()]
    return found


def rank_tolerance(result: Result, precision: str) -> float:
    """max(n, P)·eps, as a share of the first value."""
    size = max(result.points, result.of[0].double.shape[1])
    return float(size * np.finfo(precision).eps)


def _replicates(config: Config, init: str) -> Replicates:
    from npnets.backends.blas import one_blas_thread
    from npnets.curvature import jacobian
    from npnets.landscape.jacobian_modes import jacobian_modes
    from npnets.landscape.replicates import replicates

    seeds, x = range(config.replicates), np.linspace(-5, 5, config.points)
    nets = replicates((config.neurons,), "linear", seeds=seeds, steps=config.steps, init=init)
    found = jacobian_modes(nets, x)
    with one_blas_thread():
        jacobians = np.array([jacobian(net, x) for net in nets], np.float32)
        single = np.linalg.svd(jacobians, compute_uv=False).astype(np.float64)
    assert found.cosine_slope is not None
    assert found.cosine_intercept is not None
    return Replicates(
        init,
        found.singular_values,
        single,
        found.share,
        found.cosine_slope,
        found.cosine_intercept,
    )
