"""The singular values of trained networks' Jacobians, and what their right vectors are."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from npnets.figures.style import OKABE_ITO

Triple = tuple[np.ndarray, np.ndarray, np.ndarray]
COLORS = ("blue", "orange", "green")


def draw(
    figure: Figure,
    *,
    title: str,
    singular_values: np.ndarray,
    tolerance: float,
    curves: dict[str, Triple],
) -> None:
    """Draw singular values (K, r) beside curves, name → (r,) as median, low and high."""
    figure.set_size_inches(11, 4.4)
    figure.suptitle(title)
    left, right = figure.subplots(1, 2)
    index = np.arange(1, singular_values.shape[1] + 1)
    shown = np.where(singular_values > 0, singular_values, np.nan)
    left.plot(index, shown.T, ".", color=OKABE_ITO["blue"], ms=3, alpha=0.5)
    bound = tolerance * np.median(singular_values[:, 0])
    left.set_yscale("log")
    bottom = min(left.get_ylim()[0], bound / 10)
    left.axhspan(bottom, bound, color="0.88", lw=0, zorder=0)
    left.text(1, bound, " below the tolerance", va="top", size=8)
    left.set_ylim(bottom=bottom)
    left.set_title("values of every network; exact zeros are left out")
    left.set_ylabel("singular value of the Jacobian")
    for name, (label, (median, low, high)) in zip(COLORS, curves.items(), strict=False):
        color = OKABE_ITO[name]
        right.fill_between(index, low, high, color=color, alpha=0.2, lw=0)
        right.plot(index, median, "o-", color=color, ms=3, label=label)
    right.set_ylim(0, 1.02)
    right.set_ylabel("of each right singular vector")
    right.legend(ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0), columnspacing=1.2)
    for axes in (left, right):
        axes.set_xlabel("singular value, from the largest to the smallest")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
