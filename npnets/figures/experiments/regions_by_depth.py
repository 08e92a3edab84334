"""The unit square, folded by one layer after the other, and the regions of that and of the like."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from npnets.experiments.regions_by_depth import WIDTH, Result, claimed
from npnets.figures.bands import draw_whiskers
from npnets.figures.style import OKABE_ITO, whole_numbers

#: By layer: colour and width.
LINES = (("vermilion", 2.4), ("blue", 1.5), ("green", 0.9))


def draw(result: Result, figure: Figure) -> None:
    """Draw a square per depth, and below it the counts."""
    figure.set_size_inches(7.6, 6.2)
    grid = figure.add_gridspec(2, len(result.folded), height_ratios=(1, 1.35))
    for k, one in enumerate(result.folded, start=1):
        axes = figure.add_subplot(grid[0, k - 1])
        for layer in range(k, 0, -1):
            color, width = LINES[(layer - 1) % len(LINES)]
            kinks = one.kinks[one.layer == layer]
            lines = LineCollection(list(kinks), colors=OKABE_ITO[color], lw=width)
            axes.add_collection(lines)
            axes.plot([], [], color=OKABE_ITO[color], lw=width, label=f"kinks of layer {layer}")
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        axes.set_xticks([0, 0.5, 1])
        axes.set_yticks([0, 0.5, 1])
        axes.set_aspect("equal")
        axes.spines[:].set_visible(True)
        axes.set_title(f"{k} × {WIDTH} neurons: {one.pieces} regions", size=9)
        axes.set_xlabel("$x_1$")
        axes.set_ylabel("$x_2$")
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles[::-1], labels[::-1], loc="outside upper center", ncols=len(handles))
    _draw_counts(result, figure.add_subplot(grid[1, :]))


def _draw_counts(result: Result, axes: Axes) -> None:
    k = np.arange(1, len(result.folded) + 1)
    lower, upper = np.array([one.bounds for one in result.folded]).T
    label = "theory: some network reaches the lower edge, none exceeds the upper"
    axes.fill_between(k, lower, upper, color="0.9", lw=0, label=label)
    for name, counts, color, style in (
        ("built, in the unit square", [one.pieces for one in result.folded], "blue", "o-"),
        ("built, in the whole plane", [one.patterns for one in result.folded], "sky blue", "s-"),
    ):
        axes.plot(k, counts, style, color=OKABE_ITO[color], label=name)
    ranges = np.array([np.quantile(one.random, (0.5, 0, 1)) for one in result.folded]).T
    label = "random networks, plane: median, range"
    draw_whiskers(axes, k + 0.04, tuple(ranges), OKABE_ITO["orange"], marker="D", label=label)
    values = [claimed(f"layers_{layers}") for layers in k]
    axes.plot(k - 0.04, values, "kx", ms=8, mew=1.5, label="claimed")
    axes.set_yscale("log", base=2)
    ticks = 4 ** np.arange(1, 7)
    axes.set_yticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.xaxis.set_major_locator(whole_numbers())
    lines = ", ".join(
        f"{n} lines: {cells.max()}" for n, cells in zip(result.lines, result.cells, strict=True)
    )
    axes.set_title(
        f"regions of the plane, most of {result.cells.shape[1]:,} draws: {lines}", size=9
    )
    axes.set_xlabel(f"hidden layers of {WIDTH} neurons")
    axes.set_ylabel("regions")
    axes.legend(loc="upper left", fontsize=8)
