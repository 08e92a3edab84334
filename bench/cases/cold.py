"""A cold start: what a process pays that finds no compiled kernels.

Compiling is the first call of ``train`` and ``measure`` less the same calls again, in a process
whose kernel cache is an empty folder, and numba imported before. The two whole commands beside
each other differ in the same; what ``pip install`` leaves behind (Python's bytecode) is there.
"""

from __future__ import annotations

import sys
import tempfile
from functools import partial
from pathlib import Path

from bench.child import spawn
from bench.environment import users_environment
from bench.runner import Case, Measure, Row

COMPILE = """
import time
from npnets.measures import measure
from npnets.training import train

def seconds():
    start = time.perf_counter()
    measure(train([(5, 7, 4)], "quadratic", steps=10, threads=1))
    return time.perf_counter() - start

cold = seconds()
print(cold - seconds())
"""


def cases(quick: bool, folder: Path) -> list[Case]:
    return [
        Case(
            "cold",
            {
                "compile": lambda: partial(compile_seconds, folder),
                "cold": lambda: partial(enumerate_seconds, folder, empty_cache=True),
                "warm": partial(warm, folder),
            },
            [
                Row("compile the kernels, once", "compile", unit="s", at_most=20),
                Row("enumerate --neurons 8, cold", "cold", unit="s", at_most=15),
                Row("enumerate --neurons 8, warm", "warm", unit="s"),
            ],
            repeats=1 if quick else 3,
        )
    ]


def compile_seconds(folder: Path) -> float:
    cache = Path(tempfile.mkdtemp(dir=folder))
    return float(spawn([sys.executable, "-c", COMPILE], users_environment(cache)).stdout)


def enumerate_seconds(folder: Path, empty_cache: bool) -> float:
    new = Path(tempfile.mkdtemp(dir=folder))
    store = ["--neurons", "8", "--store", str(new / "npnets.db")]
    variables = users_environment(new if empty_cache else None)
    return spawn([sys.executable, "-m", "npnets", "enumerate", *store], variables).seconds


def warm(folder: Path) -> Measure:
    measure = partial(enumerate_seconds, folder, empty_cache=False)
    measure()
    return measure
