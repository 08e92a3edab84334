"""Medians as lines or points, and the spread around them."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

#: median, low and high, of the same shape
Triple = tuple[np.ndarray, np.ndarray, np.ndarray]


def quartiles(values: np.ndarray) -> Triple:
    """Median, lower and upper quartile over the first axis.

    >>> [part.tolist() for part in quartiles(np.array([[1.0], [2.0], [4.0]]))]
    [[2.0], [1.5], [3.0]]
    """
    low, median, high = np.quantile(values, (0.25, 0.5, 0.75), axis=0)
    return median, low, high


def draw_band(axes: Axes, x: np.ndarray, spread: Triple, color: str, **line: Any) -> None:
    """Draw a line through the medians on a band from low to high."""
    median, low, high = spread
    axes.fill_between(x, low, high, color=color, alpha=0.2, lw=0)
    axes.plot(x, median, color=color, **line)


def draw_whiskers(axes: Axes, x: np.ndarray, spread: Triple, color: str, **points: Any) -> None:
    """Draw a point at each median with whiskers from low to high."""
    median, low, high = spread
    reach = median - low, high - median
    axes.errorbar(x, median, reach, ms=4, capsize=2, ls="", color=color, **points)
