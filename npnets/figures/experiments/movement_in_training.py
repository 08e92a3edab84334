"""Where the parameters go: by tier, within the zero directions, and next to the function's error.

Lines are medians, bands are quartiles.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from npnets.experiments.movement_in_training import LEARNED, LEGS, LR, Replicates, Result
from npnets.figures.bands import draw_band, quartiles
from npnets.figures.style import OKABE_ITO
from npnets.figures.tiers import STYLES


def draw(result: Result, figure: Figure) -> None:
    """Draw a row of three panels per initialisation."""
    figure.set_size_inches(13, 4 * len(result.of))
    grid = figure.subplots(len(result.of), 3, squeeze=False)
    for (left, middle, right), one in zip(grid, result.of, strict=True):
        _draw_movement(left, one)
        _draw_drift(middle, one, result.steps)
        _draw_convergence(right, one, result.steps)
        title = f"init {one.init}, {len(one.loss)} networks"
        left.set_title(f"{title}: mean shares of movement")
        middle.set_title(f"{title}: drift after step {LEARNED}")
        right.set_title(f"{title}: convergence")


def _draw_movement(axes: Axes, one: Replicates) -> None:
    """A bar per leg of the path, and one in which |λ| counts, hatched."""
    legs = np.arange(len(LEGS) - 1)
    for shift, movement, hatch in (
        (-0.2, one.movement, None),
        (0.2, one.movement_by_size, "///"),
    ):
        shares = np.mean(movement / movement.sum(axis=2, keepdims=True), axis=0)
        bottom = np.zeros(len(legs))
        for share, (tier, (color, _)) in zip(shares.T, STYLES.items(), strict=True):
            axes.bar(
                legs + shift,
                share,
                0.36,
                bottom,
                color=color,
                hatch=hatch,
                edgecolor="white",
                linewidth=0,
                label=None if hatch else tier,
            )
            bottom += share
    axes.bar([0], [0], color="0.6", hatch="///", edgecolor="white", label="tiers of |λ|")
    axes.set_xticks(legs, [str(step) for step in LEGS[1:]])
    axes.set_ylim(0, 1.25)
    axes.set_yticks(np.linspace(0, 1, 6))
    axes.set_xlabel("leg of training, up to this step")
    axes.set_ylabel("share of the squared distance")
    axes.legend(ncols=3, loc="upper center", fontsize=8)


def _draw_drift(axes: Axes, one: Replicates, steps: np.ndarray) -> None:
    after = steps[steps >= LEARNED][1:] - LEARNED
    for drift, color, label in (
        (one.drift, "blue", "zero directions"),
        (one.dead_drift, "vermilion", "dead parameters"),
    ):
        there = drift[~np.isnan(drift[:, -1]), 1:] / LR
        if len(there):
            middle = np.median(there, axis=0)
            text = f"{label} of {len(there)} networks: median {middle[-1]:.2g} in the end"
            axes.plot(after, there.T, color=OKABE_ITO[color], linewidth=0.5, alpha=0.3)
            axes.plot(after, middle, color=OKABE_ITO[color], linewidth=2, label=text)
    axes.plot(after, np.sqrt(after), color="0.4", linestyle="--", label="√steps: a random walk")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylim(0.01, 2e4)
    axes.set_xlabel(f"steps after step {LEARNED}")
    axes.set_ylabel("displacement / learning rate")
    axes.legend(loc="upper left", fontsize=8)


def _draw_convergence(axes: Axes, one: Replicates, steps: np.ndarray) -> None:
    for values, color, ls, label in (
        (one.distance, "black", "-", "‖θ - θ(∞)‖, ∞: trained far longer"),
        (one.steep_distance, "vermilion", ":", f"‖θ - θ({steps[-1]})‖, steep part"),
        (np.sqrt(one.grid_loss), "orange", "--", "RMSE on the grid"),
        (np.sqrt(one.loss), "blue", "-.", "RMSE on N(0, 1)"),
    ):
        draw_band(axes, steps[:-1], quartiles(values[:, :-1]), OKABE_ITO[color], ls=ls, label=label)
    axes.plot(500, 1e-4, "o", markersize=5, color="0.5", label="RMSE, claimed")
    axes.plot(steps[-1], 1.0, "s", markersize=5, color="0.5", label="‖θ - θ(∞)‖, claimed")
    axes.set_yscale("log")
    axes.set_xlabel("training step")
    axes.set_ylabel("distance of weights, or RMSE")
    axes.set_ylim(5e-5, 1e3)
    axes.legend(loc="upper right", fontsize=8, ncols=2, columnspacing=1)
