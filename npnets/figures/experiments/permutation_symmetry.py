"""Clouds of networks, the ways between pairs of them, and what matching their neurons removes."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from npnets.experiments.permutation_symmetry import (
    DOMAINS,
    EXPLAINED,
    TARGETS,
    Matched,
    Result,
    barrier_drop,
    claimed,
    distance_share,
)
from npnets.figures.style import OKABE_ITO

COLORS = {
    "unmatched": "black",
    "greedy": "vermilion",
    "assignment": "orange",
    "nearest": "blue",
}
#: What matching removes, with the claims on the line and on x²; the source has no variance for x².
REMOVED = {
    "variance": ("variance_drop", None),
    "distance": ("distance_share", "distance_share_quadratic"),
    "barrier": ("barrier_drop", "barrier_drop_quadratic"),
}


def draw(result: Result, figure: Figure) -> None:
    """Draw a row of four panels per initialisation, all of samples of N(0, 1)."""
    inits = list(dict.fromkeys(one.init for one in result.of))
    figure.set_size_inches(15, 3.8 * len(inits))
    grid = figure.subplots(len(inits), 4, squeeze=False)
    for row, init in zip(grid, inits, strict=True):
        line, square = (result.cohorts(init, target, DOMAINS[0]) for target in TARGETS)
        _draw_components(row[0], line.of)
        _draw_ways(row[1], line.of)
        _draw_ways(row[2], square.of)
        _draw_removed(row[3], result, init)
        titles = ("clouds, 2x + 1", "between pairs, 2x + 1", "between pairs, x²", "removed")
        for axes, title in zip(row, titles, strict=True):
            axes.set_title(f"init {init}: {title}")


def _draw_components(axes: Axes, of: tuple[Matched, ...]) -> None:
    for one in of:
        explained = np.median(np.cumsum(one.shares, axis=1), axis=0)
        axes.plot(
            np.arange(1, len(explained) + 1),
            explained,
            color=OKABE_ITO[COLORS[one.matcher]],
            label=f"{one.matcher}: {np.median(one.components):g} components",
        )
    axes.plot([28], [EXPLAINED], "x", color="black", label="claimed, unmatched: 28")
    axes.plot([27], [EXPLAINED], "x", color=OKABE_ITO["vermilion"], label="claimed, greedy: 27")
    axes.set_ylim(0, 1.05)
    axes.set_xlabel("principal components")
    axes.set_ylabel("share of the variance, median of cohorts")
    axes.legend(loc="lower right", fontsize=7)


def _draw_ways(axes: Axes, of: tuple[Matched, ...]) -> None:
    for one in of:
        low, middle, high = np.quantile(one.losses, (0.25, 0.5, 0.75), axis=0)
        way, color = np.linspace(0, 1, len(middle)), OKABE_ITO[COLORS[one.matcher]]
        axes.fill_between(way, low, high, color=color, alpha=0.25, linewidth=0)
        height = np.median(one.barrier.mean(axis=1))
        axes.plot(way, middle, color=color, label=f"{one.matcher}: {height:.2g}")
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    axes.set_ylim(low, high * (high / low) ** 0.35)
    axes.set_xlabel("way from one network to the other")
    axes.set_ylabel("mean squared error, mean over pairs")
    axes.legend(loc="upper center", fontsize=7, ncols=2, title="barrier", title_fontsize=7)


def _draw_removed(axes: Axes, result: Result, init: str) -> None:
    """Left of each tick what matching removes of the line's, right of it of x²'s."""
    ticks = np.arange(len(REMOVED))
    for t, (target, name, marker) in enumerate(zip(TARGETS, ("2x + 1", "x²"), "os", strict=True)):
        cohorts, side = result.cohorts(init, target, DOMAINS[0]), 0.4 * t - 0.2
        for m, matched in enumerate(cohorts.of[1:]):
            shares = (
                1 - matched.variance / cohorts.of[0].variance,
                distance_share(cohorts, matched.matcher),
                barrier_drop(cohorts, matched.matcher),
            )
            low, middle, high = np.quantile(shares, (0, 0.5, 1), axis=1)
            axes.errorbar(
                ticks + side + 0.1 * (m - 1),
                middle,
                (middle - low, high - middle),
                fmt=marker,
                markersize=4,
                capsize=2,
                color=OKABE_ITO[COLORS[matched.matcher]],
                label=f"{matched.matcher}, {name}",
            )
        for tick, figures in zip(ticks, REMOVED.values(), strict=True):
            if (figure := figures[t]) is not None:
                label = "claimed, greedy" if t == tick == 0 else None
                place = tick + side - 0.1
                axes.plot(place, claimed(figure), "x", color="black", zorder=3, label=label)
    axes.set_xticks(ticks, REMOVED)
    axes.set_xlim(-0.5, len(ticks) - 0.5)
    axes.set_ylim(top=1.45)
    axes.set_xlabel("of the cohorts' or the pairs'")
    axes.set_ylabel("share that matching removes, range of cohorts")
    axes.legend(loc="upper left", fontsize=7, ncols=2)
