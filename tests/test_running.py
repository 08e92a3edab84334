"""What runs experiments: what is kept, and what is made again."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from dataclasses import dataclass, make_dataclass
from importlib import invalidate_caches
from pathlib import Path

import pytest
from commands import npnets

from npnets.figures import experiments as figures_folder
from npnets.reproduction import running
from npnets.reproduction.form import check_form, experiments
from npnets.reproduction.running import load, run_or_load

HOUSE = Path(__file__).parent.parent


def test_a_result_of_the_same_settings_is_not_made_again(trial, out):
    first = run_or_load("trial", trial.Config(), out)
    second = run_or_load("trial", trial.Config(), out)
    assert len(trial.RUNS) == 1
    assert (first.fresh, second.fresh) == (True, False)
    assert second.result == first.result
    assert second.provenance == first.provenance
    assert [file.name for file in out.iterdir()] == ["trial.json"]


def test_a_result_is_kept_with_its_settings_and_what_it_ran_on(trial, out):
    run_or_load("trial", trial.Config(seeds=2), out)
    document = json.loads((out / "trial.json").read_text())
    assert document["experiment"] == "trial"
    assert document["config"] == {"seeds": 2}
    assert document["result"] == {"shares": [0.1, 0.101]}
    assert {"npnets", "cpu", "source", "experiment", "started"} <= set(document["provenance"])


def test_other_settings_are_run_and_take_the_place(trial, out):
    run_or_load("trial", trial.Config(), out)
    kept = run_or_load("trial", trial.Config(seeds=3), out)
    assert "made with other settings" in kept.reason
    assert [config.seeds for config in trial.RUNS] == [8, 3]
    assert len(load("trial", trial.Config(seeds=3), out).result.shares) == 3
    with pytest.raises(ValueError, match=r"trial.json was made with other settings"):
        load("trial", trial.Config(), out)


def test_a_damaged_file_is_run_again_wherever_it_was_cut(trial, out):
    whole = run_or_load("trial", trial.Config(), out)
    path = out / "trial.json"
    text = path.read_bytes()
    damaged = [text[:cut] for cut in range(0, len(text), 37)]
    damaged += [b"\xff" + text, b"[]", b"{}", text.replace(b"0.1,", b'"0.1",')]
    damaged += [text.replace(b'"shares"', b'"stares"'), text.replace(b'"cpu": "', b'"cpu": ["], "')]
    for i, wrong in enumerate(damaged, 2):
        path.write_bytes(wrong)
        kept = run_or_load("trial", trial.Config(), out)
        assert "damaged" in kept.reason
        assert kept.result == whole.result
        assert len(trial.RUNS) == i
        assert load("trial", trial.Config(), out).result == whole.result


def test_a_file_of_another_experiment_is_not_taken_for_its_own(trial, out):
    run_or_load("trial", trial.Config(), out)
    path = out / "trial.json"
    path.write_text(path.read_text().replace('"experiment": "trial"', '"experiment": "error"', 1))
    with pytest.raises(ValueError, match=r"trial.json is of another experiment, 'error'"):
        load("trial", trial.Config(), out)
    assert "of another experiment" in run_or_load("trial", trial.Config(), out).reason
    assert len(trial.RUNS) == 2


@pytest.mark.parametrize(
    ("name", "wrong", "message"),
    [
        ("check", None, "must have check(result)"),
        ("run", None, "must have run(config)"),
        ("CLAIMS", ("A5", "A99"), "must have CLAIMS, a tuple of ids of claims"),
        ("CLAIMS", "A5", "must have CLAIMS, a tuple of ids of claims"),
        ("__doc__", "Does it work?", "must have a docstring with a question and, below it"),
        ("Config", int, "must have Config, a frozen dataclass of types that documents know; Con"),
        ("Result", dataclass(type("Thawed", (), {})), "must have Result, a frozen dataclass"),
        (
            "Result",
            make_dataclass("Wave", [("amplitude", complex)], frozen=True),
            "must have Result, a frozen dataclass of types that documents know",
        ),
    ],
)
def test_what_an_experiment_lacks_is_said_in_one_line_before_it_runs(
    trial, out, monkeypatch, name, wrong, message
):
    monkeypatch.setattr(trial, name, wrong)
    with pytest.raises(ValueError, match=re.escape(f"experiment trial {message}")):
        check_form("trial")
    if "A99" in str(wrong) or name == "check":
        result = npnets("reproduce", "A5", "--out", out)
        assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
        assert message in result.stderr
        with pytest.raises(ValueError, match="experiment trial must have"):
            run_or_load("trial", trial.Config(), out)
    assert trial.RUNS == []


def test_an_experiment_without_a_figure_is_not_run(trial, out):
    Path(figures_folder.__path__[0], "trial.py").unlink()
    invalidate_caches()
    with pytest.raises(ValueError, match="must have its figure, npnets/figures/experiments/trial"):
        run_or_load("trial", trial.Config(), out)
    assert trial.RUNS == []


def test_a_run_that_fails_leaves_what_was_there(trial, out, monkeypatch):
    run_or_load("trial", trial.Config(), out)
    before = (out / "trial.json").read_bytes()

    def fail(config):
        raise KeyboardInterrupt

    monkeypatch.setattr(trial, "run", fail)
    with pytest.raises(KeyboardInterrupt):
        run_or_load("trial", trial.Config(seeds=3), out)
    monkeypatch.setattr(trial, "run", lambda config: trial.Result((1j,)))
    with pytest.raises(TypeError, match="document"):
        run_or_load("trial", trial.Config(seeds=3), out)
    assert [file.name for file in out.iterdir()] == ["trial.json"]
    assert (out / "trial.json").read_bytes() == before


KILLED = f"""
import resource, signal, sys
sys.dont_write_bytecode = True
sys.path[:0] = {[str(HOUSE), str(HOUSE / "kernels")]!r}
from pathlib import Path
from npnets.reproduction.form import check_form, experiments
from npnets.reproduction.running import run_or_load
experiment = experiments()["compositions_of_sixteen"]
run = experiment.run
def limited(config):
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
    return run(config)
