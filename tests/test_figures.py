from __future__ import annotations

import pytest
from matplotlib.figure import Figure
from rows import fill, make_row

from npnets.figures import FIGURES
from npnets.figures.panels import save_panels
from npnets.study.store import writing
from npnets.study.table import read_tables


@pytest.fixture
def tables(tmp_path):
    with writing(tmp_path / "npnets.db") as store:
        fill(store, 7)
        store.add([make_row("linear", "8", loss=float("nan"), grid_loss=float("inf"))])
        return read_tables(store)


@pytest.mark.parametrize("name", FIGURES)
def test_figures_label_their_axes_and_show_every_target(tables, name):
    figure = Figure()
    axes = figure.subplots()
    FIGURES[name](tables[0], "normal", axes)
    assert axes.get_xlabel()
    assert axes.get_ylabel()


@pytest.mark.parametrize("name", FIGURES)
def test_figures_are_saved_twice_small_with_text_as_text_and_the_same_each_time(
    tables, tmp_path, name
):
    png, svg = save_panels(FIGURES[name], tables, "grid", tmp_path / name)
    assert png.read_bytes().startswith(b"\x89PNG")
    text = svg.read_text()
    assert "linear</text>" in text
    assert "quadratic</text>" in text
    assert len(text) < 1_000_000
    save_panels(FIGURES[name], tables, "grid", tmp_path / "again")
    assert (tmp_path / "again.svg").read_text() == text


@pytest.mark.parametrize("name", FIGURES)
def test_figures_bear_any_number_of_targets_and_networks_that_all_diverged(tmp_path, name):
    with writing(tmp_path / "npnets.db") as store:
        fill(store, 2, ("linear", "sine", "step", "x + 1"))
        nan = float("nan")
        store.add([make_row("cubic", shape, loss=nan, grid_loss=nan) for shape in ("1-1", "2")])
        save_panels(FIGURES[name], read_tables(store), "grid", tmp_path / name)


def test_dots_of_a_full_study_are_pixels(tables):
    figure = Figure()
    axes = figure.subplots()
    FIGURES["loss_by_parameters"](tables[0], "grid", axes)
    assert axes.collections[0].get_rasterized()
