"""Every shape's loss against its number of parameters."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable

from npnets.figures.style import LOSS_LABELS, OKABE_ITO, whole_numbers
from npnets.study.table import ShapeTable


def draw(table: ShapeTable, domain: str, axes: Axes) -> None:
    """Draw a dot per shape, coloured by depth, and the best loss at each number of parameters."""
    losses = table.losses[domain]
    shown = table.select(np.isfinite(losses) & (losses > 0))
    losses, parameters = shown.losses[domain], shown.parameter_count
    # dots as pixels: tens of thousands of them would make an SVG of many megabytes
    dots = axes.scatter(
        parameters,
        losses,
        c=shown.depth,
        cmap="viridis",
        s=4,
        lw=0,
        alpha=0.6,
        rasterized=True,
    )
    counts = np.unique(parameters)
    best = [losses[parameters == count].min() for count in counts]
    axes.plot(counts, best, "D", color=OKABE_ITO["vermilion"], ms=3, label="best of its size")
    axes.set_yscale("log")
    axes.xaxis.set_major_locator(whole_numbers())
    axes.set_xlabel("number of parameters")
    axes.set_ylabel(LOSS_LABELS[domain])
    opaque = ScalarMappable(dots.norm, dots.cmap)
    colorbar = axes.figure.colorbar(opaque, ax=axes, label="depth of a shape (hidden layers)")
    colorbar.ax.yaxis.set_major_locator(whole_numbers())
