"""What balancing takes from distances, and how much of the flatness is rescaling."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from npnets.experiments.rescaling_of_neurons import Result, claimed, shares
from npnets.figures.style import OKABE_ITO

STYLES = (("blue", "o"), ("orange", "^"))
#: As in the experiment's shares.
DISTANCES = (
    "distance as trained",
    "distance once matched",
    "the same, as a share\nof that as trained",
)


def draw(result: Result, figure: Figure) -> None:
    """Draw a panel for each of the claim's figures, a row of points for each quantity."""
    figure.set_size_inches(10.4, 4.0)
    left, right = figure.subplots(1, 2)
    for i, (one, style) in enumerate(zip(result.of, STYLES, strict=False)):
        removed = dict(zip(DISTANCES, shares(one.distances).values(), strict=True))
        flat = {
            "rescaling of neurons,\nwhere Adam stopped": one.trained.scaling,
            "rescaling of neurons,\npolished": one.polished.scaling,
            "all,\nwhere Adam stopped": one.trained.zeros,
            "all,\npolished": one.polished.zeros,
        }
        pairs = len(one.distances)
        label = f"init {one.init}: {pairs} pairs, {one.minima} of {2 * pairs} polished to a minimum"
        _draw_points(left, removed | {"‖θ‖ of a network": one.norm_share}, i, style, label)
        _draw_points(right, flat, i, style, label)
    _draw_claimed(left, "distance_share")
    _draw_claimed(right, "flat_per_neuron")
    left.set_xlabel("share that balancing each neuron removes")
    left.set_ylabel("what is shortened")
    right.set_xlabel("dimensions per alive neuron")
    right.set_ylabel("flat dimensions (|λ| ≤ 1e-6)")
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(handles), markerscale=2)


def _draw_points(
    axes: Axes, quantities: dict[str, np.ndarray], i: int, style: tuple[str, str], label: str
) -> None:
    """A row for each quantity, with its median, and the rows of other initialisations beside."""
    color, marker = style
    for row, values in enumerate(quantities.values()):
        spread = np.linspace(-0.1, 0.1, len(values))
        height = -row + 0.17 - 0.34 * i
        axes.plot(
            values,
            height + spread,
            marker,
            color=OKABE_ITO[color],
            ms=2,
            alpha=0.6,
            label=label if row == 0 else "",
        )
        axes.plot((np.median(values),) * 2, (height - 0.14, height + 0.14), color="black")
    axes.set_yticks(-np.arange(len(quantities)), list(quantities))


def _draw_claimed(axes: Axes, figure: str) -> None:
    yellow = OKABE_ITO["yellow"]
    axes.plot([], [], color="black", label="median")
    axes.axvspan(*claimed(figure), color=yellow, alpha=0.4, zorder=0, label="claimed")
    axes.axvline(0, color="0.7", linewidth=0.7, zorder=0)
