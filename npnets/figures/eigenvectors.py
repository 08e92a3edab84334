"""The eigenvectors of one Hessian over the parameters, grouped by neuron."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from matplotlib.axes import Axes

from npnets.figures.style import whole_numbers
from npnets.figures.tiers import STYLES

#: Components beyond this are drawn like it.
LARGEST = 0.5
#: The share of the width that a tier's name takes.
ROOM = 0.08
#: The share of the height that a neuron's name takes.
SPACE = 0.029


def draw(
    axes: Axes, vectors: np.ndarray, tier_of: np.ndarray, groups: Sequence[tuple[str, np.ndarray]]
) -> None:
    """Draw vectors (P, P), a column for each, whose tiers are tier_of, (P,).

    groups has a label and the parameters' indices for each neuron, in the order of drawing.
    """
    order = np.concatenate([indices for _, indices in groups])
    largest = np.take_along_axis(vectors, np.abs(vectors).argmax(axis=0)[None], axis=0)
    size = len(vectors)
    image = axes.imshow(
        (vectors * np.sign(largest))[order],
        cmap="PuOr_r",
        vmin=-LARGEST,
        vmax=LARGEST,
        aspect="auto",
        interpolation="nearest",
        extent=(0.5, size + 0.5, size, 0),
    )
    edges = np.cumsum([0, *(len(indices) for _, indices in groups)])
    axes.hlines(edges[1:-1], 0.5, size + 0.5, color="0.6", lw=0.4)
    middles, labels = (edges[1:] + edges[:-1]) / 2, [label for label, _ in groups]
    shown = _spaced(middles, SPACE * size)
    axes.set_yticks(middles[shown], [labels[k] for k in shown], size=7)
    axes.tick_params(axis="y", length=0)
    _draw_tiers(axes, tier_of)
    axes.set_xlabel("eigenvector, from the largest eigenvalue to the smallest")
    axes.set_ylabel(_what(labels))
    axes.xaxis.set_major_locator(whole_numbers())
    axes.figure.colorbar(image, ax=axes, label="component of the unit vector", extend="both")


def _what(labels: Sequence[str]) -> str:
    """What the rows are of the neurons, which deep networks name after their layers, too.

    >>> print(_what(["1.1", "2.1", "output"]))
    parameters of each hidden neuron (layer.number):
    weights in, bias; in the last layer weight out
    """
    if any("." in label for label in labels):
        name, also = " (layer.number)", "; in the last layer weight out"
    else:
        name, also = "", ", weight out"
    return f"parameters of each hidden neuron{name}:\nweights in, bias{also}"


def _spaced(places: np.ndarray, least: float) -> list[int]:
    """Which of some ascending places to name, so that no two names touch.

    >>> _spaced(np.array([1.0, 1.5, 2.0, 4.0]), 1.0)
    [0, 2, 3]
    """
    chosen = [0]
    for k, place in enumerate(places):
        if place - places[chosen[-1]] >= least:
            chosen.append(k)
    return chosen


def _draw_tiers(axes: Axes, tier_of: np.ndarray) -> None:
    """A coloured bar over the columns of each tier, with its name where there is room."""
    above = axes.get_xaxis_transform()
    for tier, members in groupby(range(len(tier_of)), key=lambda i: tier_of[i]):
        columns = list(members)
        name, (color, _) = list(STYLES.items())[tier]
        left, right = columns[0] + 0.5, columns[-1] + 1.5
        axes.plot(
            (left, right),
            (1.012, 1.012),
            color=color,
            lw=4,
            transform=above,
            clip_on=False,
            solid_capstyle="butt",
        )
        if right - left >= ROOM * len(tier_of):
            axes.text((left + right) / 2, 1.025, name, transform=above, ha="center", size=8)
