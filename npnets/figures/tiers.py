"""The five tiers of eigenvalues, and the places they are taken at, as all figures show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from npnets.figures.bands import Triple, draw_band
from npnets.figures.style import OKABE_ITO

#: tier → its colour and its marker, from steep to negative
STYLES = {
    "steep": (OKABE_ITO["vermilion"], "o"),
    "moderate": (OKABE_ITO["orange"], "s"),
    "weak": (OKABE_ITO["green"], "^"),
    "zero": (OKABE_ITO["blue"], "D"),
    "negative": (OKABE_ITO["purple"], "v"),
}
#: The tiers' names where negative eigenvalues count as zero.
FOUR = ("steep", "moderate", "weak", "zero or negative")
#: place → its colour and its marker
PLACES = {
    "as trained": (OKABE_ITO["black"], "o"),
    "polished": (OKABE_ITO["sky blue"], "s"),
}


def draw_lines(
    axes: Axes, x: np.ndarray, spread: Triple, names: Sequence[str] = tuple(STYLES), **line: Any
) -> None:
    """Draw a line with markers and a band for each tier; (len(x), tiers), NaN where none is."""
    for tier, (name, (color, marker)) in enumerate(zip(names, STYLES.values(), strict=False)):
        median, low, high = (part[:, tier] for part in spread)
        if np.isfinite(median).any():
            one = median, low, high
            draw_band(axes, x, one, color, marker=marker, ms=4, label=name, **line)


def shade(axes: Axes, edges: Sequence[float]) -> None:
    """Shade and name the steep, the moderate, … tier between descending edges of |λ|."""
    for name, high, low in zip(STYLES, edges, edges[1:], strict=False):
        color, _ = STYLES[name]
        axes.axhspan(low, high, color=color, alpha=0.14, lw=0, zorder=0)
        name_band(axes, name, low, high)


def name_band(axes: Axes, name: str, low: float, high: float) -> None:
    """Write a name beside a part of a logarithmic y axis."""
    beside = axes.get_yaxis_transform()
    axes.text(1.01, np.sqrt(low * high), name, transform=beside, va="center", size=8)
