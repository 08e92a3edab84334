"""The experiments there are, found by looking into their folder."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Protocol

import npnets.experiments
from npnets.claims import CLAIMS, Measurement
from npnets.claims.verdicts import Judgement, judge


class Experiment(Protocol):
    """A module of npnets.experiments; see there."""

    __name__: str
    __doc__: str | None
    CLAIMS: tuple[str, ...]
    Config: Any
    Result: Any

    def run(self, config: Any) -> Any: ...

    def check(self, result: Any) -> list[Measurement]: ...


@lru_cache
def experiments() -> dict[str, Experiment]:
    """Every experiment by name, in alphabetical order."""
    return {
        found.name: import_module(f"npnets.experiments.{found.name}")
        for found in iter_modules(npnets.experiments.__path__)
    }


def experiment_of(claim: str) -> str | None:
    """The name of the experiment that measures a claim, or None."""
    return next((name for name, one in experiments().items() if claim in one.CLAIMS), None)


def judgements(experiment: Experiment, result: Any) -> Iterator[Judgement]:
    """The claims of an experiment, judged by a result of it."""
    measurements = experiment.check(result)
    for claim in experiment.CLAIMS:
        yield judge(CLAIMS[claim], measurements)