experiment.run = limited
config = experiment.Config(neurons=int(sys.argv[2]))
run_or_load("compositions_of_sixteen", config, Path(sys.argv[1]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGXFSZ")
def test_a_run_killed_while_it_writes_leaves_no_half_file(out):
    """The system kills it in the write that would pass 100 bytes, after a torn one up to there."""
    path = out / "compositions_of_sixteen.json"
    experiment = experiments()["compositions_of_sixteen"]

    def killed(neurons: int) -> bool:
        run = subprocess.run([sys.executable, "-c", KILLED, out, str(neurons)])
        return run.returncode == -signal.SIGXFSZ

    assert killed(16)
    assert not path.exists()
    kept = run_or_load(path.stem, experiment.Config(), out)
    assert kept.reason == ""
    before = path.read_bytes()
    assert killed(8)
    assert path.read_bytes() == before
    assert not load(path.stem, experiment.Config(), out).fresh


def test_a_figure_is_drawn_once_and_again_when_it_is_missing_or_the_result_is_new(trial, out):
    first = run_or_load("trial", trial.Config(), out)
    png, svg = running.draw("trial", first, out)
    drawn = png.stat().st_mtime_ns, svg.stat().st_mtime_ns
    again = run_or_load("trial", trial.Config(), out)
    running.draw("trial", again, out)
    assert (png.stat().st_mtime_ns, svg.stat().st_mtime_ns) == drawn
    text = svg.read_text()
    svg.unlink()
    running.draw("trial", again, out)
    assert svg.read_text() == text
    assert png.read_bytes().startswith(b"\x89PNG")
    assert {file.name for file in out.iterdir()} == {"trial.json", "trial.png", "trial.svg"}
    other = run_or_load("trial", trial.Config(seeds=2), out)
    running.draw("trial", other, out)
    assert svg.read_text() != text
