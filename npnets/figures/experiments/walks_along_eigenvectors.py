"""The loss along the eigenvectors of each tier, measured, predicted and claimed."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from npnets.experiments.walks_along_eigenvectors import Result, Walks
from npnets.figures.bands import draw_band, quartiles
from npnets.figures.tiers import FOUR, STYLES

#: Losses below are drawn here.
LOWEST = 1e-11
PLACES = {"Adam": "from where Adam stopped", "minimum": "from where polishing ended"}


def draw(result: Result, figure: Figure) -> None:
    """Draw a row of panels per initialisation, a panel for each place to start."""
    inits = list(dict.fromkeys(start.init for start in result.of))
    figure.set_size_inches(9.6, 3.6 * len(inits) + 0.4)
    grid = figure.subplots(len(inits), 2, squeeze=False, sharex=True, sharey=True)
    for axes, start in zip(grid.ravel(), result.of, strict=True):
        _draw_losses(axes, result.distances, start.walks[0])
        _draw_claimed(axes)
        axes.set_title(f"init {start.init}, {PLACES[start.place]}: {len(start.loss)} networks")
        axes.set_xlabel("distance along an eigenvector (weights)")
        axes.set_ylabel("loss (median, quartiles of networks)")
        axes.set_ylim(2 * LOWEST, 1e9)
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4)


def _draw_losses(axes: Axes, distances: np.ndarray, walks: Walks) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    for t, (tier, (color, marker)) in enumerate(zip(FOUR, STYLES.values(), strict=False)):
        some = walks.counts[:, t] > 0
        if not some.any():
            continue
        losses = quartiles(np.maximum(walks.loss[some, t], LOWEST))
        draw_band(axes, distances, losses, color, marker=marker, ms=4, label=tier)
        predicted = np.median(walks.predicted[some, t], axis=0)
        shown = predicted > LOWEST
        axes.plot(distances[shown], predicted[shown], "--", lw=1, color=color)
    axes.plot([], [], "--", lw=1, color="0.4", label="predicted by gradient and curvature")


def _draw_claimed(axes: Axes) -> None:
    """A bar for the range of the steep tier, a star for a figure, triangles below bounds."""
    axes.plot((1, 1), (1, 10), color=STYLES["steep"][0], lw=7, alpha=0.5)
    for tier, distance, loss, marker in (
        ("moderate", 1, 0.01, "*"),
        ("weak", 3, 1e-4, "v"),
        ("zero", 100, 1e-5, "v"),
    ):
        _mark(axes, distance, loss, marker, STYLES[tier][0])
    axes.plot([], [], color="0.6", lw=7, label="claimed range")
    _mark(axes, [], [], "*", "0.6", "claimed")
    _mark(axes, [], [], "v", "0.6", "claimed upper bound")


def _mark(axes: Axes, x: ArrayLike, y: ArrayLike, marker: str, color: str, label: str = "") -> None:
    axes.plot(x, y, marker, color=color, ms=10, mec="black", mew=0.6, zorder=3, label=label)
