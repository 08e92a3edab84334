"""The three weighted ReLUs, and the triangle that is their sum."""

from __future__ import annotations

from matplotlib.figure import Figure

from npnets.experiments.triangle_of_three_relus import POINTS, Result
from npnets.figures.style import OKABE_ITO

#: Of a point's label, beside the point: in typographic points, and how it is aligned.
PLACES = (
    ((0, 7), "center"),
    ((-8, 2), "right"),
    ((-8, 2), "right"),
    ((8, 2), "left"),
    ((0, 7), "center"),
)
STYLES = (("sky blue", ":"), ("vermilion", "--"), ("green", "-."))


def draw(result: Result, figure: Figure) -> None:
    """Draw the parts thin, the sum thick, and a mark at each point that the source names."""
    figure.set_size_inches(6.4, 3.8)
    axes = figure.subplots()
    axes.axhline(0, color="0.8", lw=0.7, zorder=0)
    for hinge, weight, part, (color, style) in zip(
        result.hinges, result.weights, result.parts, STYLES, strict=True
    ):
        label = f"{_times(weight)}ReLU(x - {hinge:g})"
        axes.plot(result.x, part, style, color=OKABE_ITO[color], lw=1.6, label=label)
    axes.plot(result.x, result.sum, color=OKABE_ITO["black"], lw=2.2, label="their sum")
    axes.plot(POINTS, result.values, "o", color=OKABE_ITO["black"], ms=6, label="points claimed")
    for point, value, (place, align) in zip(POINTS, result.values, PLACES, strict=True):
        text = f"f({point:g}) = {value:g}"
        axes.annotate(text, (point, value), place, textcoords="offset points", ha=align, size=8)
    axes.margins(x=0.08)
    axes.set_xlabel("x")
    axes.set_ylabel("output")
    axes.legend(loc="lower left")


def _times(weight: float) -> str:
    return "" if weight == 1 else f"{weight:g} "
