"""The singular values of trained networks' Jacobians, and what their right vectors are."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from npnets.figures.bands import Triple, draw_band
from npnets.figures.style import OKABE_ITO, whole_numbers

STYLES = (
    {"color": OKABE_ITO["blue"], "marker": "o", "ls": "-"},
    {"color": OKABE_ITO["orange"], "marker": "s", "ls": "--"},
    {"color": OKABE_ITO["green"], "marker": "^", "ls": "-."},
)


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
    figure.suptitle(title, wrap=True)
    left, right = figure.subplots(1, 2)
    index = np.arange(1, singular_values.shape[1] + 1)
    shown = np.where(singular_values > 0, singular_values, np.nan)
    left.plot(index, shown.T, ".", color=OKABE_ITO["blue"], ms=3, alpha=0.5)
    bound = tolerance * np.median(singular_values[:, 0])
    left.set_yscale("log")
    bottom = min(left.get_ylim()[0], bound / 10)
    left.axhspan(bottom, bound, color="0.88", lw=0, zorder=0)
    left.text(0.01, bound, "below the tolerance", transform=left.get_yaxis_transform(), va="top")
    left.set_ylim(bottom=bottom)
    left.set_title("values of every network; exact zeros are left out")
    left.set_xlabel("singular value, from the largest to the smallest")
    left.set_ylabel("singular value of the Jacobian (output per weight)")
    for (name, spread), style in zip(curves.items(), STYLES, strict=False):
        draw_band(right, index, spread, ms=3, label=name, **style)
    right.set_ylim(-0.02, 1.02)
    right.set_xlabel("right singular vector, from the largest value to the smallest")
    right.set_ylabel("share, or |cosine|")
    right.legend(ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0), columnspacing=1.2)
    for axes in (left, right):
        axes.set_xlim(0.3, len(index) + 0.7)
        axes.xaxis.set_major_locator(whole_numbers())
