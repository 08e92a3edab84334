"""The look that all figures share."""

from __future__ import annotations

from typing import Any

from matplotlib.ticker import MaxNLocator

#: Okabe and Ito (2008), Color universal design: distinct for every kind of colour vision.
OKABE_ITO = {
    "black": "#000000",
    "orange": "#E69F00",
    "sky blue": "#56B4E9",
    "green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermilion": "#D55E00",
    "purple": "#CC79A7",
}
#: Text stays text in SVG, and a fixed salt makes equal figures equal files.
RC_PARAMS: Any = {
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "npnets",
}
LOSS_LABELS = {
    "grid": r"mean squared error on the grid $[-5, 5]^d$",
    "normal": r"mean squared error on $N(0, I)$",
}


def whole_numbers() -> MaxNLocator:
    """Ticks at whole numbers, of which people count in twos, fives and tens."""
    return MaxNLocator(integer=True, steps=[1, 2, 5, 10], min_n_ticks=1)
