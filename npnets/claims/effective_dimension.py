"""The effective dimension of random ReLU networks of constant width n on m ≤ n^(1-δ) inputs."""

from __future__ import annotations

import math

from npnets.claims.model import Claim, Figure, at_least, at_most, near, rounds_to
from npnets.claims.sources import DIMENSION as SOURCE

_RHO = 1 - 2 / math.pi
_DIMENSION = "rank of the (m, n) activations"

CLAIMS = (
    Claim(
        "B1",
        f"{SOURCE}, key results",
        "The expected rank of the activations of m inputs grows with the layer ℓ towards m, as "
        "m·(1 - (1 - 2/π)^ℓ).",
        tuple(
            Figure(
                f"layer_{layer}",
                f"{1 - _RHO**layer:.3f}",
                near(1 - _RHO**layer, 0.02),
                "of m",
                f"mean {_DIMENSION}",
            )
            for layer in range(1, 6)
        ),
    ),
    Claim(
        "B2",
        f"{SOURCE}, key results",
        "What is missing to full rank shrinks by the same factor, 1 - 2/π, from layer to layer.",
        (
            Figure("rho", "0.3634", rounds_to("0.3634"), meaning="1 - 2/π", arithmetic=True),
            Figure(
                "ratio",
                "0.3634",
                near(_RHO, 0.02),
                meaning="m - dimension at layer ℓ + 1 over that at ℓ, mean over ℓ = 1…4",
            ),
        ),
    ),
    Claim(
        "B3",
        f"{SOURCE}, key results",
        "The dimension does not grow steadily but comes back in peaks at evenly spaced depths, of "
        "about four fifths of m.",
        (
            Figure(
                "peaks",
                "local maxima",
                at_least(1),
                "peaks",
                f"of the mean {_DIMENSION} over 30 layers, by more than its 95 % interval",
            ),
            Figure(
                "first_peak",
                "1.55",
                near(0.5 * math.pi / math.log(1 / _RHO), 0.5),
                "layers",
                "½π / log(1/ρ) with ρ = 1 - 2/π",
            ),
            Figure(
                "spacing", "3.10", near(math.pi / math.log(1 / _RHO), 0.5), "layers", "π / log(1/ρ)"
            ),
            Figure("height", "79 %", near(0.79, 0.1), "of m"),
        ),
    ),
    Claim(
        "B4",
        f"{SOURCE}, key results",
        "The dimension keeps close to its mean: a deviation by εm is at most 2·exp(-ε²m/4) likely.",
        (
            Figure(
                "excess",
                "≤ 0",
                at_most(0),
                meaning="largest over ε = 0.01…0.5 and layers: share of networks that deviate by "
                "more than εm, less the bound",
            ),
        ),
    ),
    Claim(
        "B5",
        f"{SOURCE}, boundary conditions",
        "Such peaks go with Gaussian weights and ReLU: there are none with orthogonal weights, and "
        "none with a leaky ReLU of large slope.",
        (
            Figure("peaks_gaussian", "some", at_least(1), "peaks", "as in B3"),
            Figure("peaks_orthogonal", "none", at_most(0), "peaks", "as in B3"),
            Figure("peaks_leaky", "none", at_most(0), "peaks", "as in B3, slope 0.5"),
        ),
    ),
)
