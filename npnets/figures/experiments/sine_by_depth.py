"""The sine beside the median network of each shape, and the losses and kinks of all of them."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from npnets.experiments.sine_by_depth import Result, Trained
from npnets.figures.style import OKABE_ITO

COLORS = ("vermilion", "blue")
MARKERS = ("o", "s", "^", "D")


def draw(result: Result, figure: Figure) -> None:
    """Draw what was learned on the left, and how well, against kinks, on the right."""
    figure.set_size_inches(8.2, 4.2)
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.15))
    _functions(result, left)
    for k, trained in enumerate(result.of):
        right.scatter(
            trained.kinks,
            trained.loss,
            s=18,
            marker=MARKERS[k // 2 % len(MARKERS)],
            facecolors="none",
            edgecolors=OKABE_ITO[COLORS[k % 2]],
            label=f"{_name(trained)}, init {trained.init}",
        )
    right.set_yscale("log")
    right.set_xlabel("kinks of the trained function in [0, 2π]")
    right.set_ylabel("mean squared error on [0, 2π]")
    handles, labels = right.get_legend_handles_labels()
    title = "on the right, a marker is a network"
    figure.legend(handles, labels, loc="outside lower center", ncols=2, title=title)


def _functions(result: Result, axes: Axes) -> None:
    axes.plot(result.x, np.sin(result.x), color=OKABE_ITO["black"], lw=3, alpha=0.25, label="sin x")
    for trained, color, style in zip(result.of[:2], COLORS, ("-", "--"), strict=True):
        axes.plot(
            result.x, trained.outputs, style, color=OKABE_ITO[color], lw=1.2, label=_name(trained)
        )
    axes.set_xticks(np.pi * np.arange(0, 2.5, 0.5), ["0", "π/2", "π", "3π/2", "2π"])
    axes.set_xlabel("x")
    axes.set_ylabel("output")
    title = f"median loss, init {result.of[0].init}"
    axes.legend(title=title, loc="lower left", fontsize=8, title_fontsize=8)


def _name(trained: Trained) -> str:
    return f"{'-'.join(map(str, trained.shape))} ({trained.parameters} parameters)"
