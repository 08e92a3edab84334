"""Loss, error, distance and tier counts of replicates in training."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator

from npnets.figures.style import OKABE_ITO
from npnets.figures.tiers import median_lines

Triple = tuple[np.ndarray, np.ndarray, np.ndarray]
COLORS = ("black", "sky blue", "orange")


def draw(
    figure: Figure, *, title: str, steps: np.ndarray, curves: dict[str, Triple], counts: Triple
) -> None:
    """Draw curves, name → (C,) as median, low and high, over the counts of tiers, (C, 5)."""
    figure.set_size_inches(7.2, 6.4)
    figure.suptitle(title)
    top, bottom = figure.subplots(2, 1, sharex=True)
    for name, (label, (median, low, high)) in zip(COLORS, curves.items(), strict=False):
        color = OKABE_ITO[name]
        top.fill_between(steps, low, high, color=color, alpha=0.2, lw=0)
        top.plot(steps, np.where(median > 0, median, np.nan), "o-", color=color, ms=4, label=label)
    top.set_yscale("log")
    top.set_ylabel("error, or distance of weights")
    top.legend()
    median_lines(bottom, steps, *counts)
    bottom.set_ylim(bottom=0)
    bottom.yaxis.set_major_locator(MaxNLocator(integer=True))
    bottom.set_ylabel("eigenvalues of the Hessian")
    bottom.legend(ncols=5, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    first = steps[steps > 0].min(initial=1)
    bottom.set_xscale("symlog", linthresh=first, linscale=0.4)
    bottom.set_xlim(-0.15 * first, 1.2 * steps.max(initial=first))
    bottom.set_xticks(steps, [str(step) for step in steps], size=8)
    bottom.xaxis.set_minor_locator(NullLocator())
    bottom.set_xlabel("step of training")
