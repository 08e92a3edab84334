"""The form that every experiment has."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from dataclasses import FrozenInstanceError, fields, is_dataclass, replace
from functools import lru_cache
from importlib import import_module
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from npnets.claims import CLAIMS, Measurement
from npnets.claims.verdicts import VERDICTS
from npnets.reproduction.documents import decode, encode
from npnets.reproduction.form import check_form, experiment_of, experiments, judgements

HOUSE = Path(__file__).parent.parent
SMOKE_SECONDS = 6
"""Of processor time, once compiled: three seconds on two processors."""

every_experiment = pytest.mark.parametrize("name", experiments())


@lru_cache
def smoke_result(name: str):
    experiment = experiments()[name]
    return experiment.run(experiment.Config.smoke())


def test_every_file_of_the_folder_is_an_experiment():
    files = {file.stem for file in (HOUSE / "npnets" / "experiments").glob("*.py")}
    assert files - {"__init__"} == set(experiments())
    drawings = {file.stem for file in (HOUSE / "npnets/figures/experiments").glob("*.py")}
    assert drawings == files


def test_no_claim_is_measured_by_two_experiments():
    measured = Counter(claim for one in experiments().values() for claim in one.CLAIMS)
    assert [claim for claim, times in measured.items() if times > 1] == []


@every_experiment
def test_it_says_what_it_asks_and_which_claims_it_measures(name):
    experiment = experiments()[name]
    question, *method = (experiment.__doc__ or "").strip().splitlines()
    assert question
    assert any(method), "the docstring must have the method below the question"
    assert isinstance(experiment.CLAIMS, tuple)
    assert experiment.CLAIMS
    assert set(experiment.CLAIMS) <= set(CLAIMS)
    assert all(experiment_of(claim) == name for claim in experiment.CLAIMS)


@every_experiment
def test_it_has_the_form_that_is_asked_of_it_before_it_runs(name):
    assert check_form(name) is experiments()[name]


@every_experiment
def test_its_settings_are_frozen_and_go_to_json_and_back(name):
    experiment = experiments()[name]
    for config in (experiment.Config(), experiment.Config.smoke()):
        assert type(config) is experiment.Config
        assert decode(experiment.Config, json.loads(json.dumps(encode(config)))) == config
        for field in fields(config):
            with pytest.raises(FrozenInstanceError):
                setattr(config, field.name, None)


@every_experiment
def test_its_smoke_run_takes_seconds(name):
    """One that took longer may have had to compile, and runs once more."""
    experiment = experiments()[name]
    start = time.process_time()
    smoke_result(name)
    if time.process_time() - start > SMOKE_SECONDS:
        start = time.process_time()
        experiment.run(experiment.Config.smoke())
        assert time.process_time() - start < SMOKE_SECONDS


@every_experiment
def test_it_draws_its_random_numbers_from_npnets_streams(name):
    source = (HOUSE / "npnets" / "experiments" / f"{name}.py").read_text("utf-8")
    assert "np.random" not in source
    assert "import random" not in source


@every_experiment
def test_its_result_is_frozen_and_goes_to_json_and_back(name):
    experiment, result = experiments()[name], smoke_result(name)
    assert type(result) is experiment.Result
    assert is_dataclass(result)
    with pytest.raises(FrozenInstanceError):
        setattr(result, fields(result)[0].name, None)
    text = json.dumps(encode(result), allow_nan=False)
    again = decode(experiment.Result, json.loads(text))
    assert type(again) is experiment.Result
    assert json.dumps(encode(again), allow_nan=False) == text
    types = [[type(getattr(one, field.name)) for field in fields(one)] for one in (result, again)]
    assert types[0] == types[1]


@every_experiment
def test_its_check_measures_every_figure_of_its_claims_and_nothing_else(name):
    experiment, result = experiments()[name], smoke_result(name)
    measurements = experiment.check(result)
    assert all(type(one) is Measurement for one in measurements)
    assert {one.claim for one in measurements} == set(experiment.CLAIMS)
    judged = list(judgements(experiment, result))
    assert [one.claim.id for one in judged] == list(experiment.CLAIMS)
    assert all(one.verdict in VERDICTS for one in judged)


@every_experiment
def test_its_check_and_its_figure_need_no_more_than_the_stored_result(name):
    experiment = experiments()[name]
    stored = decode(experiment.Result, json.loads(json.dumps(encode(smoke_result(name)))))
    assert encode(experiment.check(stored)) == encode(experiment.check(smoke_result(name)))
    figure = Figure(layout="constrained")
    import_module(f"npnets.figures.experiments.{name}").draw(stored, figure)
    drawn = [axes for axes in figure.axes if axes.has_data()]
    assert drawn
    assert all(axes.get_xlabel() and axes.get_ylabel() for axes in drawn if axes.axison)
    assert json.dumps(encode(stored)) == json.dumps(encode(smoke_result(name)))


def test_asking_for_all_experiments_imports_neither_numba_nor_scipy_nor_matplotlib():
    code = (
        f"import sys\nsys.path[:0] = {[str(HOUSE), str(HOUSE / 'kernels')]}\n"
        "from npnets.reproduction.form import experiments\nassert experiments()\n"
        "print({'numba', 'scipy', 'matplotlib', 'torch'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "set()\n"


def test_sixteen_neurons_are_counted_as_the_binomial_coefficients_say():
    """Row 15 of Pascal's triangle, built by sums."""
    row = [1]
    for _ in range(15):
        row = [a + b for a, b in zip([0, *row], [*row, 0], strict=True)]
    experiment = experiments()["compositions_of_sixteen"]
    result = experiment.run(experiment.Config())
    assert result.shapes.tolist() == row
    assert [one.values for one in experiment.check(result)] == [(32768.0,), (1941.0,)]
    small = experiment.run(replace(experiment.Config(), neurons=3, shallow=2))
    assert [one.values for one in experiment.check(small)] == [(4.0,), (3.0,)]
