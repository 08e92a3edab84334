"""The losses at each depth: their median, their spread and the best shape's."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from npnets.figures.style import LOSS_LABELS, OKABE_ITO, whole_numbers
from npnets.study.table import ShapeTable

PERCENTILES = (0, 5, 25, 50, 75, 95)


def draw(table: ShapeTable, domain: str, axes: Axes) -> None:
    """Draw percentiles of the finite losses over the shapes of each depth."""
    axes.set_yscale("log")
    axes.xaxis.set_major_locator(whole_numbers())
    axes.set_xlabel("depth (hidden layers)")
    axes.set_ylabel(LOSS_LABELS[domain])
    losses = table.losses[domain]
    usable = np.isfinite(losses) & (losses > 0)
    if not usable.any():
        return
    depths = np.unique(table.depth[usable])
    best, p5, p25, median, p75, p95 = np.transpose(
        [np.percentile(losses[usable & (table.depth == depth)], PERCENTILES) for depth in depths]
    )
    blue = OKABE_ITO["blue"]
    axes.fill_between(depths, p5, p95, color=blue, alpha=0.15, lw=0, label="5 to 95 % of shapes")
    axes.fill_between(depths, p25, p75, color=blue, alpha=0.3, lw=0, label="25 to 75 %")
    axes.plot(depths, median, color=blue, label="median")
    axes.plot(depths, best, "o-", color=OKABE_ITO["vermilion"], ms=4, lw=1, label="best shape")
