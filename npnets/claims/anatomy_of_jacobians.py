"""The Anatomy of Small Neural Networks: functions made from the Jacobian."""

from __future__ import annotations

from npnets.claims.model import (
    Claim,
    Figure,
    about,
    at_least,
    at_most,
    count,
    magnitude,
)
from npnets.claims.sources import ANATOMY as SOURCE

_CONSTRUCTIONS = (
    ("3x+2", 3, "2e-4", "2e-4"),
    ("5x+3", 4, "1e-4", "1e-4"),
    ("-x+4", 5, "9e-4", "2e-3"),
    ("10x-5", 5, "1e-4", "1e-4"),
    ("-5x+10", 7, "1e-4", "1e-4"),
)

CLAIMS = (
    Claim(
        "A22",
        f"{SOURCE}, 8.1",
        "On 1000 grid points the Jacobian of a trained 1-16-1 has singular values from hundreds "
        "down to 1e-5; its leading right vectors belong to single neurons, none to the line's "
        "slope or intercept.",
        (
            Figure("sigma_1", "198", about(198)),
            Figure(
                "sigma_last",
                "1e-5",
                magnitude(1e-5),
                meaning="smallest above 1000·2⁻⁵²·σ_1; the precision of the Jacobian is a variant",
            ),
            Figure(
                "significant",
                "26",
                count(26),
                "of 49",
                "above a tolerance times σ_1, which the source leaves open: a variant",
            ),
            Figure(
                "locality",
                "single neurons",
                at_least(0.5),
                meaning="share of squared norm in the best neuron, median over the top 5 vectors",
            ),
            Figure(
                "global_cosine",
                "none",
                at_most(0.9),
                meaning="largest |cosine| of a right vector with ∂slope/∂θ or ∂intercept/∂θ of "
                "the line fitted on the grid",
            ),
        ),
    ),
    Claim(
        "A23",
        f"{SOURCE}, 8.2",
        "Asked for a slightly different line, the pseudoinverse of that Jacobian answers with a "
        "step many times as long as the parameter vector.",
        (
            Figure("condition", "2.5e7", magnitude(2.5e7)),
            Figure("amplification", "1.3e5", magnitude(1.3e5), meaning="1 / smallest σ kept"),
            Figure("step_norm", "59", magnitude(59), meaning="‖Δθ‖ for 2x + 1 → 2.1x + 1.05"),
            Figure("norm", "4.2", about(4.2), meaning="‖θ‖"),
        ),
    ),
    Claim(
        "A24",
        f"{SOURCE}, 8.3",
        "Asking only for slope and intercept makes a 2 × 49 system that is well conditioned, and "
        "right at the first step for changes of up to three units.",
        (
            Figure("condition", "2.4", about(2.4)),
            Figure(
                "error",
                "accurate",
                at_most(0.1),
                meaning="‖reached - wanted‖ over ‖wanted‖ in (slope, intercept), changes of norm 3",
            ),
        ),
    ),
    Claim(
        "A25",
        f"{SOURCE}, 8.4",
        "Repeating that step with a fresh Jacobian turns 2x + 1 into any other line within seven "
        "rounds.",
        tuple(
            figure
            for line, steps, slope, intercept in _CONSTRUCTIONS
            for figure in (
                Figure(
                    f"steps_{line}",
                    str(steps),
                    count(steps),
                    "rounds",
                    "until both errors are at most the claimed ones",
                ),
                Figure(
                    f"slope_error_{line}",
                    slope,
                    at_most(float(slope)),
                    meaning=f"after {steps} rounds",
                ),
                Figure(
                    f"intercept_error_{line}",
                    intercept,
                    at_most(float(intercept)),
                    meaning=f"after {steps} rounds",
                ),
            )
        ),
    ),
)
