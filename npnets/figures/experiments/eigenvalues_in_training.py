"""Tiers and loss along training beside those claimed, and where training might have stopped.

Lines are medians, bands are quartiles.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from npnets.experiments.eigenvalues_in_training import (
    CLAIMED_STEPS,
    TIERS,
    Replicates,
    Result,
    claimed,
    counts,
)
from npnets.figures.bands import draw_band, quartiles
from npnets.figures.step_axis import draw_steps
from npnets.figures.style import OKABE_ITO
from npnets.figures.tiers import FOUR, STYLES, draw_lines

PANELS = ("tiers of λ", "tiers of |λ|", "loss", "where to stop")


def draw(result: Result, figure: Figure) -> None:
    """Draw a row of four panels per initialisation."""
    figure.set_size_inches(15, 3.9 * len(result.of))
    grid = figure.subplots(len(result.of), 4, squeeze=False)
    named = [step for step in CLAIMED_STEPS if step <= result.steps[-1]]
    for row, one in zip(grid, result.of, strict=True):
        _draw_tiers(row[0], one.tiers, "λ", result.steps)
        _draw_tiers(row[1], one.magnitudes, "|λ|", result.steps)
        _draw_losses(row[2], one, result.steps)
        _draw_stops(row[3], one)
        for axes, what in zip(row, PANELS, strict=True):
            draw_steps(axes, named)
            axes.set_title(f"init {one.init}, {len(one.loss)} networks: {what}")
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower left", ncols=len(handles))


def _draw_tiers(axes: Axes, tiers: np.ndarray, symbol: str, steps: np.ndarray) -> None:
    marked = [int(np.searchsorted(steps, step)) for step in CLAIMED_STEPS if step <= steps[-1]]
    draw_lines(axes, steps, quartiles(counts(tiers)), FOUR, markevery=marked)
    for tier, (color, marker) in zip(TIERS, STYLES.values(), strict=False):
        values = [claimed(f"{tier}_at_{step}") for step in CLAIMED_STEPS]
        axes.plot(CLAIMED_STEPS, values, marker, color=color, ms=7, mfc="none")
    axes.plot([], [], "o", color="0.4", ms=7, mfc="none", label="claimed (open, as its tier)")
    axes.set_ylim(0, 40)
    axes.set_ylabel(f"number of eigenvalues, by the tier of {symbol}")


def _draw_losses(axes: Axes, one: Replicates, steps: np.ndarray) -> None:
    draw_band(axes, steps, quartiles(one.loss), OKABE_ITO["blue"], label="on N(0, 1)")
    on_grid = quartiles(one.grid_loss)
    draw_band(axes, steps, on_grid, OKABE_ITO["orange"], ls="--", label="on the grid")
    values = [claimed(f"loss_at_{step}") for step in CLAIMED_STEPS]
    axes.plot(CLAIMED_STEPS, values, "o", ms=7, mfc="none", color="black", label="claimed")
    axes.set_yscale("log")
    axes.set_ylabel("mean squared error")
    axes.legend(loc="lower left")


def _draw_stops(axes: Axes, one: Replicates) -> None:
    """Where, and at what cost; an open mark knows what comes later."""
    for name, stops, fill in (("in hindsight", one.hindsight, "none"), ("by rule", one.rule, None)):
        for kind, at, cost, color, marker in (
            ("steep count", stops.by_count, stops.count_cost, "vermilion", "o"),
            ("loss", stops.by_loss, stops.loss_cost, "blue", "s"),
        ):
            label = f"{kind}, {name}: {np.median(at):,.0f}, {_times(np.median(cost))}"
            axes.plot(at, cost, marker, ms=4, color=OKABE_ITO[color], mfc=fill, label=label)
    axes.axhline(1, color="0.6", linewidth=0.7)
    axes.set_yscale("log")
    axes.set_ylabel("loss there / last loss")
    axes.margins(y=0.1)
    low, high = axes.get_ylim()
    axes.set_ylim(low, high * (high / low) ** 0.6)
    axes.legend(loc="upper right", fontsize=8, title="what settles: medians of step and ratio")


def _times(ratio: float) -> str:
    return f"{ratio:,.0f}×" if ratio >= 10 else f"{ratio:.2g}×"
