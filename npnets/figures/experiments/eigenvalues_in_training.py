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
from npnets.figures.style import OKABE_ITO

COLORS = ("vermilion", "orange", "sky blue", "black")


def draw(result: Result, figure: Figure) -> None:
    """Draw a row of four panels per initialisation."""
    figure.set_size_inches(15, 3.7 * len(result.of))
    grid = figure.subplots(len(result.of), 4, squeeze=False)
    for row, one in zip(grid, result.of, strict=True):
        _draw_tiers(row[0], one.tiers, "λ", result.steps)
        _draw_tiers(row[1], one.magnitudes, "|λ|", result.steps)
        _draw_losses(row[2], one, result.steps)
        _draw_stops(row[3], one, result.steps)
        for axes, what in zip(row, ("tiers of λ", "tiers of |λ|", "loss", "stops"), strict=True):
            axes.set_title(f"init {one.init}, {len(one.loss)} networks: {what}")


def _draw_tiers(axes: Axes, tiers: np.ndarray, symbol: str, steps: np.ndarray) -> None:
    for t, (tier, color) in enumerate(zip(TIERS, COLORS, strict=True)):
        label = "zero, negative" if tier == "zero" and symbol == "λ" else tier
        _draw_quartiles(axes, steps, counts(tiers)[:, :, t], color, label)
        values = [claimed(f"{tier}_at_{step}") for step in CLAIMED_STEPS]
        axes.plot(CLAIMED_STEPS, values, "o", markersize=4, color=OKABE_ITO[color])
    axes.plot([], [], "o", markersize=4, color="0.5", label="claimed")
    _label_steps(axes, steps)
    axes.set_ylim(0, 47)
    axes.set_ylabel(f"eigenvalues, by the tier of {symbol}")
    axes.legend(ncols=3, loc="upper center", fontsize=7)


def _draw_losses(axes: Axes, one: Replicates, steps: np.ndarray) -> None:
    _draw_quartiles(axes, steps, one.loss, "blue", "on N(0, 1)")
    _draw_quartiles(axes, steps, one.grid_loss, "orange", "on the grid")
    values = [claimed(f"loss_at_{step}") for step in CLAIMED_STEPS]
    axes.plot(CLAIMED_STEPS, values, "o", markersize=4, color="black", label="claimed")
    axes.set_yscale("log")
    _label_steps(axes, steps)
    axes.set_ylabel("mean squared error")
    axes.legend(loc="lower left")


def _draw_stops(axes: Axes, one: Replicates, steps: np.ndarray) -> None:
    """Where, and at what cost; an open mark knows what comes later."""
    for name, stops, fill in (("in hindsight", one.hindsight, "none"), ("rule", one.rule, None)):
        for kind, at, cost, color in (
            ("steep count", stops.by_count, stops.count_cost, "vermilion"),
            ("loss", stops.by_loss, stops.loss_cost, "blue"),
        ):
            label = f"{kind}, {name}: {np.median(at):,.0f}, {_times(np.median(cost))}"
            axes.plot(
                at,
                cost,
                "o",
                markersize=4,
                color=OKABE_ITO[color],
                markerfacecolor=fill,
                label=label,
            )
    axes.axhline(1, color="0.6", linewidth=0.7)
    axes.set_yscale("log")
    _label_steps(axes, steps)
    axes.set_ylabel("loss there / last loss")
    axes.margins(y=0.1)
    low, high = axes.get_ylim()
    axes.set_ylim(low, high * (high / low) ** 0.5)
    axes.legend(loc="upper right", fontsize=7, title="medians of step and loss", title_fontsize=7)


def _times(ratio: float) -> str:
    return f"{ratio:,.0f}×" if ratio >= 10 else f"{ratio:.2g}×"


def _draw_quartiles(
    axes: Axes, steps: np.ndarray, values: np.ndarray, color: str, label: str
) -> None:
    low, middle, high = np.quantile(values, (0.25, 0.5, 0.75), axis=0)
    axes.fill_between(steps, low, high, color=OKABE_ITO[color], alpha=0.25, linewidth=0)
    axes.plot(steps, middle, color=OKABE_ITO[color], label=label)


def _label_steps(axes: Axes, steps: np.ndarray) -> None:
    axes.set_xscale("symlog", linthresh=float(steps[1]))
    ticks = [step for step in CLAIMED_STEPS if step <= steps[-1]]
    axes.set_xticks(ticks, map(str, ticks))
    axes.set_xticks([], minor=True)
    axes.set_xlim(-2, steps[-1] * 1.15)
    axes.set_xlabel("training step")
