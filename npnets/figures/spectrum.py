"""All eigenvalues of the Hessians of some networks, with the tiers and the precision floor."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from npnets.figures import eigenvectors
from npnets.figures.style import whole_numbers
from npnets.figures.tiers import PLACES, STYLES, name_band, shade

#: How far below the floor the axis reaches; what lies lower is drawn at its end.
BELOW_FLOOR = 1e-4


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
    figure.suptitle(title, wrap=True)
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.1))
    right.set_title("eigenvectors of the first network, as trained", pad=22)
    draw_eigenvalues(left, eigenvalues, thresholds, floor)
    eigenvectors.draw(right, vectors, tier_of, groups)


def draw_eigenvalues(
    axes: Axes, eigenvalues: dict[str, np.ndarray], thresholds: Sequence[float], floor: float
) -> None:
    """Draw a mark for each eigenvalue of each network, of another kind if it is negative."""
    bottom = BELOW_FLOOR * floor
    top = 3 * max(values.max() for values in eigenvalues.values())
    axes.set_yscale("log")
    shade(axes, (top, *thresholds, floor))
    axes.axhspan(bottom, floor, color="0.88", lw=0, zorder=0)
    name_band(axes, "below\nprecision", bottom, floor)
    for k, (place, values) in enumerate(eigenvalues.items()):
        index = np.broadcast_to(np.arange(1, values.shape[1] + 1) + 0.3 * k, values.shape)
        heights = np.maximum(np.abs(values), 1.5 * bottom)
        positive, negative = PLACES[place], STYLES["negative"]
        for chosen, (color, marker), face, label in (
            (values >= 0, positive, positive[0], place),
            (values < 0, negative, "none" if k else negative[0], f"{place}, negative"),
        ):
            axes.plot(
                index[chosen],
                heights[chosen],
                ls="",
                marker=marker,
                ms=3,
                mfc=face,
                mec=color,
                mew=0.6,
                alpha=0.7,
                label=label,
                clip_on=False,
                rasterized=True,
            )
    axes.set_ylim(bottom, top)
    axes.set_xlim(0.3, max(values.shape[1] for values in eigenvalues.values()) + 1)
    axes.xaxis.set_major_locator(whole_numbers())
    axes.set_xlabel("eigenvalue, from the largest to the smallest")
    axes.set_ylabel("|eigenvalue| of the Hessian (mean squared error per weight²)")
    axes.legend(
        ncols=2,
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        title="eigenvalues of every network",
        markerscale=1.5,
    )
