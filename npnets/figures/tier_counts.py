"""How the eigenvalues of a hidden layer's Hessian share out over the tiers as the layer grows."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from npnets.figures.style import OKABE_ITO
from npnets.figures.tiers import median_lines

Triple = tuple[np.ndarray, np.ndarray, np.ndarray]


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
    figure.set_size_inches(12, 4.2)
    figure.suptitle(title)
    *panels, last = figure.subplots(1, len(counts) + 1)
    for axes, (place, triple) in zip(panels, counts.items(), strict=True):
        median_lines(axes, neurons, *triple)
        axes.set_title(f"tiers of eigenvalues, {place}")
        axes.set_ylabel("eigenvalues of the Hessian")
        axes.sharey(panels[0])
        axes.legend(loc="upper left")
    styles = zip(fractions.items(), ("black", "sky blue"), "os", strict=False)
    for (place, (median, low, high)), name, marker in styles:
        color = OKABE_ITO[name]
        last.fill_between(neurons, low, high, color=color, alpha=0.2, lw=0)
        last.plot(neurons, median, color=color, marker=marker, ms=4, label=place)
    last.set_title("steep share of all eigenvalues")
    last.set_ylabel("steep eigenvalues / all of them")
    last.set_ylim(0, 1.05)
    last.legend()
    for axes in (*panels, last):
        axes.set_xlabel("hidden neurons k (0: linear model)")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
