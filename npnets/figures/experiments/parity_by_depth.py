"""Neurons against bits, of all that was built, and what training finds for four bits."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from npnets.experiments.parity_by_depth import FEW, MANY, Result, claimed
from npnets.figures.style import OKABE_ITO, whole_numbers

#: By kind: label, colour, marker.
STYLES = {
    "minterms": ("1 layer: a neuron for each odd input", "vermilion", "o"),
    "zigzag": ("1 layer: of the sum of all bits", "orange", "s"),
    "tree": ("⌈log₂ n⌉ layers: XORs of pairs", "blue", "^"),
    "folds": ("⌈log₂ n⌉ layers: the sum, folded", "green", "v"),
}
#: The source's "> 500,000".
MORE_THAN = 500_000


def draw(result: Result, figure: Figure) -> None:
    """Draw what was built on the left, what was trained on the right."""
    figure.set_size_inches(8.8, 4.2)
    left, right = figure.subplots(1, 2, width_ratios=(1.9, 1))
    _draw_built(result, left)
    positions = np.arange(len(result.widths))
    bars = right.bar(positions, result.right / result.replicates, 0.6, color=OKABE_ITO["sky blue"])
    right.bar_label(bars, [f"{right} of {result.replicates}" for right in result.right], size=8)
    right.set_xticks(positions, [f"{width}" for width in result.widths])
    right.set_ylim(0, 1.08)
    right.set_title(f"one layer, trained on {FEW} bits", size=9)
    right.set_xlabel("hidden neurons")
    right.set_ylabel(f"share right on all {2**FEW} inputs")


def _draw_built(result: Result, axes: Axes) -> None:
    bits = result.of("tree").bits
    needed = 2.0 ** (bits - 1)
    label = r"claimed of one layer: $2^{n-1}$"
    axes.plot(bits, needed, ":", color=OKABE_ITO["vermilion"], lw=1, label=label)
    for kind, (label, color, marker) in STYLES.items():
        one = result.of(kind)
        right = one.error < 0.5
        axes.plot(
            one.bits[right],
            one.neurons[right],
            marker,
            color=OKABE_ITO[color],
            ms=4,
            label=label,
        )
    points = [(FEW, claimed("shallow_4")), (MANY, MORE_THAN), (MANY, claimed("deep_20"))]
    axes.plot(*zip(*points, strict=True), "kx", ms=8, mew=1.5, label="claimed: 8, > 500,000, ~40")
    axes.set_yscale("log")
    axes.xaxis.set_major_locator(whole_numbers())
    axes.set_title("built, and right on all inputs", size=9)
    axes.set_xlabel("bits n")
    axes.set_ylabel("hidden neurons")
    axes.legend(loc="upper left", fontsize=8)
