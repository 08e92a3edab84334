"""The axis of training steps: logarithmic, but for its beginning."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

#: A step is named if the next is this many times as far.
ROOM = 1.4


def draw_steps(axes: Axes, steps: Sequence[int]) -> None:
    """Name ascending steps on the x axis, which is linear up to the first that is not 0."""
    first = next((step for step in steps if step > 0), 1)
    last = max(steps[-1], first)
    axes.set_xscale("symlog", linthresh=first, linscale=0.4)
    axes.set_xlim(-0.15 * first, 1.2 * last)
    named = spaced(steps)
    axes.set_xticks(named, [str(step) for step in named])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("training step")


def spaced(steps: Sequence[int]) -> list[int]:
    """Those of ascending steps that are not too close to a later one.

    >>> spaced([0, 25, 500, 1000, 1010])
    [0, 25, 500, 1010]
    """
    named: list[int] = []
    for step in reversed(steps):
        if not named or named[-1] >= ROOM * step:
            named.append(step)
    return named[::-1]
