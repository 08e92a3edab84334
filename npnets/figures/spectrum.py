"""All eigenvalues of the Hessians of some networks, with the tiers and the precision floor."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from npnets.figures import eigenvectors
from npnets.figures.style import OKABE_ITO
from npnets.figures.tiers import STYLES

#: How far below the floor the axis reaches; what lies lower is drawn at its end.
BELOW_FLOOR = 1e-4
PLACES = {"as trained": ("black", "o"), "polished": ("sky blue", "s")}


def draw(
    figure: Figure,
    *,
    title: str,
    eigenvalues: dict[str, np.ndarray],
    thresholds: Sequence[float],
    floor: float,
    vectors: np.ndarray,
    tier_of: np.ndarray,
    groups: Sequence[tuple[str, np.ndarray]],
) -> None:
    """Draw eigenvalues, place → (K, P) descending, beside the eigenvectors (P, P) of a network."""
    figure.set_size_inches(12, 5.2)
    figure.suptitle(title)
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.1))
    right.set_title("eigenvectors of the first network, as trained", pad=22)
    draw_eigenvalues(left, eigenvalues, thresholds, floor)
    eigenvectors.draw(right, vectors, tier_of, groups)


def draw_eigenvalues(
    axes: Axes, eigenvalues: dict[str, np.ndarray], thresholds: Sequence[float], floor: float
) -> None:
    """Draw a dot for each eigenvalue of each network, hollow if it is negative."""
    bottom = BELOW_FLOOR * floor
    top = 3 * max(values.max() for values in eigenvalues.values())
    axes.set_yscale("log")
    _draw_tiers(axes, (top, *thresholds, floor))
    axes.axhspan(bottom, floor, color="0.88", lw=0, zorder=0)
    _name_band(axes, "below floor", bottom, floor)
    for k, (place, values) in enumerate(eigenvalues.items()):
        color, marker = PLACES[place]
        index = np.broadcast_to(np.arange(1, values.shape[1] + 1) + 0.3 * k, values.shape)
        heights = np.maximum(np.abs(values), 1.5 * bottom)
        for chosen, face in ((values > 0, OKABE_ITO[color]), (values <= 0, "none")):
            axes.scatter(
                index[chosen],
                heights[chosen],
                s=9,
                marker=marker,
                facecolors=face,
                edgecolors=OKABE_ITO[color],
                lw=0.6,
                alpha=0.6,
                rasterized=True,
            )
    axes.set_ylim(bottom, top)
    axes.set_xlim(0, max(values.shape[1] for values in eigenvalues.values()) + 1)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("eigenvalue, from the largest to the smallest")
    axes.set_ylabel("|eigenvalue| of the Hessian of the mean squared error")
    axes.legend(
        handles=_handles(eigenvalues),
        ncols=2,
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        title="eigenvalues of every network",
    )


def _draw_tiers(axes: Axes, edges: Sequence[float]) -> None:
    """A band and a name for each tier but the negative one, which is told by the dots."""
    for name, high, low in zip(STYLES, edges, edges[1:], strict=False):
        axes.axhspan(low, high, color=STYLES[name][0], alpha=0.14, lw=0, zorder=0)
        _name_band(axes, name, low, high)


def _name_band(axes: Axes, name: str, low: float, high: float) -> None:
    beside = axes.get_yaxis_transform()
    axes.text(1.01, np.sqrt(low * high), name, transform=beside, va="center", rotation=-90, size=8)


def _handles(eigenvalues: dict[str, np.ndarray]) -> list[Line2D]:
    handles = []
    for place in eigenvalues:
        color, marker = PLACES[place]
        for face, sign in ((OKABE_ITO[color], "positive"), ("none", "negative")):
            handles.append(
                Line2D(
                    [],
                    [],
                    ls="",
                    marker=marker,
                    mec=OKABE_ITO[color],
                    mfc=face,
                    ms=4,
                    label=f"{place}, {sign}",
                )
            )
    return handles
