"""The Anatomy of Small Neural Networks: the Hessian of a trained network."""

from __future__ import annotations

from npnets.claims.model import (
    Claim,
    Figure,
    about,
    at_least,
    at_most,
    between,
    count,
    exactly,
    magnitude,
    near,
    roughly,
    rounds_to,
)
from npnets.claims.sources import ANATOMY as SOURCE

_BARRIER = (
    "highest excess of the loss over the line between its ends, on the straight way between two "
    "networks, mean over pairs; on which domain is a variant"
)
_TIER_MEANING = (
    "steep > 0.1 ≥ moderate > 1e-3 ≥ weak > 1e-6 ≥ zero, where Adam stopped; whether negative ones "
    "are zeros, or count by their magnitude, is a variant"
)

CLAIMS = (
    Claim(
        "A1",
        f"{SOURCE}, 3.1",
        "Trained on 2x + 1, the 49 Hessian eigenvalues of 1-16-1 fall into four tiers; the first "
        "eigenvector moves the intercept of the line, the second its slope.",
        (
            Figure("parameters", "49", exactly(49), arithmetic=True),
            *(
                Figure(tier, claimed, between(low, high), "eigenvalues", _TIER_MEANING)
                for tier, claimed, low, high in (
                    ("steep", "3–4", 3, 4),
                    ("moderate", "5–8", 5, 8),
                    ("weak", "23–24", 23, 24),
                    ("zero", "13–16", 13, 16),
                )
            ),
            Figure("lambda_1", "17.4", about(17.4), meaning="where Adam stopped"),
            Figure("lambda_2", "6.1", about(6.1), meaning="likewise"),
            Figure("lambda_ratio", "2.84", about(2.84), meaning="λ1 / λ2"),
            Figure(
                "cosine_intercept",
                "aligned",
                at_least(0.9),
                meaning="|cosine| of the first eigenvector and ∂intercept/∂θ; what the line is "
                "fitted on is a variant",
            ),
            Figure(
                "cosine_slope",
                "aligned",
                at_least(0.9),
                meaning="|cosine| of the second eigenvector and ∂slope/∂θ",
            ),
        ),
    ),
    Claim(
        "A2",
        f"{SOURCE}, 3.2",
        "Without hidden neurons the Hessian on 2x + 1 is about 2I. The first neuron brings one "
        "moderate direction and one flat one, its scaling symmetry; each further neuron brings "
        "none that is steep, so that the steep share of all parameters falls like 1/k.",
        (
            Figure("lambda_1_at_0", "2.012", about(2.012)),
            Figure("lambda_2_at_0", "2.000", about(2.0)),
            Figure("fraction_at_0", "1.00", rounds_to("1.00"), meaning="steep eigenvalues / P"),
            Figure("steep_at_1", "2", exactly(2), "eigenvalues", _TIER_MEANING),
            Figure("moderate_at_1", "1", exactly(1), "eigenvalues", "likewise"),
            Figure("flat_at_1", "1", exactly(1), "eigenvalues", "weak, zero or negative ones"),
            Figure(
                "cosine_scaling_at_1",
                "1.0000",
                rounds_to("1.0000"),
                meaning="|cosine| of the flattest eigenvector and the scaling direction, alive "
                "neurons only",
            ),
            Figure(
                "steep_per_neuron",
                "0",
                near(0, 0.25),
                "eigenvalues",
                "slope of the least-squares line through the counts at k = 1…16, where Adam "
                "stopped",
            ),
            Figure("moderate_per_neuron", "~1", near(1, 0.5), "eigenvalues", "likewise"),
            Figure("weak_per_neuron", "~2", near(2, 0.5), "eigenvalues", "likewise"),
            Figure("fraction_at_1", "0.50", rounds_to("0.50"), meaning="steep eigenvalues / P"),
            Figure("fraction_at_16", "0.08", about(0.08), meaning="steep eigenvalues / P"),
            Figure(
                "fraction_exponent",
                "-1",
                near(-1, 0.1),
                meaning="slope of log fraction against log k, k = 1…16",
            ),
        ),
    ),
    Claim(
        "A3",
        f"{SOURCE}, 3.3",
        "From a trained 1-16-1 on 2x + 1 the loss climbs within one unit along steep and moderate "
        "eigenvectors and stays negligible along weak and zero ones, far beyond the neighbourhood: "
        "the solutions are a manifold of some 3k dimensions among 3k + 2 parameters.",
        (
            Figure(
                "steep_at_1",
                "1–10",
                between(1, 10),
                meaning="loss at ±1, the larger, mean over the tier; where the walk starts is a "
                "variant",
            ),
            Figure("moderate_at_1", "~0.01", magnitude(0.01), meaning="loss at ±1, likewise"),
            Figure("weak_at_3", "< 1e-4", at_most(1e-4), meaning="loss at ±3, likewise"),
            Figure(
                "zero_anywhere",
                "< 1e-5",
                at_most(1e-5),
                meaning="largest loss up to ±100, likewise",
            ),
            Figure(
                "weak_reach",
                "> 60 %",
                at_least(0.6),
                meaning="distance along a weak eigenvector at which the loss passes 1e-4, the "
                "shorter of both ways, over ‖θ‖, median over the tier",
            ),
            Figure(
                "flat_per_neuron",
                "~3",
                near(3, 0.3),
                "dimensions",
                "eigenvalues of at most 1e-3, over k",
            ),
            Figure("parameters_beyond_3k", "2", exactly(2), meaning="P - 3k", arithmetic=True),
        ),
    ),
    Claim(
        "A4",
        f"{SOURCE}, 3.4",
        "A hundred trained 1-16-1 fill parameter space almost evenly. Matching their neurons by "
        "correlation of activations shrinks the cloud without flattening it, and all but removes "
        "the loss barrier between two networks on 2x + 1, though not on x².",
        (
            Figure("components", "28", count(28), meaning="principal ones for 95 % of variance"),
            Figure("component_1", "7.5 %", about(0.075), meaning="share of the variance"),
            Figure("component_2", "7.1 %", about(0.071), meaning="share of the variance"),
            Figure("components_matched", "27", count(27), meaning="once all match the first model"),
            Figure("variance_drop", "52.9 %", near(0.529, 0.1), meaning="by matching to the first"),
            Figure("barrier", "2.12", magnitude(2.12), meaning=_BARRIER),
            Figure("barrier_matched", "0.088", magnitude(0.088), meaning="once the pair matches"),
            Figure(
                "barrier_drop",
                "95.8 %",
                near(0.958, 0.1),
                meaning="1 less barrier_matched / barrier",
            ),
            Figure("barrier_drop_quadratic", "49.6 %", near(0.496, 0.1), meaning="likewise, on x²"),
            Figure(
                "distance_share",
                "42 %",
                near(0.42, 0.1),
                meaning="share of ‖θ - θ'‖ that matching the pair removes, mean over pairs",
            ),
            Figure("distance_share_quadratic", "27 %", near(0.27, 0.1), meaning="likewise, on x²"),
            Figure(
                "function_distance_quadratic",
                "1.21",
                about(1.21),
                meaning="RMS difference of pairs trained on x², mean; on which domain is a variant",
            ),
        ),
    ),
    Claim(
        "A5",
        f"{SOURCE}, 3.5",
        "Scaling a neuron's inputs up and its output down leaves the function alone: a tenth of "
        "the distance between networks, and one flat Hessian direction for each neuron.",
        (
            Figure(
                "distance_share",
                "~10 %",
                roughly(0.1),
                meaning="share of ‖θ - θ'‖ that balancing each neuron removes: incoming weight "
                "and bias as long as the outgoing weight; of which distance is a variant",
            ),
            Figure(
                "flat_per_neuron",
                "~1",
                near(1, 0.25),
                "directions",
                "of the space of alive neurons' scaling directions, that lie among eigenvectors of "
                "|λ| ≤ 1e-6 of the polished network; per alive neuron",
            ),
        ),
    ),
)
