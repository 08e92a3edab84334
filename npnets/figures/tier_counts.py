"""How the eigenvalues of a hidden layer's Hessian share out over the tiers as the layer grows."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from npnets.figures.bands import Triple, draw_band
from npnets.figures.style import whole_numbers
from npnets.figures.tiers import PLACES, draw_lines


def draw(
    figure: Figure,
    *,
    title: str,
    neurons: np.ndarray,
    counts: dict[str, Triple],
    fractions: dict[str, Triple],
) -> None:
    """Draw counts of eigenvalues and the share that is steep against the number of neurons.

    Each is place → (median, low, high), with arrays (len(neurons), 5) and (len(neurons),).
    """
    figure.set_size_inches(12, 4.4)
    figure.suptitle(title, wrap=True)
    *panels, last = figure.subplots(1, len(counts) + 1)
    for axes, (place, spread) in zip(panels, counts.items(), strict=True):
        draw_lines(axes, neurons, spread)
        axes.set_title(f"tiers of eigenvalues, {place}")
        axes.set_ylabel("number of eigenvalues of the Hessian")
        axes.sharey(panels[0])
        axes.yaxis.set_major_locator(whole_numbers())
    # the places often agree: one is drawn inside the other
    for (place, spread), ms, ls in zip(fractions.items(), (6, 3), ("-", "--"), strict=True):
        color, marker = PLACES[place]
        draw_band(last, neurons, spread, color, marker=marker, ms=ms, ls=ls, label=place)
    last.set_title("steep share of all eigenvalues")
    last.set_ylabel("steep eigenvalues / all of them")
    last.set_ylim(0, 1.05)
    last.legend()
    for axes in (*panels, last):
        axes.set_xlabel("hidden neurons k (0: linear model)")
        axes.xaxis.set_major_locator(whole_numbers())
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(handles))
