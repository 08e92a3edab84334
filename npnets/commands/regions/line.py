"""npnets regions line: the affine pieces of a network on a line."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
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
    numbers,
    point,
    point_text,
    told_apart,
)
from npnets.commands.regions.states import (
    active_in_layers,
    layer_masks,
    shape_of_states,
    states_text,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from npnets.commands.regions.networks import Named
    from npnets.regions.pieces import Pieces

#: Rows of the table that people are shown.
ROWS = 20
#: Of more layers, active neurons are added up.
LAYERS = 8


@click.command(
    "line",
    epilog=json_epilog(
        "low, high; positions at which a neuron switches, kinks (whether the output bends there); "
        "of each interval between them slopes and intercepts, a number for each output, and "
        "patterns, the neurons' states;"
    ),
)
@source
@click.option("--low", type=float, default=-math.inf, show_default=True, help="Where it begins.")
@click.option("--high", type=float, default=math.inf, show_default=True, help="Where it ends.")
@click.option("--from", "start", metavar="X1,X2,…", help="Take the segment from this point …")
@click.option("--to", "end", metavar="X1,X2,…", help="… to this one: inputs x(t), t from 0 to 1.")
@click.option("--ray", is_flag=True, help="Go on from --to for ever.")
@asking(d_in=1, threads=False)
def command(
    source: str,
    low: float,
    high: float,
    start: str | None,
    end: str | None,
    ray: bool,
    asked: Asked,
) -> None:
    """List the affine pieces of a network on a line.

    NETWORK-OR-SHAPE is the file of a network (.npz, .safetensors, .onnx), or hidden widths like
    5-7-4, which are initialised, or trained with --train. The line is that of the one input, or a
    segment between two points of more.
    """
    from npnets.commands.regions.networks import network_of

    check_ends((low,), (high,))
    _check_domain(asked, start, end, ray)
    of = network_of(source, asked, partial(_check_inputs, start))
    note_if_compiling("breakpoints", *(["line_proof"] if asked.certify else []))
    pieces, where = _find(of, low, high, start, end, ray, asked.certify)
    answers.show(
        asked,
        lambda: _record(of, pieces, start, end),
        lambda: _rows(of, pieces),
        lambda: _text(of, pieces, where, start is not None),
        partial(_draw, of, pieces, where, start is not None),
    )


def _check_domain(asked: Asked, start: str | None, end: str | None, ray: bool) -> None:
    if (start is None) != (end is None):
        raise ValueError("--from and --to must be given together")
    if start is None and ray:
        raise ValueError("--ray must be given with --from and --to")
    for name in ("low", "high"):
        if start is not None and name in asked.typed:
            raise ValueError(f"{name} must be left out with --from and --to")


def _check_inputs(start: str | None, d_in: int) -> None:
    if start is None and d_in != 1:
        raise ValueError(f"--from and --to must be given for a network of {d_in} inputs")


def _find(
    of: Named,
    low: float,
    high: float,
    start: str | None,
    end: str | None,
    ray: bool,
    certify: bool,
) -> tuple[Pieces, str]:
    """The pieces, and on what."""
    from npnets.regions.line import along, breakpoints

    d_in = of.net.widths[0]
    if start is None or end is None:
        return breakpoints(of.net, low, high, certify=certify), f"x in {box([low], [high])}"
    first, second = point("start", start, d_in), point("end", end, d_in)
    if first == second:
        raise ValueError(f"end must be another point than --from, got {end} twice")
    pieces = along(of.net, first, second, ray=ray, certify=certify)
    ends = f"{point_text(first)} to {point_text(second)}"
    return pieces, f"x from {ends}{' and on' if ray else ''}"


def _record(of: Named, pieces: Pieces, start: str | None, end: str | None) -> dict[str, Any]:
    segment = {"from": numbers("start", start), "to": numbers("end", end)} if start and end else {}
    return {
        **of.settings,
        **segment,
        "low": pieces.low,
        "high": pieces.high,
        **counts.record(pieces, of.net, 1),
        "positions": pieces.positions,
        "kinks": pieces.kinks,
        "slopes": pieces.slopes,
        "intercepts": pieces.intercepts,
        "patterns": list(states_text(pieces.words, shape_of_states(of.net))),
    }


def _rows(of: Named, pieces: Pieces) -> Iterator[dict[str, Any]]:
    start, bends = pieces.low, False
    for i, pattern in enumerate(states_text(pieces.words, shape_of_states(of.net))):
        inside = i < len(pieces.positions)
        end = float(pieces.positions[i]) if inside else pieces.high
        slopes, intercepts = pieces.slopes[i].tolist(), pieces.intercepts[i].tolist()
        yield {
            "start": start,
            "end": end,
            "breakpoint_at_start": bends,
            **{f"slope_{j}": value for j, value in enumerate(slopes, 1)},
            **{f"intercept_{j}": value for j, value in enumerate(intercepts, 1)},
            "pattern": pattern,
        }
        start, bends = end, inside and bool(pieces.kinks[i])


def _text(of: Named, pieces: Pieces, where: str, sliced: bool) -> str:
    of_t = ", in t with x = from + t (to - from)" if sliced else ""
    return "\n\n".join(
        [
            f"{of.title}\nOn {where}{of_t}:",
            counts.text(pieces, of.net, 1),
            _table(of, pieces),
        ]
    )


def _table(of: Named, pieces: Pieces) -> str:
    shown = min(ROWS, len(pieces.slopes))
    ends = told_apart([pieces.low, *pieces.positions[: shown + 1].tolist(), pieces.high])
    bends = ["", *("yes" if kink else "no" for kink in pieces.kinks[:shown])]
    active = active_in_layers(pieces.words[:shown], shape_of_states(of.net)).tolist()
    rows = [
        (
            ends[i],
            bends[i],
            ends[i + 1],
            _outputs(pieces.slopes[i].tolist()),
            _outputs(pieces.intercepts[i].tolist()),
            "-".join(map(str, active[i])) if len(active[i]) <= LAYERS else f"{sum(active[i])}",
        )
        for i in range(shown)
    ]
    last = "active in each layer" if len(active[0]) <= LAYERS else "active"
    header = ("from", "breakpoint", "to", "slope", "intercept", last)
    more = len(pieces.slopes) - shown
    note = f"\n… and {more:,} more; all of them: --csv or --json" if more else ""
    return answers.table(header, rows) + note


def _outputs(values: list[float]) -> str:
    """A number for each output, of the first three.

    >>> _outputs([0.5]), _outputs([1.0, 2.0, 3.0, 4.0])
    ('0.5', '1, 2, 3, …')
    """
    return ", ".join([*map(number, values[:3]), *["…"] * (len(values) > 3)])


def _draw(of: Named, pieces: Pieces, where: str, sliced: bool, figure: Figure) -> None:
    from npnets.figures.pieces import draw

    changes = pieces.words[1:] ^ pieces.words[:-1]
    masks = layer_masks(shape_of_states(of.net))
    found, counted = pieces.counts, counts.counted
    assert found.affine_pieces is not None
    draw(
        figure,
        title=of.figure_title(
            f"{counted(found.activation_patterns, 'activation pattern')}, "
            f"{counted(found.affine_pieces, 'affine piece')} for {where}"
        ),
        x_label="t, of x = from + t (to - from)" if sliced else "x",
        low=pieces.low,
        high=pieces.high,
        positions=pieces.positions,
        kinks=pieces.kinks,
        slopes=pieces.slopes,
        intercepts=pieces.intercepts,
        switches=(masks[:, None] & changes).any(axis=2),
    )
