"""Two threads beside one: ``train`` on the same mixed shapes of 16 neurons.

Compared is the whole call, with the initial parameters, which one thread draws for all.
"""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path

from bench.runner import Case, Measure, Row, Skipped, clock


def cases(quick: bool, folder: Path) -> list[Case]:
    count, steps = (512, 500) if quick else (2048, 2000)
    return [
        Case(
            "threads",
            {
                "2 threads": partial(train_mixed, count, steps, threads=2),
                "1 thread": partial(train_mixed, count, steps, threads=1),
            },
            [Row(f"{count:,} shapes, 2 threads", "2 threads", ("1 thread",), at_least=1.85)],
        )
    ]


def train_mixed(count: int, steps: int, threads: int) -> Measure:
    from npnets.backends import processors
    from npnets.shapes import compositions
    from npnets.training import train

    if processors() < threads:
        raise Skipped(f"there are not {threads} processors")
    shapes = random.Random(0).sample(compositions(16), count)
    return clock(lambda: train(shapes, "quadratic", steps=steps, threads=threads))
