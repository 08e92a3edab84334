"""One figure in panels, one panel per target."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from npnets.figures.saving import save
from npnets.study.table import ShapeTable

Draw = Callable[[ShapeTable, str, Axes], None]
MAX_COLUMNS = 3
MAX_TITLE = 39


def shorten(name: str) -> str:
    """The name, cut to what fits over a panel.

    >>> shorten("linear"), shorten("x ** 2 * sin(10 * x) + cos(3 * x) / (1 + x ** 2)")
    ('linear', 'x ** 2 * sin(10 * x) + cos(3 * x) / ...')
    """
    return name if len(name) <= MAX_TITLE else name[: MAX_TITLE - 3] + "..."


def save_panels(draw: Draw, tables: Sequence[ShapeTable], domain: str, path: Path) -> list[Path]:
    """Draw a panel per table and save the figure beside ``path`` with both suffixes."""
    return save(partial(draw_panels, draw, tables, domain), path)


def draw_panels(draw: Draw, tables: Sequence[ShapeTable], domain: str, figure: Figure) -> None:
    """Draw a panel per table, with one legend below."""
    columns = min(MAX_COLUMNS, len(tables))
    rows = -(-len(tables) // columns)
    figure.set_size_inches(4.4 * columns, 3.5 * rows)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for table, axes in zip(tables, grid, strict=False):
        draw(table, domain, axes)
        axes.set_title(shorten(table.target))
    for axes in grid[len(tables) :]:
        axes.set_axis_off()
    legends = [axes.get_legend_handles_labels() for axes in grid]
    handles, labels = max(legends, key=lambda legend: len(legend[0]))
    if handles:
        figure.legend(handles, labels, loc="outside lower center", ncols=len(handles))
