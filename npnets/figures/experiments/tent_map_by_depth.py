"""Some of the sawtooths, and the pieces and neurons of all of them."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from npnets.experiments.tent_map_by_depth import Result
from npnets.figures.style import OKABE_ITO, whole_numbers


def draw(result: Result, figure: Figure) -> None:
    """Draw a row of functions on the left, and the counts on the right."""
    figure.set_size_inches(8.2, 3.9)
    grid = figure.add_gridspec(len(result.drawn), 2, width_ratios=(1, 1.2))
    for row, one in enumerate(result.drawn):
        axes = figure.add_subplot(grid[row, 0])
        axes.plot(one.knots, one.values, color=OKABE_ITO["blue"], lw=1.3)
        pieces = f"{len(one.knots) - 1:,} pieces"
        axes.set_title(f"k = {one.compositions}: {pieces}", loc="left", size=9)
        axes.set_yticks([0, 1])
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "¼", "½", "¾", "1"])
        axes.set_xlabel("x")
        axes.set_ylabel("output")
    axes, k = figure.add_subplot(grid[:, 1]), np.arange(1, len(result.pieces) + 1)
    label = "linear pieces (one layer needs as many neurons)"
    axes.plot(k, result.pieces, "o-", color=OKABE_ITO["blue"], label=label)
    axes.plot(
        k, result.neurons, "^-", color=OKABE_ITO["green"], label="hidden neurons of the k layers"
    )
    axes.set_yscale("log", base=2)
    axes.set_yticks(
        2 ** np.arange(0, len(k) + 1, 2), [f"{2**p:,}" for p in range(0, len(k) + 1, 2)]
    )
    axes.xaxis.set_major_locator(whole_numbers())
    axes.set_xlabel("k, how often the tent map is composed (hidden layers)")
    axes.set_ylabel("number")
    axes.legend(loc="upper left")
