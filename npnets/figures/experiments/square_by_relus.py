"""x² and the four ReLUs that follow it, and how the error falls with more neurons."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from npnets.experiments.square_by_relus import Result
from npnets.figures.style import OKABE_ITO

STYLES = (("vermilion", "o-"), ("blue", "s--"), ("green", "^-."))


def draw(result: Result, figure: Figure) -> None:
    """Draw the function on the left, the errors on the right."""
    figure.set_size_inches(8.2, 3.8)
    left, right = figure.subplots(1, 2)
    _draw_function(result, left)
    for one, (color, style) in zip(
        (result.interpolants, result.best, result.deep), STYLES, strict=True
    ):
        right.loglog(one.neurons, one.error, style, color=OKABE_ITO[color], ms=4, label=one.name)
    n = result.interpolants.neurons
    right.loglog(n, 0.04 / n**2.0, color="0.5", lw=0.8, ls=":", label="slope -2, as in theory")
    right.set_xlabel("hidden neurons")
    right.set_ylabel("largest |f - x²| on [0, 1]")
    right.legend(loc="lower left")


def _draw_function(result: Result, axes: Axes) -> None:
    x = np.linspace(result.knots[0], result.knots[-1], 201)
    axes.plot(x, x**2, color=OKABE_ITO["black"], lw=3, alpha=0.3, label="x²")
    axes.plot(
        result.knots,
        result.values,
        "o-",
        color=OKABE_ITO["vermilion"],
        ms=5,
        lw=1.2,
        label=f"{len(result.knots) - 1} ReLUs, hinges at 0, ¼, ½, ¾",
    )
    axes.set_xticks(result.knots, ["0", "¼", "½", "¾", "1"])
    axes.set_xlabel("x")
    axes.set_ylabel("output")
    axes.legend(loc="upper left")
