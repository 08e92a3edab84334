"""The loss along the eigenvectors of each tier, measured, predicted and claimed."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from npnets.experiments.walks_along_eigenvectors import TIERS, Result, Walks
from npnets.figures.style import OKABE_ITO

COLORS = dict(zip(TIERS, ("vermilion", "orange", "sky blue", "black"), strict=True))
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
    for t, (tier, color) in enumerate(COLORS.items()):
        some = walks.counts[:, t] > 0
        if not some.any():
            continue
        losses, predicted = walks.loss[some, t], walks.predicted[some, t]
        low, middle, high = np.quantile(np.maximum(losses, LOWEST), (0.25, 0.5, 0.75), axis=0)
        label = "zero or negative eigenvalues" if tier == "zero" else tier
        axes.fill_between(distances, low, high, color=OKABE_ITO[color], alpha=0.25, linewidth=0)
        axes.loglog(distances, middle, ".-", color=OKABE_ITO[color], label=label)
        label = "predicted by gradient and curvature" if t == 0 else ""
        middle = np.median(predicted, axis=0)
        positive = middle > LOWEST
        axes.loglog(distances[positive], middle[positive], ":", color=OKABE_ITO[color], label=label)


def _draw_claimed(axes: Axes) -> None:
    """A bar for the range of the steep tier, a star for a figure, triangles below bounds."""
    axes.plot((1, 1), (1, 10), color=OKABE_ITO[COLORS["steep"]], linewidth=6, alpha=0.5)
    for tier, t, loss, marker in (
        ("moderate", 1, 0.01, "*"),
        ("weak", 3, 1e-4, "v"),
        ("zero", 100, 1e-5, "v"),
    ):
        label = {"moderate": "claimed", "weak": "claimed upper bound"}.get(tier, "")
        color = OKABE_ITO[COLORS[tier]]
        axes.scatter(t, loss, 90, color, marker=marker, edgecolor="white", label=label, zorder=3)
