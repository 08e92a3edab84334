"""Singular values in both precisions, and what their right vectors are like.

Lines are medians, bands are quartiles.
"""

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
from npnets.figures.bands import draw_band, quartiles
from npnets.figures.style import OKABE_ITO, whole_numbers

#: Singular values below are drawn here.
LOWEST = 1e-17


def draw(result: Result, figure: Figure) -> None:
    """Draw a row of two panels per initialisation."""
    figure.set_size_inches(11, 3.8 * len(result.of))
    grid = figure.subplots(len(result.of), 2, squeeze=False)
    for (left, right), one in zip(grid, result.of, strict=True):
        _draw_values(left, result, one)
        _draw_vectors(right, one)
        left.set_title(f"init {one.init}: {len(one.double)} networks, medians and quartiles")
        right.set_title(f"init {one.init}: right vectors, medians and quartiles")
        for axes in (left, right):
            axes.set_xlim(0, one.double.shape[1] + 1)
            axes.xaxis.set_major_locator(whole_numbers())


def _draw_values(axes: Axes, result: Result, one: Replicates) -> None:
    parameters = one.double.shape[1]
    index = np.arange(1, parameters + 1)
    for values, color, ls, label in (
        (one.single, "sky blue", "--", "single precision"),
        (one.double, "blue", "-", "double precision"),
    ):
        spread = quartiles(np.maximum(values, LOWEST))
        draw_band(axes, index, spread, OKABE_ITO[color], ls=ls, label=label)
    axes.set_yscale("log")
    _draw_tolerances(axes, result, float(np.median(one.double[:, 0])))
    ends, significant = (claimed("sigma_1"), claimed("sigma_last")), claimed("significant")
    red = OKABE_ITO["vermilion"]
    axes.plot((1, parameters), ends, "*", ms=10, color=red, label="claimed first, last", zorder=3)
    axes.axvline(significant, color=red, ls="-.", lw=1, label=f"claimed count: {significant:g}")
    axes.set_xlabel("singular value, the largest first")
    axes.set_ylabel(f"singular value (output per weight), at least {LOWEST:g}")
    axes.legend(loc="lower left")


def _draw_tolerances(axes: Axes, result: Result, first: float) -> None:
    """Lines below which singular values count as zero, named at the right."""
    for tolerance, text in (
        (rank_tolerance(result, "double"), "rank tolerance, double"),
        (rank_tolerance(result, "single"), "rank tolerance, single"),
        *((tolerance, f"{tolerance:g} × the first") for tolerance in TOLERANCES),
    ):
        axes.axhline(tolerance * first, color="0.6", lw=0.7, ls=":")
        beside = axes.get_yaxis_transform()
        axes.text(1.01, tolerance * first, text, transform=beside, size=7, va="center")


def _draw_vectors(axes: Axes, one: Replicates) -> None:
    index = np.arange(1, one.share.shape[1] + 1)
    for values, color, ls, label in (
        (one.share, "green", "-", "largest share of one neuron in the squared length"),
        (one.cosine_slope, "vermilion", "--", "|cosine| with ∂slope/∂θ"),
        (one.cosine_intercept, "purple", ":", "|cosine| with ∂intercept/∂θ"),
    ):
        draw_band(axes, index, quartiles(values), OKABE_ITO[color], ls=ls, label=label)
    axes.set_ylim(-0.02, 1.4)
    axes.set_yticks(np.linspace(0, 1, 6))
    axes.set_xlabel("right vector, of the largest value first")
    axes.set_ylabel("share, or |cosine|")
    axes.legend(loc="upper left")
