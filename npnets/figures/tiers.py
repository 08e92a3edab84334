"""The five tiers of eigenvalues, as all figures show them."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from npnets.figures.style import OKABE_ITO

#: tier → its colour and its marker, from steep to negative
STYLES = {
    "steep": (OKABE_ITO["vermilion"], "o"),
    "moderate": (OKABE_ITO["orange"], "s"),
    "weak": (OKABE_ITO["green"], "^"),
    "zero": (OKABE_ITO["blue"], "D"),
    "negative": (OKABE_ITO["purple"], "v"),
}


def median_lines(
    axes: Axes, x: np.ndarray, medians: np.ndarray, lows: np.ndarray, highs: np.ndarray
) -> None:
    """A line with markers and a band for each tier; arrays (len(x), 5), NaN where there is none."""
    for tier, (name, (color, marker)) in enumerate(STYLES.items()):
        if np.isfinite(medians[:, tier]).any():
            axes.fill_between(x, lows[:, tier], highs[:, tier], color=color, alpha=0.2, lw=0)
            axes.plot(x, medians[:, tier], color=color, marker=marker, ms=4, label=name)
