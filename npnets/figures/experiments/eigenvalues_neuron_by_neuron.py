"""Tier counts against the number of neurons, and the steep share beside a law of 1/k.

Lines are medians, bands are quartiles.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, ScalarFormatter

from npnets.experiments.eigenvalues_neuron_by_neuron import TIERS, Result, claimed
from npnets.figures.bands import draw_band, quartiles
from npnets.figures.style import OKABE_ITO
from npnets.figures.tiers import FOUR, STYLES, draw_lines


def draw(result: Result, figure: Figure) -> None:
    """Draw a row of panels per initialisation: as Adam left them, polished, the steep share."""
    figure.set_size_inches(11.4, 3.3 * len(result.of))
    grid = figure.subplots(len(result.of), 3, squeeze=False)
    for (left, middle, right), one in zip(grid, result.of, strict=True):
        _draw_counts(left, one.tiers)
        _draw_weak_by_magnitude(left, one.magnitudes)
        _draw_counts(middle, one.polished)
        _draw_share(right, one.tiers[:, 1:, 0] / result.parameters[1:])
        networks, minima = len(one.loss), one.minima.sum() / (len(one.loss) * len(one.minima))
        left.set_title(f"init {one.init}: where Adam stopped")
        middle.set_title(f"init {one.init}: polished ({minima:.0%} to a minimum)")
        right.set_title(f"init {one.init}: steep share, {networks} networks each")
        left.legend(loc="upper left")
        for axes in (left, middle):
            axes.set_xticks(range(0, len(result.parameters), 4))
            axes.set_ylim(-1, 1.02 * result.parameters[-1])


def _draw_counts(axes: Axes, counts: np.ndarray) -> None:
    draw_lines(axes, np.arange(counts.shape[1]), quartiles(counts), FOUR)
    axes.set_xlabel("hidden neurons k")
    axes.set_ylabel("number of eigenvalues (median, quartiles)")


def _draw_weak_by_magnitude(axes: Axes, counts: np.ndarray) -> None:
    weak = np.median(counts[:, :, TIERS.index("weak")], axis=0)
    axes.plot(weak, ":", color=STYLES["weak"][0], label="weak, if |λ| counts")


def _draw_share(axes: Axes, fraction: np.ndarray) -> None:
    k = np.arange(1, fraction.shape[1] + 1)
    color, marker = STYLES["steep"]
    measured = {"marker": marker, "ms": 4, "label": "measured (median, quartiles)"}
    draw_band(axes, k, quartiles(fraction), color, **measured)
    axes.loglog(k, 0.5 / k, "--", color="0.5", label="0.5 / k")
    ends = (1, 16)
    shares = [claimed(f"fraction_at_{k}") for k in ends]
    axes.loglog(ends, shares, "*", ms=8, color=OKABE_ITO["black"], label="claimed")
    for axis, ticks in ((axes.xaxis, (1, 2, 4, 8, 16)), (axes.yaxis, (0.03, 0.1, 0.2, 0.5, 1))):
        axis.set_major_formatter(ScalarFormatter())
        axis.set_minor_formatter(NullFormatter())
        axis.set_ticks(ticks)
    axes.set_xlabel("hidden neurons k")
    axes.set_ylabel("steep eigenvalues / parameters")
    axes.set_ylim(0.028, 1.3)
    axes.legend(loc="upper right")
