"""Loss, error, distance and tier counts of replicates in training."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from npnets.figures.bands import Triple, draw_band
from npnets.figures.step_axis import draw_steps
from npnets.figures.style import OKABE_ITO, whole_numbers
from npnets.figures.tiers import draw_lines

STYLES = (
    {"color": OKABE_ITO["black"], "marker": "o", "ls": "-"},
    {"color": OKABE_ITO["sky blue"], "marker": "s", "ls": "--"},
    {"color": OKABE_ITO["orange"], "marker": "^", "ls": "-."},
)


def draw(
    figure: Figure, *, title: str, steps: np.ndarray, curves: dict[str, Triple], counts: Triple
) -> None:
    """Draw curves, name → (C,) as median, low and high, over the counts of tiers, (C, 5)."""
    figure.set_size_inches(7.2, 6.4)
    figure.suptitle(title, wrap=True)
    top, bottom = figure.subplots(2, 1, sharex=True)
    for (name, (median, low, high)), style in zip(curves.items(), STYLES, strict=False):
        spread = np.where(median > 0, median, np.nan), low, high
        draw_band(top, steps, spread, ms=4, label=name, **style)
    top.set_yscale("log")
    top.set_ylabel("error, or distance of weights")
    top.legend()
    draw_lines(bottom, steps, counts, clip_on=False)
    bottom.set_ylim(bottom=0)
    bottom.yaxis.set_major_locator(whole_numbers())
    bottom.set_ylabel("number of eigenvalues of the Hessian")
    bottom.legend(ncols=5, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    draw_steps(bottom, steps.tolist())
