"""How many shapes there are of each depth, with the shallow ones set apart."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from npnets.experiments.compositions_of_sixteen import Result
from npnets.figures.style import OKABE_ITO


def draw(result: Result, figure: Figure) -> None:
    """Draw a bar per depth, labelled with its count."""
    figure.set_size_inches(6.4, 3.6)
    axes = figure.subplots()
    depths = np.arange(1, len(result.shapes) + 1)
    shallow = depths <= result.shallow
    for chosen, color, text in (
        (shallow, "vermilion", f"at most {result.shallow} layers"),
        (~shallow, "sky blue", "deeper"),
    ):
        counts = result.shapes[chosen]
        label = f"{text}: {counts.sum():,} shapes"
        bars = axes.bar(depths[chosen], counts, color=OKABE_ITO[color], label=label)
        axes.bar_label(bars, [f"{count:,}" for count in counts], size=7, padding=1)
    axes.set_xticks(depths)
    axes.set_xlim(0.3, len(depths) + 0.7)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda count, _: f"{count:,.0f}"))
    axes.set_xlabel("depth (hidden layers)")
    axes.set_ylabel(f"shapes of {len(depths)} neurons")
    axes.legend(title=f"{result.shapes.sum():,} shapes in all", loc="upper left")
