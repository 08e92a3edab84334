"""The share of networks at each depth that did not collapse to a constant."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from npnets.figures.style import OKABE_ITO
from npnets.study.table import ShapeTable


def draw(table: ShapeTable, domain: str, axes: Axes) -> None:
    """Draw the share of survivors; it is the same on both domains."""
    depths = np.unique(table.depth)
    networks = np.array([table.runs[table.depth == depth].sum() for depth in depths])
    survivors = np.array([table.survivors[table.depth == depth].sum() for depth in depths])
    axes.bar(depths, survivors / networks, color=OKABE_ITO["sky blue"])
    axes.set_ylim(0, 1)
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("depth (hidden layers)")
    axes.set_ylabel("networks that did not collapse")
