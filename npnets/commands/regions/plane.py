"""npnets regions plane: the cells of a network in the plane."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import click

from npnets.commands import answers
from npnets.commands.compiling import note_if_compiling
from npnets.commands.regions import counts
from npnets.commands.regions.asked import Asked, asking, json_epilog, source
from npnets.commands.regions.coordinates import (
    box,
    check_ends,
    number,
    per_input,
    point,
    typed,
)
from npnets.commands.regions.progress import cells_so_far
from npnets.commands.regions.states import (
    active_in_layers,
    shape_of_states,
    states_text,
)

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure

    from npnets.commands.regions.networks import Named
    from npnets.regions.plane import Cells

Plane = tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]


@click.command(
    "plane",
    epilog=json_epilog(
        "low, high, plane (null or origin, u, v), complete (if not, the cells are those of the "
        "first layers only: counts are then lower bounds, and certified is said of these cells); "
        "vertices; edges, two vertices each, with edge_neurons (the hidden "
        "neuron that switches there, -1 for the border) and edge_cells (on both sides, -1 for "
        "outside); of each cell cells (its vertices, counterclockwise), areas, maps (for each "
        "output the gradient, then the constant) and patterns (the neurons' states); level "
        "and level_set, polylines of points;"
    ),
)
@source
@click.option("--low", default="-1", show_default=True, metavar="X,Y", help="The lower left.")
@click.option("--high", default="1", show_default=True, metavar="X,Y", help="The upper right.")
@click.option(
    "--plane",
    "slice_text",
    metavar="O:U:V",
    help="Inputs O + s U + t V, like 0,0,0:1,0,0:0,1,0, with (s, t) from --low to --high.",
)
@click.option("--level", default=0.0, show_default=True, help="Of the first output's level set.")
@click.option(
    "--max-cells",
    type=int,
    help="Stop before the layer that makes more: keeps whole layers only.  [default: no limit]",
)
@asking(d_in=2)
def command(
    source: str,
    low: str,
    high: str,
    slice_text: str | None,
    level: float,
    max_cells: int | None,
    asked: Asked,
) -> None:
    """List the cells of a network in the plane.

    NETWORK-OR-SHAPE is the file of a network (.npz, .safetensors, .onnx), or hidden widths like
    5-7-4, which are initialised, or trained with --train. A network of two inputs is looked at
    within a rectangle, one of more on a --plane through them.
    """
    from npnets.commands.regions.networks import network_of
    from npnets.protocol import check_count
    from npnets.regions.level_sets import level_set
    from npnets.regions.plane import cells

    corners = per_input("low", low, 2), per_input("high", high, 2)
    check_ends(*corners)
    if max_cells is not None:
        check_count("max_cells", max_cells, 1)
    if not math.isfinite(level):
        raise ValueError(f"level must be a finite number, got {level}")
    of = network_of(source, asked, partial(_plane, slice_text))
    plane = _plane(slice_text, of.net.widths[0])
    note_if_compiling("plane_shape", *(["plane_proof"] if asked.certify else []))
    try:
        with cells_so_far(max_cells) as progress:
            found = cells(
                of.net,
                *corners,
                plane=plane,
                certify=asked.certify,
                threads=asked.threads,
                max_cells=max_cells,
                progress=progress,
            )
    except OverflowError as error:
        raise ValueError(str(error)) from None
    boundary = level_set(found, level) if found.complete else []
    asked_for = {"low": corners[0], "high": corners[1], "plane": plane, "level": level}
    where = f"{'inputs' if plane is None else '(s, t)'} in {box(*corners)}{_part(found)}"
    answers.show(
        asked,
        lambda: _record(of, found, boundary, asked_for),
        lambda: _rows(of, found),
        lambda: _text(of, found, boundary, where, level),
        partial(_draw, of, found, boundary, where, level, plane is not None),
    )


def _plane(text: str | None, d_in: int) -> Plane | None:
    if d_in == 1:
        raise ValueError(
            "NETWORK-OR-SHAPE must have at least two inputs, got one: use npnets regions line"
        )
    if text is None:
        if d_in != 2:
            raise ValueError(f"--plane must be given for a network of {d_in} inputs")
        return None
    parts = text.split(":")
    if len(parts) != 3:
        raise ValueError(f"--plane must be like 0,0,0:1,0,0:0,1,0, got {text!r}")
    names = (f"--plane's {name}" for name in ("origin", "u", "v"))
    origin, u, v = (point(*given, d_in) for given in zip(names, parts, strict=True))
    return origin, u, v


def _record(
    of: Named, found: Cells, boundary: list[np.ndarray], asked_for: dict[str, Any]
) -> dict[str, Any]:
    return {
        **of.settings,
        **asked_for,
        "complete": found.complete,
        **counts.record(found, of.net, 2, _shape(of, found)),
        "vertices": found.vertices,
        "edges": found.edges,
        "edge_neurons": found.edge_neurons,
        "edge_cells": found.edge_cells,
        "cells": _corners(found),
        "areas": found.areas,
        "maps": found.maps,
        "patterns": list(states_text(found.words, _shape(of, found))),
        "level_set": boundary if found.complete else None,
    }


def _part(found: Cells) -> str:
    """What the cells are those of, if not of the whole network."""
    if found.complete:
        return ""
    ended = f"--max-cells was reached within layer {found.layers + 1}"
    if found.layers == 0:
        return f", not cut at all: {ended}"
    kept = "layer 1" if found.layers == 1 else f"layers 1 to {found.layers}"
    return f", cut by {kept} only: {ended}"


def _shape(of: Named, found: Cells) -> tuple[int, ...]:
    """Of the layers whose cells these are, the neurons that have states."""
    return shape_of_states(of.net)[: found.layers]


def _corners(found: Cells) -> list[list[int]]:
    """The vertices of each cell."""
    vertices = found.cell_vertices.tolist()
    return [vertices[start:end] for start, end in pairwise(found.cell_offsets.tolist())]


def _rows(of: Named, found: Cells) -> Iterator[dict[str, Any]]:
    for k, pattern in enumerate(states_text(found.words, _shape(of, found))):
        corners = int(found.cell_offsets[k + 1] - found.cell_offsets[k])
        row = {"area": float(found.areas[k]), "corners": corners}
        for j, (slope_x, slope_y, constant) in enumerate(found.maps[k].tolist(), 1):
            row |= {f"slope_x_{j}": slope_x, f"slope_y_{j}": slope_y, f"constant_{j}": constant}
        yield row | {"pattern": pattern}


def _text(of: Named, found: Cells, boundary: list[np.ndarray], where: str, level: float) -> str:
    import numpy as np

    least, most = number(found.areas.min()), number(found.areas.max())
    size = f"{len(found.vertices):,} vertices, {len(found.edges):,} edges, areas {least} to {most}."
    if found.complete:
        length = sum(float(np.hypot(*np.diff(line, axis=0).T).sum()) for line in boundary)
        lines = f"on lines of length {number(length)}" if boundary else "nowhere"
        size += f"\nThe output is {typed(level)} {lines}."
    told = counts.text(found, of.net, 2, _shape(of, found), found.complete)
    return f"{of.title}\nOn {where}:\n\n{told}\n\n{size}\nAll cells: --csv or --json"


def _draw(
    of: Named,
    found: Cells,
    boundary: list[np.ndarray],
    where: str,
    level: float,
    sliced: bool,
    figure: Figure,
) -> None:
    import numpy as np

    from npnets.figures.cells import draw

    shape = _shape(of, found)
    layer_of = np.repeat(np.arange(1, len(shape) + 1), shape)
    on_border = found.edge_neurons < 0
    edge_layers = np.zeros(len(found.edges), dtype=np.int64)
    edge_layers[~on_border] = layer_of[found.edge_neurons[~on_border]]
    found_are = [
        counts.counted(count, noun)
        for count, noun in zip(found.counts, ("activation pattern", "affine piece"), strict=False)
        if count is not None
    ]
    draw(
        figure,
        title=of.figure_title(f"{', '.join(found_are)} for {where}"),
        labels=("s", "t") if sliced else ("$x_1$", "$x_2$"),
        vertices=found.vertices,
        cell_offsets=found.cell_offsets,
        cell_vertices=found.cell_vertices,
        active=active_in_layers(found.words, shape).sum(axis=1),
        neurons=sum(shape),
        edges=found.edges,
        edge_layers=edge_layers,
        edge_kinks=_kinks(found),
        boundary=boundary,
        boundary_label=f"{'output' if of.net.widths[-1] == 1 else 'output 1'} = {typed(level)}",
    )


def _kinks(found: Cells) -> np.ndarray | None:
    """Of each edge, whether the output has a kink there; unknown of a part of the layers."""
    if not found.complete:
        return None
    left, right = found.edge_cells.T
    return (left >= 0) & (right >= 0) & (found.pieces[left] != found.pieces[right])
