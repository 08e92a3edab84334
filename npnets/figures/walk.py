"""The loss along eigenvectors, tier by tier, measured and predicted by the curvature."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from npnets.figures.bands import Triple
from npnets.figures.tiers import STYLES, draw_lines


def draw(
    figure: Figure,
    *,
    title: str,
    distances: np.ndarray,
    measured: Triple,
    predicted: np.ndarray,
    weight_norm: float,
) -> None:
    """Draw the loss of each tier, (5, T) as median, low and high, and the predicted one, (5, T)."""
    figure.set_size_inches(8.4, 4.8)
    figure.suptitle(title, wrap=True)
    axes = figure.subplots()
    axes.set_xscale("log")
    axes.set_yscale("log")
    median, low, high = measured
    draw_lines(axes, distances, (median.T, low.T, high.T))
    for (color, _), losses in zip(STYLES.values(), predicted, strict=True):
        axes.plot(distances, np.where(losses > 0, losses, np.nan), color=color, ls="--", lw=1)
    axes.plot([], [], color="0.4", ls="--", lw=1, label="predicted by\ngradient and curvature")
    axes.axvline(weight_norm, color="0.4", ls=":", lw=1, label="norm of all weights\n(median)")
    axes.set_xlabel("distance from the trained network, in units of weights")
    axes.set_ylabel("mean squared error")
    figure.legend(loc="outside right center", title="along eigenvectors that are")
