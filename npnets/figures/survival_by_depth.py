"""The share of networks at each depth that did not collapse to a constant."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from npnets.figures.style import OKABE_ITO, whole_numbers
from npnets.study.table import ShapeTable

#: Bars that have room for a label each.
MOST_LABELS = 16


def draw(table: ShapeTable, domain: str, axes: Axes) -> None:
    """Draw the share of survivors; it is the same on both domains."""
    depths = np.unique(table.depth)
    networks = np.array([table.runs[table.depth == depth].sum() for depth in depths])
    survivors = np.array([table.survivors[table.depth == depth].sum() for depth in depths])
    bars = axes.bar(depths, 100 * survivors / networks, color=OKABE_ITO["sky blue"])
    if len(depths) <= MOST_LABELS:
        shares = [_percent(s, n) for s, n in zip(survivors, networks, strict=True)]
        axes.bar_label(bars, shares, size=7)
    axes.set_ylim(0, 106)  # room for the labels of full bars
    axes.set_xlim(depths[0] - 0.7, depths[-1] + 0.7)
    axes.xaxis.set_major_locator(whole_numbers())
    axes.set_xlabel("depth (hidden layers)")
    axes.set_ylabel("networks that did not collapse (%)")


def _percent(survivors: int, networks: int) -> str:
    """The share as it fits over a bar.

    >>> _percent(1, 400), _percent(3, 4), _percent(0, 9)
    ('0.2', '75', '0')
    """
    share = 100 * survivors / networks
    return f"{share:.0f}" if share >= 10 else f"{share:.1g}"
