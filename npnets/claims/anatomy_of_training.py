"""The Anatomy of Small Neural Networks: what training does to the Hessian."""

from __future__ import annotations

from npnets.claims.model import (
    Claim,
    Figure,
    at_least,
    at_most,
    between,
    count,
    magnitude,
    near,
    roughly,
)
from npnets.claims.sources import ANATOMY as SOURCE
from npnets.claims.sources import TIERS

_LOSS = "mean squared error; on which domain is a variant"
_TIER = "zero: negative ones included; whether tiers are of λ or of |λ| is a variant"
_DYNAMICS = (
    (0, "22.4", (27, 6, 8, 8)),
    (25, "2.21", (28, 5, 6, 10)),
    (50, "0.578", (23, 9, 6, 11)),
    (100, "0.250", (4, 27, 7, 11)),
    (200, "0.021", (4, 13, 23, 9)),
    (500, "0.011", (4, 27, 10, 8)),
    (3000, "5.7e-5", (4, 10, 27, 8)),
)

CLAIMS = (
    Claim(
        "A6",
        f"{SOURCE}, 4.1",
        "Along the training of 1-16-1 on 2x + 1 the Hessian starts out with more than half of its "
        "eigenvalues steep; between steps 50 and 100 all but four of them leave that tier.",
        (
            *(
                figure
                for step, loss, counts in _DYNAMICS
                for figure in (
                    Figure(f"loss_at_{step}", loss, magnitude(float(loss)), meaning=_LOSS),
                    *(
                        Figure(f"{tier}_at_{step}", str(n), count(n), "eigenvalues", _TIER)
                        for tier, n in zip(TIERS, counts, strict=True)
                    ),
                )
            ),
            Figure("collapse", "19", count(19), "eigenvalues", "steep at step 50, less at 100"),
        ),
    ),
    Claim(
        "A7",
        f"{SOURCE}, 4.2",
        "The first 3 % of the steps learn the function, with a loss down 400-fold; afterwards the "
        "parameters drift along weak directions, and those of dead neurons walk at random.",
        (
            Figure(
                "first_phase",
                "~3 %",
                roughly(0.03),
                meaning="share of the 3000 steps until the loss is 1/400 of the first",
            ),
            Figure(
                "loss_ratio",
                "400×",
                roughly(400),
                meaning="loss at step 0 over step 100; on which domain is a variant",
            ),
            Figure(
                "time_constant",
                "50–100",
                between(50, 100),
                "steps",
                "of an exponential fitted, over 200 steps, to the distance to θ(3000) within "
                "the steep directions there",
            ),
            Figure(
                "weak_movement",
                "almost all",
                at_least(0.9),
                meaning="share of the squared movement 200 → 500 → 1000 → 3000 in directions that "
                "are weak where a leg begins; tiers of λ or of |λ|: a variant",
            ),
            Figure(
                "walk_exponent",
                "random walk",
                near(0.5, 0.1),
                meaning="exponent of displacement within the zero directions of step 200 against "
                "steps after it, 50 to 1600",
            ),
            Figure(
                "zero_displacement",
                "±100",
                magnitude(100),
                meaning="largest along a zero direction of step 200, over the learning rate, which "
                "is what Adam moves a parameter in one step",
            ),
        ),
    ),
    Claim(
        "A8",
        f"{SOURCE}, 4.3",
        "The function of 1-16-1 is right to 1e-4 after some 500 steps, while its parameters are "
        "still one unit away from their last values at the end of 3000.",
        (
            Figure(
                "steps",
                "~500",
                roughly(500),
                "steps",
                "until the RMSE is at most 1e-4; on which domain is a variant",
            ),
            Figure(
                "distance",
                "~1.0",
                roughly(1.0),
                meaning="‖θ(3000) - θ(∞)‖, the latter after ten times the steps",
            ),
            Figure(
                "speed_ratio",
                "100–1000×",
                between(100, 1000),
                meaning="distance to θ(∞) over RMSE at step 3000, each as a share of step 0's",
            ),
        ),
    ),
    Claim(
        "A26",
        f"{SOURCE}, 9.4",
        "The number of steep eigenvalues settles before the loss does, and training can stop there "
        "with little lost.",
        (
            Figure(
                "settling_ratio",
                "before",
                at_most(1),
                meaning="step from which the steep count is its last one, over that from which the "
                "loss is at most twice its last one; or where rules that look back stop: a variant",
            ),
            Figure(
                "stop",
                "~3 %",
                roughly(0.03),
                meaning="share of the steps after which the count has settled, or its rule stops",
            ),
            Figure(
                "loss_ratio",
                "no improvement after",
                at_most(2),
                meaning="loss at that step over the last one, the median of the last tenth",
            ),
        ),
    ),
)
