"""Figures as files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from npnets.figures.style import RC_PARAMS

SUFFIXES = (".png", ".svg")


#: What would make equal figures different files.
_METADATA: dict[str, dict[str, Any]] = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}


def save(draw: Callable[[Figure], None], path: Path) -> list[Path]:
    """Draw onto a figure of the house's look, and save it beside ``path`` with both suffixes."""
    saved = [path.with_name(path.name + suffix) for suffix in SUFFIXES]
    save_as(draw, *saved)
    return saved


def save_as(draw: Callable[[Figure], None], *paths: Path) -> None:
    """Draw onto a figure of the house's look, and save it in the format of each path's suffix."""
    with mpl.rc_context(RC_PARAMS):
        figure = Figure(layout="constrained")
        draw(figure)
        for path in paths:
            dpi = 200 if path.suffix == ".png" else 150
            figure.savefig(path, dpi=dpi, metadata=_METADATA.get(path.suffix))
