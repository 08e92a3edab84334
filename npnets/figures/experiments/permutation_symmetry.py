"""Clouds of networks, the ways between pairs of them, and what matching their neurons removes."""

from __future__ import annotations

from typing import Any

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
from npnets.figures.bands import draw_band, draw_whiskers, quartiles
from npnets.figures.style import OKABE_ITO

STYLES: dict[str, dict[str, Any]] = {
    "unmatched": {"color": OKABE_ITO["black"], "ls": "-"},
    "greedy": {"color": OKABE_ITO["vermilion"], "ls": "--"},
    "assignment": {"color": OKABE_ITO["orange"], "ls": "-."},
    "nearest": {"color": OKABE_ITO["blue"], "ls": ":"},
}
#: What matching removes, of whom, and the claims on the line and on x², where the source has them.
REMOVED = {
    "variance": ("cohorts", "variance_drop", None),
    "distance": ("pairs", "distance_share", "distance_share_quadratic"),
    "barrier": ("pairs", "barrier_drop", "barrier_drop_quadratic"),
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
        titles = (
            "clouds, 2x + 1",
            "between pairs, 2x + 1",
            "between pairs, x²",
            "removed by matching",
        )
        for axes, title in zip(row, titles, strict=True):
            axes.set_title(f"init {init}: {title}")


def _draw_components(axes: Axes, of: tuple[Matched, ...]) -> None:
    for one in of:
        explained = np.median(np.cumsum(one.shares, axis=1), axis=0)
        axes.plot(
            np.arange(1, len(explained) + 1),
            explained,
            label=f"{one.matcher}: {np.median(one.components):g}",
            **STYLES[one.matcher],
        )
    for matcher, components in (("unmatched", 28), ("greedy", 27)):
        color = STYLES[matcher]["color"]
        label = f"claimed, {matcher}: {components}"
        axes.plot(components, EXPLAINED, "x", ms=7, color=color, label=label)
    axes.set_ylim(0, 1.05)
    axes.set_xlabel("principal components")
    axes.set_ylabel("share of the variance, median of cohorts")
    axes.legend(loc="lower right", fontsize=8, title=f"components for {EXPLAINED:.0%}")


def _draw_ways(axes: Axes, of: tuple[Matched, ...]) -> None:
    for one in of:
        way = np.linspace(0, 1, one.losses.shape[1])
        label = f"{one.matcher}: {np.median(one.barrier.mean(axis=1)):.2g}"
        draw_band(axes, way, quartiles(one.losses), label=label, **STYLES[one.matcher])
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    axes.set_ylim(low, high * (high / low) ** 0.35)
    axes.set_xlabel("share of the way from one network to the other")
    axes.set_ylabel("mean squared error, mean over pairs\n(median, quartiles of cohorts)")
    axes.legend(loc="upper center", fontsize=8, ncols=2, title="height of the barrier")


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
            x, color = ticks + side + 0.1 * (m - 1), STYLES[matched.matcher]["color"]
            label = f"{matched.matcher}, {name}"
            draw_whiskers(axes, x, (middle, low, high), color, marker=marker, label=label)
        for tick, (_, *figures) in zip(ticks, REMOVED.values(), strict=True):
            if (figure := figures[t]) is not None:
                place, text = tick + side - 0.1, "claimed, greedy" if t == tick == 0 else ""
                axes.plot(place, claimed(figure), "x", ms=7, color="black", zorder=3, label=text)
    axes.set_xticks(ticks, [f"{name}\nof {whose}" for name, (whose, *_) in REMOVED.items()])
    axes.set_xlim(-0.5, len(ticks) - 0.5)
    axes.axhline(0, color="0.7", lw=0.7, zorder=0)
    axes.set_ylim(min(-0.02, axes.get_ylim()[0]), 1.55)
    axes.set_yticks(np.linspace(0, 1, 6))
    axes.set_xlabel("what matching takes from")
    axes.set_ylabel("share removed (median, range of cohorts)")
    axes.legend(loc="upper left", fontsize=8, ncols=2, columnspacing=1)
