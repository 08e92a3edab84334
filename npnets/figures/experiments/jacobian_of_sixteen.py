"""Singular values in both precisions, and what their right vectors are like."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from npnets.experiments.jacobian_of_sixteen import (
    TOLERANCES,
    Replicates,
    Result,
    claimed,
    rank_tolerance,
)
from npnets.figures.style import OKABE_ITO

#: Singular values below are drawn here.
LOWEST = 1e-17


def draw(result: Result, figure: Figure) -> None:
    """Draw a row of two panels per initialisation."""
    figure.set_size_inches(9.6, 3.6 * len(result.of))
    grid = figure.subplots(len(result.of), 2, squeeze=False)
    for (left, right), one in zip(grid, result.of, strict=True):
        _draw_values(left, result, one)
        _draw_vectors(right, one)
        left.set_title(f"init {one.init}: {len(one.double)} networks, medians and quartiles")
        right.set_title(f"init {one.init}: right vectors")


def _draw_values(axes: Axes, result: Result, one: Replicates) -> None:
    _draw_band(axes, np.maximum(one.single, LOWEST), "single precision", "sky blue")
    _draw_band(axes, np.maximum(one.double, LOWEST), "double precision", "blue")
    first, parameters = np.median(one.double[:, 0]), one.double.shape[1]
    for tolerance, text in (
        (rank_tolerance(result, "double"), "rank, double"),
        (rank_tolerance(result, "single"), "rank, single"),
        *((tolerance, f"{tolerance:g} of the first") for tolerance in TOLERANCES),
    ):
        height = tolerance * first
        axes.axhline(height, color="0.6", linewidth=0.7, linestyle=":")
        axes.text(parameters + 13, height, text, size=7, color="0.4", va="bottom", ha="right")
    red, ends = OKABE_ITO["vermilion"], (claimed("sigma_1"), claimed("sigma_last"))
    axes.plot((1, parameters), ends, "*", color=red, label="claimed first and last")
    axes.plot((claimed("significant"),) * 2, (1e-4, 1e2), color=red, label="claimed significant")
    axes.set_yscale("log")
    axes.set_xlim(0, parameters + 13)
    axes.set_xticks(range(0, parameters + 1, 10))
    axes.set_xlabel("singular value, the largest first")
    axes.set_ylabel("singular value (output per weight)")
    axes.legend(loc="lower left")


def _draw_vectors(axes: Axes, one: Replicates) -> None:
    _draw_band(axes, one.share, "share of squared length in its best neuron", "green")
    _draw_band(axes, one.cosine_slope, "|cosine| with ∂slope/∂θ", "vermilion")
    _draw_band(axes, one.cosine_intercept, "|cosine| with ∂intercept/∂θ", "purple")
    axes.set_ylim(0, 1.35)
    axes.set_yticks(np.linspace(0, 1, 6))
    axes.set_xlabel("right vector, of the largest value first")
    axes.set_ylabel("share, |cosine|")
    axes.legend(loc="upper left")


def _draw_band(axes: Axes, values: np.ndarray, label: str, color: str) -> None:
    low, middle, high = np.quantile(values, (0.25, 0.5, 0.75), axis=0)
    index = np.arange(1, values.shape[1] + 1)
    axes.fill_between(index, low, high, color=OKABE_ITO[color], alpha=0.25, linewidth=0)
    axes.plot(index, middle, color=OKABE_ITO[color], label=label)
