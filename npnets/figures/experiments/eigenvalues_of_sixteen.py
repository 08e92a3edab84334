"""Sorted spectra with the tiers' thresholds, and the tiers' counts beside those claimed."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from npnets.experiments.eigenvalues_of_sixteen import TIERS, Result, claimed, tier_counts
from npnets.figures.style import OKABE_ITO

FLOOR = 1e-18


def draw(result: Result, figure: Figure) -> None:
    """Draw a row of two panels per initialisation."""
    figure.set_size_inches(9.6, 3.4 * len(result.of))
    grid = figure.subplots(len(result.of), 2, squeeze=False, width_ratios=(1.25, 1))
    for (left, right), one in zip(grid, result.of, strict=True):
        minima = sum(reason == "minimum" for reason in one.reasons)
        polished = f"polished, {minima} of {len(one.reasons)} to a minimum"
        _draw_spectrum(left, one.eigenvalues, "where Adam stopped", "blue")
        _draw_spectrum(left, one.polished, polished, "vermilion")
        _decorate(left, result.tier_thresholds, one.eigenvalues.shape[1])
        _draw_claimed(right)
        _draw_counts(right, -0.25, tier_counts(one.eigenvalues), "Adam, by λ", "blue")
        _draw_counts(right, 0, tier_counts(one.eigenvalues, "|λ|"), "Adam, by |λ|", "sky blue")
        _draw_counts(right, 0.25, tier_counts(one.polished), "polished", "vermilion")
        right.legend(loc="upper left")
        left.set_title(f"init {one.init}: medians and quartiles of {len(one.loss)} networks")
        right.set_title(f"init {one.init}: tiers, medians and quartiles")


def _draw_spectrum(axes: Axes, eigenvalues: np.ndarray, label: str, color: str) -> None:
    sizes = np.sort(np.maximum(np.abs(eigenvalues), FLOOR), axis=1)[:, ::-1]
    low, middle, high = np.quantile(sizes, (0.25, 0.5, 0.75), axis=0)
    index = np.arange(1, len(middle) + 1)
    axes.fill_between(index, low, high, color=OKABE_ITO[color], alpha=0.25, linewidth=0)
    axes.plot(index, middle, color=OKABE_ITO[color], label=label)


def _decorate(axes: Axes, thresholds: tuple[float, ...], parameters: int) -> None:
    for threshold in thresholds:
        axes.axhline(threshold, color="0.6", linewidth=0.7, linestyle=":")
    bounds = (300.0, *thresholds, 1e-9)
    for tier, high, low in zip(TIERS, bounds, bounds[1:], strict=False):
        axes.text(parameters + 1, np.sqrt(high * low), tier, va="center", color="0.4")
    axes.set_yscale("log")
    axes.set_xlim(0, parameters + 8)
    axes.set_xlabel("eigenvalue, the largest |λ| first")
    axes.set_ylabel("|λ| (loss per weight²)")
    axes.legend(loc="lower left")


def _draw_claimed(axes: Axes) -> None:
    for t, tier in enumerate(TIERS):
        low, high = claimed(tier)
        label = "claimed" if t == 0 else None
        reach = (t - 0.45, t + 0.45)
        axes.fill_between(
            reach,
            low - 0.5,
            high + 0.5,
            color=OKABE_ITO["yellow"],
            alpha=0.5,
            linewidth=0,
            label=label,
        )
    axes.set_xticks(range(len(TIERS)), TIERS)
    axes.set_ylim(0, 50)
    axes.set_xlabel("tier")
    axes.set_ylabel("eigenvalues")


def _draw_counts(axes: Axes, shift: float, counts: np.ndarray, label: str, color: str) -> None:
    low, middle, high = np.quantile(counts, (0.25, 0.5, 0.75), axis=0)
    axes.errorbar(
        np.arange(len(TIERS)) + shift,
        middle,
        (middle - low, high - middle),
        fmt="o",
        markersize=4,
        capsize=2,
        color=OKABE_ITO[color],
        label=label,
    )
