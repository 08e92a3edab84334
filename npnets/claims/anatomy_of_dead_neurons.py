"""The Anatomy of Small Neural Networks: neurons that no input wakes."""

from __future__ import annotations

from npnets.claims.model import (
    Claim,
    Figure,
    about,
    at_least,
    between,
    count,
    exactly,
    magnitude,
    roughly,
)
from npnets.claims.sources import ANATOMY as SOURCE

_LOSSES = (
    ("relu", "1.19e-3", None),
    ("leaky_relu", "5.30e-4", "2.2"),
    ("gelu", "5.47e-4", "2.2"),
    ("tanh", "4.15e-4", "2.9"),
)
_DEAD = (("16", 2, 0), ("5-7-4", 3, 6), ("4-4-4-4", 4, 7), ("5-1-4-6", 2, 10))

CLAIMS = (
    Claim(
        "A0",
        f"{SOURCE}, 2.3",
        "Neurons called dead because 64 samples leave them silent are more, by some 40 %, than "
        "those that 1000 samples leave silent.",
        (
            Figure(
                "overestimate",
                "~40 %",
                roughly(0.4),
                meaning="dead on 64 samples over dead on 1000, less 1, summed over a seed's shapes",
            ),
        ),
    ),
    Claim(
        "A17",
        f"{SOURCE}, 6.6",
        "With a second input more neurons die in the narrow layers of deep shapes.",
        tuple(
            Figure(f"dead_{target}_{shape}", str(dead), count(dead), "neurons")
            for shape, in_1d, in_2d in _DEAD
            for target, dead in (("quadratic", in_1d), ("interaction", in_2d))
        ),
    ),
    Claim(
        "A18",
        f"{SOURCE}, 7.1",
        "On x² sixteen neurons do at least twice as well with an activation that lets a gradient "
        "through on the negative side.",
        (
            *(
                Figure(
                    name,
                    loss,
                    magnitude(float(loss)),
                    meaning="loss over the variance of x², in distribution",
                )
                for name, loss, _ in _LOSSES
            ),
            *(
                Figure(
                    f"advantage_{name}",
                    f"{gain}×",
                    about(float(gain)),
                    meaning="loss of ReLU over its own",
                )
                for name, _, gain in _LOSSES
                if gain
            ),
        ),
    ),
    Claim(
        "A19",
        f"{SOURCE}, 7.2",
        "Dead neurons that are drawn anew make further training somewhat better, and are dead "
        "again 2000 steps later.",
        (
            Figure(
                "improvement",
                "11–20 %",
                between(0.11, 0.20),
                meaning="1 less the loss over that of training on without it",
            ),
            Figure(
                "dead_again",
                "they die",
                at_least(0.5),
                meaning="share of the revived neurons that are dead after 2000 steps",
            ),
        ),
    ),
    Claim(
        "A20",
        f"{SOURCE}, 7.3",
        "What counts is the number of neurons alive: 16 leaky ones do as well on x² as 20 of ReLU. "
        "Yet 16 of ReLU do worse than 12.",
        (
            Figure("leaky_16_over_relu_20", "equal", about(1.0), meaning="loss over loss, medians"),
            Figure("alive_relu_20", "15", count(15), "neurons"),
            Figure("alive_relu_16", "11", count(11), "neurons"),
            Figure("alive_relu_12", "10", count(10), "neurons"),
            Figure("relu_16_over_relu_12", "worse", at_least(1), meaning="loss over loss, medians"),
        ),
    ),
    Claim(
        "A21",
        f"{SOURCE}, 7.4",
        "In 1-8-8-1 it is the second layer that dies, and each of its dead neurons costs more "
        "parameters than one of a single layer.",
        (
            Figure("dead_first", "0", count(0), "neurons"),
            Figure("dead_second", "3", count(3), "neurons"),
            Figure("wasted_deep", "10", exactly(10), "parameters", arithmetic=True),
            Figure("wasted_shallow", "3", exactly(3), "parameters", arithmetic=True),
        ),
    ),
)
