"""The loss along eigenvectors, tier by tier, measured and predicted by the curvature."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from npnets.figures.tiers import STYLES

Triple = tuple[np.ndarray, np.ndarray, np.ndarray]


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
    figure.set_size_inches(7.2, 4.8)
    axes = figure.subplots()
    axes.set_title(title)
    axes.set_xscale("log")
    axes.set_yscale("log")
    median, low, high = measured
    for tier, (name, (color, marker)) in enumerate(STYLES.items()):
        if not np.isfinite(median[tier]).any():
            continue
        axes.fill_between(distances, low[tier], high[tier], color=color, alpha=0.2, lw=0)
        axes.plot(distances, median[tier], color=color, marker=marker, ms=4, label=name)
        shown = np.where(predicted[tier] > 0, predicted[tier], np.nan)
        axes.plot(distances, shown, color=color, ls="--", lw=1)
    axes.axvline(weight_norm, color="0.6", lw=0.8, zorder=0)
    axes.text(weight_norm, 0.02, " ‖θ‖", transform=axes.get_xaxis_transform(), color="0.4")
    axes.set_xlabel("distance from the trained network, in units of weights")
    axes.set_ylabel("mean squared error")
    dashed = Line2D(
        [], [], color="0.4", ls="--", lw=1, label="predicted by\ngradient and curvature"
    )
    handles, _ = axes.get_legend_handles_labels()
    axes.legend(handles=[*handles, dashed], loc="upper left", title="along eigenvectors that are")
