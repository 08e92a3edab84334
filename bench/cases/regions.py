"""Linear regions: npnets beside regioncam and relucent in the plane, alone on lines and in space.

All on one thread, warm, but for the breakpoints of the main job's networks, which take two. The
plane is [-1, 1]², and cells come with their affine maps; peak memory is that of a whole process,
imports and all, and cold is a process that finds no compiled kernels. Nobody is timed who finds
other counts; regioncam's, in float32, may be off by a ten-thousandth.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bench.child import spawn
from bench.environment import users_environment
from bench.region_peers import (
    finding,
    he_network,
    npnets_cells,
    npnets_count,
    regioncam_cells,
    relucent_count,
)
from bench.runner import Case, Measure, Row, clock
from npnets.network import Network

PLANES = {"2-64-64-64": 15.0, "2-128-128-128": 25.0, "2-256-256": 25.0}
CELLS_ALONE = """
from bench.region_peers import he_network, npnets_cells
npnets_cells(he_network({widths}))()
"""
CELLS_COLD = """
import time
from bench.region_peers import he_network, npnets_cells
run = npnets_cells(he_network((2, 8, 8, 1)))
start = time.perf_counter()
run()
print(time.perf_counter() - start)
"""


def cases(quick: bool, folder: Path) -> list[Case]:
    return [
        *(plane(shape, aim, quick) for shape, aim in PLANES.items()),
        line(quick),
        study(quick),
        box(quick),
        space(quick),
        cold(folder),
    ]


def plane(shape: str, at_least: float, quick: bool) -> Case:
    hidden = map(int, shape.split("-")[1:])
    widths = (2, *(width // 8 if quick else width for width in hidden), 1)
    net = he_network(widths)
    contenders = {
        "npnets": lambda: clock(npnets_cells(net)),
        "certified": lambda: clock(npnets_cells(net, certify=True)),
        "regioncam": lambda: clock(
            finding(len(npnets_cells(net)()), regioncam_cells(net), apart=1e-4)
        ),
        "peak memory": lambda: partial(peak_megabytes, widths),
    }
    rows = [
        Row(f"cells of {shape} vs regioncam", "npnets", ("regioncam",), at_least=at_least),
        Row(f"cells of {shape}", "npnets", unit="s"),
        Row(f"cells of {shape}, certified vs not", "certified", ("npnets",), at_most=2),
        Row(f"cells of {shape}, peak memory", "peak memory", unit="MB", at_most=300),
    ]
    return Case(f"cells-{shape}", contenders, rows, repeats=3 if quick else 9)


def peak_megabytes(widths: tuple[int, ...]) -> float:
    program = CELLS_ALONE.format(widths=widths)
    return spawn([sys.executable, "-c", program], users_environment()).peak_bytes / 1e6


def line(quick: bool) -> Case:
    from npnets.constructions.sawtooths import sawtooth
    from npnets.regions.line import breakpoints

    folds = 12 if quick else 20
    deep, wide = sawtooth(folds), he_network((1, 64, 64, 64, 1))

    def run(net: Network, **options: Any) -> Callable[[], object]:
        return lambda: breakpoints(net, 0.0, 1.0, **options)

    return Case(
        "line",
        {
            "sawtooth": lambda: clock(
                finding(2**folds, run(deep), lambda found: len(found.slopes))
            ),
            "pieces": lambda: clock(run(wide)),
            "certified": lambda: clock(run(wide, certify=True)),
        },
        [
            Row(f"sawtooth's {2**folds:,} pieces", "sawtooth", unit="s", at_most=0.3),
            Row("pieces of 1-64-64-64, certified vs not", "certified", ("pieces",), at_most=2),
        ],
    )


def study(quick: bool) -> Case:
    """All networks of the main job on one target, trained before the clock starts."""
    neurons = 10 if quick else 16
    return Case(
        "breakpoints",
        {"npnets": partial(seconds_for_breakpoints, neurons)},
        [
            Row(
                f"breakpoints of all {2 ** (neurons - 1):,} trained networks, 2 threads",
                "npnets",
                unit="s",
                at_most=2,
            )
        ],
    )


def seconds_for_breakpoints(neurons: int) -> Measure:
    from npnets.regions.line import count_breakpoints
    from npnets.shapes import compositions
    from npnets.training import train

    trained = train(list(compositions(neurons)), "quadratic")
    nets = [trained.network(k) for k in range(len(trained.shapes))]
    return clock(lambda: count_breakpoints(nets, -5.0, 5.0, threads=2))


def box(quick: bool) -> Case:
    """A small network of two inputs, as one of any number of inputs is enumerated."""
    net = he_network((2, 4, 4, 1) if quick else (2, 16, 16, 1))
    return Case(
        "box",
        {
            "npnets": lambda: clock(npnets_count(net)),
            "relucent": lambda: clock(finding(npnets_count(net)(), relucent_count(net), int)),
        },
        [Row("regions of 2-16-16 by linear programs", "npnets", ("relucent",), at_least=200)],
        repeats=3,
    )


def space(quick: bool) -> Case:
    from npnets.regions.boxes import count_regions

    planes = 30 if quick else 100
    rng = np.random.default_rng(0)
    arrangement = Network(
        [rng.standard_normal((planes, 3)), np.ones((1, planes))],
        [rng.standard_normal(planes), np.zeros(1)],
    )
    regions = 1 + planes + planes * (planes - 1) // 2 + planes * (planes - 1) * (planes - 2) // 6

    def run() -> int:
        return count_regions(arrangement, threads=1).counts.activation_patterns

    return Case(
        "space",
        {"npnets": lambda: clock(finding(regions, run, int))},
        [Row(f"{planes} planes in R³, {regions:,} regions", "npnets", unit="s", at_most=30)],
        repeats=3,
    )


def cold(folder: Path) -> Case:
    return Case(
        "regions-cold",
        {"cells": lambda: partial(cold_seconds, folder)},
        [Row("first cells of all, cold", "cells", unit="s")],
        repeats=3,
    )


def cold_seconds(folder: Path) -> float:
    cache = Path(tempfile.mkdtemp(dir=folder))
    return float(spawn([sys.executable, "-c", CELLS_COLD], users_environment(cache)).stdout)
