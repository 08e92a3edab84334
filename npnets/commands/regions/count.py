"""npnets regions count: the cells of a network in as many dimensions as it has inputs."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from npnets.commands import answers
from npnets.commands.compiling import note_if_compiling
from npnets.commands.regions import counts
from npnets.commands.regions.asked import Asked, asking, json_epilog, source
from npnets.commands.regions.coordinates import box, check_ends, per_input
from npnets.commands.regions.progress import cells_so_far
from npnets.commands.regions.states import shape_of_states, states_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from npnets.commands.regions.networks import Named
    from npnets.regions.boxes import RegionCount


@click.command(
    "count",
    epilog=json_epilog(
        "low, high, for each input; complete (false if --max-regions was reached: counts are then "
        "lower bounds, and certified is said of the cells that were counted); of each cell "
        "patterns, the neurons' states, and witnesses, a point inside (with by_layer null but for "
        "--patterns);"
    ),
)
@source
@click.option(
    "--low", default="-inf", show_default=True, metavar="X1,X2,…", help="One number for all, or …"
)
@click.option(
    "--high", default="inf", show_default=True, metavar="X1,X2,…", help="… one for each input."
)
@click.option("--max-regions", type=int, help="Stop at so many.  [default: no limit]")
@click.option(
    "--patterns", is_flag=True, help="Keep every cell in memory: affine pieces are counted, too."
)
@asking(d_in=2)
def command(
    source: str, low: str, high: str, max_regions: int | None, patterns: bool, asked: Asked
) -> None:
    """Count the cells of a network of any number of inputs.

    NETWORK-OR-SHAPE is the file of a network (.npz, .safetensors, .onnx), or hidden widths like
    5-7-4, which are initialised, or trained with --train. Without --low and --high cells are
    counted over all inputs there are. The --figure has the count as neurons are added, beside the
    bounds; it and --csv keep every cell in memory, as --patterns does.
    """
    from npnets.commands.regions.networks import network_of
    from npnets.protocol import check_count
    from npnets.regions.boxes import count_regions

    if max_regions is not None:
        check_count("max_regions", max_regions, 1)
    of = network_of(source, asked, partial(_ends, low, high))
    ends = _ends(low, high, of.net.widths[0])
    note_if_compiling("box_walk", *(["box_proof"] if asked.certify else []))
    with cells_so_far(max_regions) as progress:
        found = count_regions(
            of.net,
            *ends,
            max_regions=max_regions,
            certify=asked.certify,
            threads=asked.threads,
            progress=progress,
            patterns=patterns or asked.as_csv or asked.figure is not None,
        )
    answers.show(
        asked,
        lambda: _record(of, found),
        lambda: _rows(of, found),
        lambda: _text(of, found, max_regions),
        partial(_draw, of, found),
    )


def _ends(low: str, high: str, d_in: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    ends = per_input("low", low, d_in), per_input("high", high, d_in)
    check_ends(*ends)
    return ends


def _record(of: Named, found: RegionCount) -> dict[str, Any]:
    shape = shape_of_states(of.net)
    return {
        **of.settings,
        "low": found.low,
        "high": found.high,
        "complete": found.complete,
        **counts.record(found, of.net, of.net.widths[0]),
        "patterns": None if found.words is None else list(states_text(found.words, shape)),
        "witnesses": found.witnesses,
    }


def _rows(of: Named, found: RegionCount) -> Iterator[dict[str, Any]]:
    assert found.words is not None
    assert found.witnesses is not None
    states = states_text(found.words, shape_of_states(of.net))
    for x, pattern in zip(found.witnesses, states, strict=True):
        yield {**{f"x_{c}": value for c, value in enumerate(x.tolist(), 1)}, "pattern": pattern}


def _text(of: Named, found: RegionCount, most: int | None) -> str:
    where = f"inputs in {box(found.low.tolist(), found.high.tolist())}"
    if not found.complete:
        where += f", a part of them, since --max-regions {most:,} was reached"
    told = counts.text(
        found,
        of.net,
        of.net.widths[0],
        complete=found.complete,
        proven="the activation patterns",
    )
    if found.words is None:
        told += "\nAffine pieces: with --patterns, which keeps every cell in memory."
    return f"{of.title}\nOn {where}:\n\n{told}"


def _draw(of: Named, found: RegionCount, figure: Figure) -> None:
    from npnets.figures.region_counts import draw
    from npnets.regions.growth import growth

    assert found.words is not None
    shape, d_in = shape_of_states(of.net), of.net.widths[0]
    least = "" if found.complete else "at least "
    counted = least + counts.counted(found.counts.activation_patterns, "activation pattern")
    bounds = [counts.bounds_of(of.net, d_in, neurons) for neurons in range(sum(shape) + 1)]
    draw(
        figure,
        title=of.figure_title(
            f"{counted} for inputs in {box(found.low.tolist(), found.high.tolist())}"
        ),
        d_in=d_in,
        shape=shape,
        patterns=growth(found.words, sum(shape)),
        upper=[_float(one.upper) for one in bounds],
        lower=[_float(one.lower) for one in bounds],
        at_initialisation=[_float(one.hanin_rolnick_2019) for one in bounds],
        affine_pieces=found.counts.affine_pieces,
        complete=found.complete,
    )


def _float(bound: int | None) -> float:
    """NaN for none, and for what is larger than any float."""
    return math.nan if bound is None or bound > sys.float_info.max else float(bound)
