"""Sorted spectra with the tiers' thresholds, and the tiers' counts beside those claimed."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from npnets.experiments.eigenvalues_of_sixteen import (
    TIERS,
    Replicates,
    Result,
    claimed,
    tier_counts,
)
from npnets.figures.bands import draw_band, draw_whiskers, quartiles
from npnets.figures.style import OKABE_ITO, whole_numbers
from npnets.figures.tiers import PLACES, shade

#: Eigenvalues below are drawn here.
LOWEST = 1e-18
HIGHEST = 300.0


def draw(result: Result, figure: Figure) -> None:
    """Draw a row of two panels per initialisation."""
    figure.set_size_inches(10.4, 3.5 * len(result.of))
    grid = figure.subplots(len(result.of), 2, squeeze=False, width_ratios=(1.25, 1))
    (trained, _), (polished, _) = PLACES.values()
    for (left, right), one in zip(grid, result.of, strict=True):
        minima = sum(reason == "minimum" for reason in one.reasons)
        ended = f"polished, {minima} of {len(one.reasons)} to a minimum"
        _draw_spectrum(left, one.eigenvalues, trained, label="where Adam stopped")
        _draw_spectrum(left, one.polished, polished, label=ended, ls="--")
        _decorate(left, result.tier_thresholds, one.eigenvalues.shape[1])
        _draw_claimed(right)
        _draw_counts(right, one)
        left.set_title(f"init {one.init}: medians and quartiles of {len(one.loss)} networks")
        right.set_title(f"init {one.init}: tiers, medians and quartiles")


def _draw_spectrum(axes: Axes, eigenvalues: np.ndarray, color: str, **line: str) -> None:
    sizes = np.sort(np.maximum(np.abs(eigenvalues), LOWEST), axis=1)[:, ::-1]
    draw_band(axes, np.arange(1, sizes.shape[1] + 1), quartiles(sizes), color, **line)


def _decorate(axes: Axes, thresholds: tuple[float, ...], parameters: int) -> None:
    axes.set_yscale("log")
    shade(axes, (HIGHEST, *thresholds, LOWEST / 10))
    axes.set_ylim(LOWEST / 10, HIGHEST)
    axes.set_xlim(0.3, parameters + 0.7)
    axes.xaxis.set_major_locator(whole_numbers())
    axes.set_xlabel("eigenvalue, the largest |λ| first")
    axes.set_ylabel(f"|λ| (loss per weight²), at least {LOWEST:g}")
    axes.legend(loc="lower left")


def _draw_counts(axes: Axes, one: Replicates) -> None:
    for shift, counts, (color, marker), face, label in (
        (-0.25, tier_counts(one.eigenvalues), PLACES["as trained"], None, "Adam, by λ"),
        (0, tier_counts(one.eigenvalues, "|λ|"), PLACES["as trained"], "white", "Adam, by |λ|"),
        (0.25, tier_counts(one.polished), PLACES["polished"], None, "polished, by λ"),
    ):
        x, style = np.arange(len(TIERS)) + shift, {"marker": marker, "mfc": face, "label": label}
        draw_whiskers(axes, x, quartiles(counts), color, **style)
    axes.legend(loc="upper left")


def _draw_claimed(axes: Axes) -> None:
    for t, tier in enumerate(TIERS):
        low, high = claimed(tier)
        axes.fill_between(
            (t - 0.45, t + 0.45),
            low - 0.5,
            high + 0.5,
            color=OKABE_ITO["yellow"],
            alpha=0.5,
            lw=0,
            label="claimed" if t == 0 else None,
        )
    axes.set_xticks(range(len(TIERS)), [*TIERS[:-1], f"{TIERS[-1]}\n(by λ: or negative)"])
    axes.set_ylim(0, 50)
    axes.set_xlabel("tier")
    axes.set_ylabel("number of eigenvalues")
