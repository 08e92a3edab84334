"""From alive neurons to breakpoints, and from those to the loss: all networks of all seeds."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from npnets.experiments.breakpoints_of_sixteen import (
    NAMED,
    Result,
    claimed,
    exponent,
    rank_correlation,
)
from npnets.figures.bands import draw_whiskers, quartiles
from npnets.figures.style import OKABE_ITO, whole_numbers

#: Where the logarithmic axis has its place for no breakpoints.
NONE_AT = 0.5


def draw(result: Result, figure: Figure) -> None:
    """Draw both steps of the chain: medians and quartiles over networks."""
    figure.set_size_inches(9.2, 4.2)
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.35))
    _draw_breakpoints(result, left)
    _draw_losses(result, right)


def _draw_breakpoints(result: Result, axes: Axes) -> None:
    alive = np.unique(result.alive)
    groups = [result.breakpoints[result.alive == count] for count in alive]
    spread = tuple(np.array([quartiles(group) for group in groups]).T)
    draw_whiskers(axes, alive, spread, OKABE_ITO["blue"], marker="o", label="median, quartiles")
    pairs = zip(result.alive, result.breakpoints, strict=True)
    rank = np.median([rank_correlation(*pair) for pair in pairs])
    axes.xaxis.set_major_locator(whole_numbers())
    axes.set_title(f"rank correlation {rank:.2f}", size=9)
    axes.set_xlabel(f"alive neurons (of {result.neurons})")
    axes.set_ylabel("breakpoints on [-5, 5]")
    axes.legend(loc="upper left")


def _draw_losses(result: Result, axes: Axes) -> None:
    n = np.unique(result.breakpoints)
    groups = [result.loss[result.breakpoints == count] for count in n]
    spread = tuple(np.array([quartiles(group) for group in groups]).T)
    at = np.maximum(n, NONE_AT)
    draw_whiskers(axes, at, spread, OKABE_ITO["blue"], marker="o", label="median, quartiles")
    slope = np.median(
        [exponent(*pair) for pair in zip(result.breakpoints, result.loss, strict=True)]
    )
    reach = np.linspace(2, 25, 100)
    axes.plot(reach, 900 / reach**2, "--", color="0.4", lw=1, label="slope -2, as claimed")
    # x² on an interval of length 10, by the best function of n + 1 pieces.
    best = 10**4 / (180 * (reach + 1) ** 4)
    axes.plot(reach, best, ":", color="0.4", lw=1.4, label="least possible with n breakpoints")
    points = [(max(k, NONE_AT), claimed(f"loss_at_{k}")) for k in NAMED]
    axes.plot(*zip(*points, strict=True), "kx", ms=8, mew=1.5, label="claimed")
    axes.set_xscale("log")
    axes.set_yscale("log")
    ticks = (1, 2, 5, 10, 20)
    axes.set_xticks([NONE_AT, *ticks], ["0", *map(str, ticks)])
    axes.minorticks_off()
    axes.set_title(f"fitted exponent {slope:.2f}, claimed -2", size=9)
    axes.set_xlabel("breakpoints n on [-5, 5]")
    axes.set_ylabel("mean squared error on the grid on [-5, 5]")
    axes.legend(loc="lower left")
