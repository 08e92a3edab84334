"""An experiment of two files, for the tests of what runs experiments and of the commands."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from npnets import experiments as experiments_folder
from npnets.figures import experiments as figures_folder
from npnets.reproduction.form import experiments

EXPERIMENT = '''"""Does it work?

By trying.
"""
from __future__ import annotations
from dataclasses import dataclass
from npnets.claims import Measurement

CLAIMS = ("A5", "A8")
RUNS = []

@dataclass(frozen=True)
class Config:
    seeds: int = 8

    @classmethod
    def smoke(cls) -> Config:
        return cls(seeds=2)

@dataclass(frozen=True)
class Result:
    shares: tuple[float, ...]

def run(config):
    RUNS.append(config)
    return Result(tuple(0.1 + 0.001 * seed for seed in range(config.seeds)))

def check(result):
    return [
        Measurement("A5.distance_share", result.shares, "init=torch"),
        Measurement("A5.flat_per_neuron", [1] * len(result.shares), "init=torch"),
        Measurement("A5.distance_share", [0.9] * len(result.shares), "init=normal"),
        Measurement("A5.flat_per_neuron", [float("nan")], "init=normal"),
        Measurement("A8.steps", 1),
        Measurement("A8.distance", 100),
        Measurement("A8.speed_ratio", 100),
    ]
'''
FIGURE = """
def draw(result, figure):
    figure.subplots().plot(result.shares)
"""


@pytest.fixture
def trial(tmp_path, monkeypatch):
    """An experiment and its figure as files of their own, the only ones there are."""
    for package, text in ((experiments_folder, EXPERIMENT), (figures_folder, FIGURE)):
        folder = tmp_path / package.__name__
        folder.mkdir()
        (folder / "trial.py").write_text(text, encoding="utf-8")
        monkeypatch.setattr(package, "__path__", [str(folder)])
    experiments.cache_clear()
    yield experiments()["trial"]
    experiments.cache_clear()
    for package in (experiments_folder, figures_folder):
        sys.modules.pop(f"{package.__name__}.trial", None)


@pytest.fixture
def out(tmp_path) -> Path:
    return tmp_path / "results"
