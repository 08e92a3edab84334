from __future__ import annotations

import pytest
from matplotlib.figure import Figure
from rows import fill, make_row

from npnets.figures import FIGURES, loss_by_depth, loss_by_parameters, survival_by_depth
from npnets.figures.panels import save_panels
from npnets.study.store import writing
from npnets.study.table import read_table, read_tables


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


def test_figures_draw_what_the_table_says(tmp_path):
    """Depth 1: losses 4 and 1 of 3 and 7 parameters; depth 2: 9 of 8; one of three collapsed."""
    with writing(tmp_path / "a.db") as store:
        store.add(
            [
                make_row("linear", "1", grid_loss=4.0),
                make_row("linear", "2", grid_loss=1.0, collapsed=1),
                make_row("linear", "1-2", grid_loss=9.0),
            ]
        )
        table = read_table(store, "linear")
    axes = Figure().subplots()
    loss_by_depth.draw(table, "grid", axes)
    lines = {line.get_label(): line.get_ydata().tolist() for line in axes.lines}
    assert lines == {"median": [2.5, 9.0], "best shape": [1.0, 9.0]}
    axes = Figure().subplots()
    survival_by_depth.draw(table, "grid", axes)
    assert [bar.get_height() for bar in axes.patches] == [0.5, 1.0]
    axes = Figure().subplots()
    loss_by_parameters.draw(table, "grid", axes)
    counts = sorted(set(table.parameter_count.tolist()))
    best = [table.losses["grid"][table.parameter_count == count].min() for count in counts]
    assert axes.lines[0].get_xdata().tolist() == counts
    assert axes.lines[0].get_ydata().tolist() == best
