"""Hessians: npnets beside PyTorch and jax, one network at a time and a thousand.

Compared are the seconds for the Hessian of one network on 1000 samples, on one thread, checks
included. The last rows are what users wait for: spectra of trained networks on two threads, with
LAPACK's share of that time, and the dynamics of claim A6.
"""

from __future__ import annotations

import random
import time
from functools import partial
from pathlib import Path

import numpy as np

from bench.hessian_peers import (
    HESSIANS,
    Shape,
    Task,
    blas_gram,
    make_network,
    make_samples,
    torch_func_hessian,
)
from bench.runner import Case, Measure, Prepare, Row, clock

SHAPES: dict[str, Shape] = {"16": (16,), "5-7-4": (5, 7, 4)}
AT_ONCE = ("torch.func", "torch.autograd, vectorized")


def cases(quick: bool, folder: Path) -> list[Case]:
    return [
        *(one_network(name, shape, quick) for name, shape in SHAPES.items()),
        many_networks(quick),
        spectra_of_trained(quick),
        dynamics_of_claim(quick),
    ]


def one_network(name: str, shape: Shape, quick: bool) -> Case:
    contenders: dict[str, Prepare] = {
        library: partial(seconds_per_hessian, task, shape, 1 if quick else 5)
        for library, task in HESSIANS.items()
    }
    contenders["npnets"] = partial(seconds_per_hessian, HESSIANS["npnets"], shape, 200)
    contenders["BLAS, J Jᵀ alone"] = partial(seconds_per_hessian, blas_gram, shape, 200)
    text = f"Hessian of {name}"
    rows = [
        Row(f"{text} vs torch.autograd", "npnets", ("torch.autograd, row by row",), at_least=100),
        Row(f"{text} vs torch, all rows at once", "npnets", AT_ONCE, at_least=30),
        Row(f"{text} vs jax.hessian", "npnets", ("jax",), at_least=20),
        Row(f"{text} vs BLAS's J Jᵀ alone", "npnets", ("BLAS, J Jᵀ alone",), at_most=2.5),
    ]
    return Case(f"hessian-{name}", contenders, rows, repeats=3 if quick else 9)


def seconds_per_hessian(task: Task, shape: Shape, times: int) -> Measure:
    run = task(make_network(shape), *make_samples())

    def repeat() -> None:
        for _ in range(times):
            run()

    return clock(repeat, per=times)


def many_networks(quick: bool) -> Case:
    """A thousand shapes of 16 neurons in one call, and a loop over some of them in torch."""
    from npnets.shapes import compositions

    shapes = random.Random(0).sample(compositions(16), 100 if quick else 1000)
    return Case(
        "hessians",
        {
            "npnets": partial(npnets_seconds_per_network, shapes),
            "torch.func": partial(torch_seconds_per_network, shapes[: 2 if quick else 20]),
        },
        [Row(f"Hessians of {len(shapes):,} shapes", "npnets", ("torch.func",), at_least=50)],
        repeats=3 if quick else 5,
    )


def npnets_seconds_per_network(shapes: list[Shape]) -> Measure:
    from npnets.landscape.hessians import hessians

    nets, (x, y) = [make_network(shape) for shape in shapes], make_samples()
    return clock(lambda: hessians(nets, x, y, threads=1), per=len(nets))


def torch_seconds_per_network(shapes: list[Shape]) -> Measure:
    runs = [torch_func_hessian(make_network(shape), *make_samples()) for shape in shapes]
    return clock(lambda: [run() for run in runs], per=len(runs))


def spectra_of_trained(quick: bool) -> Case:
    count = 100 if quick else 1000
    return Case(
        "spectra",
        {
            "spectra": partial(seconds_for_spectra, count),
            "LAPACK": partial(share_of_lapack, count),
        },
        [
            Row(
                "Hessians and eigenpairs of 1,000 trained 16s, 2 threads",
                "spectra",
                unit="s",
                at_most=1 / 3,
            ),
            Row("of which LAPACK's eigh, one thread", "LAPACK", unit="of the time"),
        ],
    )


def seconds_for_spectra(count: int) -> Measure:
    from npnets.landscape.spectrum import spectra
    from npnets.training import train

    trained, (x, _) = train([(16,)] * count, "linear", seeds=range(count)), make_samples()
    nets = [trained.network(k) for k in range(count)]
    return clock(lambda: spectra(nets, x, 2 * x + 1, threads=2), per=count / 1000)


def share_of_lapack(count: int) -> Measure:
    from npnets.landscape.hessians import hessians
    from npnets.landscape.spectrum import spectra

    net, (x, y) = make_network((16,)), make_samples()
    nets = [net] * count
    matrices = np.array(hessians(nets, x, y, threads=1))

    def measure() -> float:
        start = time.perf_counter()
        np.linalg.eigh(matrices)
        middle = time.perf_counter()
        spectra(nets, x, y, threads=1)
        return (middle - start) / (time.perf_counter() - middle)

    return measure


def dynamics_of_claim(quick: bool) -> Case:
    from npnets.landscape.dynamics import dynamics

    seeds = range(8 if quick else 32)

    def prepare() -> Measure:
        return clock(lambda: dynamics((16,), "linear", seeds=seeds, threads=2))

    return Case(
        "dynamics",
        {"dynamics": prepare},
        [Row(f"dynamics of 16, {len(seeds)} replicates", "dynamics", unit="s", at_most=3)],
    )
