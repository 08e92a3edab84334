"""Commands that answer at once: the wall time of the whole process, Python's start included.

The query asks a store of every shape of 16 neurons on both targets (with --quick, of 8 neurons).
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from bench.child import Child, spawn
from bench.environment import users_environment
from bench.runner import Case, Measure, Row


def cases(quick: bool, folder: Path) -> list[Case]:
    return [
        Case(
            "commands",
            {
                "help": lambda: warm(["--help"]),
                "query": partial(query, quick, folder / "query.db"),
            },
            [
                Row("npnets --help", "help", unit="s", at_most=0.3),
                Row("npnets query 5-7-4", "query", unit="s", at_most=0.5),
            ],
            repeats=10,
        )
    ]


def npnets(arguments: list[str]) -> Child:
    return spawn([sys.executable, "-m", "npnets", *arguments], users_environment())


def warm(arguments: list[str]) -> Measure:
    npnets(arguments)
    return lambda: npnets(arguments).seconds


def query(quick: bool, store: Path) -> Measure:
    neurons, shape = ("8", "3-2-3") if quick else ("16", "5-7-4")
    npnets(["enumerate", "--neurons", neurons, "--steps", "1", "--store", str(store)])
    return warm(["query", shape, "--store", str(store)])
