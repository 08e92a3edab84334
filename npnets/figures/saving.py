"""One figure as two files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from npnets.figures.style import RC_PARAMS

SUFFIXES = (".png", ".svg")


def save(draw: Callable[[Figure], None], path: Path) -> list[Path]:
    """Draw onto a figure of the house's look, and save it beside ``path`` with both suffixes."""
    saved = [path.with_name(path.name + suffix) for suffix in SUFFIXES]
    with mpl.rc_context(RC_PARAMS):
        figure = Figure(layout="constrained")
        draw(figure)
        figure.savefig(saved[0], dpi=200)
        figure.savefig(saved[1], dpi=150, metadata={"Date": None})
    return saved
