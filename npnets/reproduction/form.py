"""The experiments there are, found by looking into their folder, and the form they must have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import is_dataclass
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import Any, Protocol

import npnets.experiments
from npnets.claims import CLAIMS, Measurement
from npnets.claims.verdicts import Judgement, judge
from npnets.reproduction.documents import check_type


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


def check_form(name: str) -> Experiment:
    """The experiment of that name, if it has the form that npnets.experiments describes.

    Raises
    ------
    ValueError
        If something is missing, all of which the message names.

    >>> check_form("compositions_of_sixteen").CLAIMS
    ('A9',)
    """
    experiment = experiments()[name]
    there = {
        "a docstring with a question and, below it, the method": _has_method(experiment),
        "CLAIMS, a tuple of ids of claims": _has_claims(experiment),
        "Config, a frozen dataclass of types that documents know": _is_record(experiment, "Config"),
        "Config.smoke()": _can(getattr(experiment, "Config", None), "smoke"),
        "Result, a frozen dataclass of types that documents know": _is_record(experiment, "Result"),
        "run(config)": _can(experiment, "run"),
        "check(result)": _can(experiment, "check"),
        f"its figure, npnets/figures/experiments/{name}.py": _has_figure(name),
    }
    missing = [what for what, is_there in there.items() if not is_there]
    if missing:
        raise ValueError(f"experiment {name} must have {'; '.join(missing)}")
    return experiment


def judgements(experiment: Experiment, result: Any) -> Iterator[Judgement]:
    """The claims of an experiment, judged by a result of it."""
    measurements = experiment.check(result)
    for claim in experiment.CLAIMS:
        yield judge(CLAIMS[claim], measurements)


def _has_method(experiment: Experiment) -> bool:
    question, _, method = (experiment.__doc__ or "").strip().partition("\n")
    return bool(question and method.strip())


def _has_claims(experiment: Experiment) -> bool:
    ids = getattr(experiment, "CLAIMS", None)
    return isinstance(ids, tuple) and bool(ids) and set(ids) <= set(CLAIMS)


def _is_record(experiment: Experiment, name: str) -> bool:
    type_ = getattr(experiment, name, None)
    if not (isinstance(type_, type) and is_dataclass(type_)):
        return False
    try:
        check_type(type_)
    except TypeError:
        return False
    return type_.__dataclass_params__.frozen  # type: ignore[attr-defined]


def _has_figure(name: str) -> bool:
    return find_spec(f"npnets.figures.experiments.{name}") is not None


def _can(owner: object, name: str) -> bool:
    return callable(getattr(owner, name, None))
