"""npnets construct: networks built by hand, as files."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from npnets.commands import options
from npnets.commands.groups import Group
from npnets.commands.regions.coordinates import box, numbers

if TYPE_CHECKING:
    from npnets.network import Network

#: Regions that are counted at most.
MOST_REGIONS = 100_000


@click.group("construct", cls=Group)
def command() -> None:
    """Write networks that are built by hand.

    Each prints what was written, and its exact count of linear regions. FILE ends in .npz or
    .safetensors; one that is there is replaced.
    """


def _writes_a_file(build: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command its last argument and the options that all have."""
    return click.argument("path", metavar="FILE", type=Path)(options.json(build))


@command.command("sawtooth")
@click.argument("layers", type=int)
@click.option("--peak", default=0.5, show_default=True, help="Where the tent is 1.")
@_writes_a_file
def sawtooth(layers: int, peak: float, path: Path, as_json: bool) -> None:
    """The tent map on [0, 1], composed LAYERS times: 2^LAYERS pieces."""
    from npnets.constructions.sawtooths import sawtooth
    from npnets.protocol import check_count

    _check_path(path)
    check_count("LAYERS", layers, 1)
    what = f"the tent map with its peak at {peak:g}, composed {layers} times"
    _write(sawtooth(layers, peak), what, 0, 1, path, as_json)


@command.command("bump")
@click.option("--start", default=1.0, show_default=True)
@click.option("--peak", default=2.0, show_default=True)
@click.option("--end", default=3.0, show_default=True)
@_writes_a_file
def bump(start: float, peak: float, end: float, path: Path, as_json: bool) -> None:
    """A triangle: 0 up to --start, 1 at --peak, 0 from --end on."""
    from npnets.constructions.interpolants import bump

    _check_path(path)
    what = f"a triangle from 0 at {start:g} to 1 at {peak:g} and back to 0 at {end:g}"
    _write(bump(start, peak, end), what, -math.inf, math.inf, path, as_json)


@command.command("interpolate")
@click.argument("target")
@click.option("--knots", metavar="X1,X2,…", help="Where they agree.  [default: --pieces alike]")
@click.option("--pieces", type=int, default=16, show_default=True)
@click.option("--low", default=-5.0, show_default=True)
@click.option("--high", default=5.0, show_default=True)
@_writes_a_file
def interpolate(
    target: str, knots: str | None, pieces: int, low: float, high: float, path: Path, as_json: bool
) -> None:
    """The piecewise linear function through points of TARGET, a name or an expression of x."""
    import numpy as np

    from npnets.constructions.interpolants import interpolant
    from npnets.protocol import check_count
    from npnets.targets import get_target

    _check_path(path)
    if knots is None:
        check_count("pieces", pieces, 1)
        if not -math.inf < low < high < math.inf:
            raise ValueError(f"low must be below high, both finite, got {low} and {high}")
        points = np.linspace(low, high, pieces + 1)
    else:
        points = np.array(numbers("knots", knots))
    function = get_target(target)
    where = box([points[0]], [points[-1]])
    what = f"{function.name} interpolated at {len(points)} knots in {where}"
    _write(interpolant(function, points), what, -math.inf, math.inf, path, as_json)


@command.command("square")
@click.argument("size", type=int)
@click.option(
    "--fit",
    type=click.Choice(["interpolation", "sup", "l2"]),
    default="interpolation",
    show_default=True,
    help="Through x^2 at SIZE + 1 points, or the best that SIZE neurons can do.",
)
@click.option("--deep", is_flag=True, help="By SIZE layers: interpolation at 2^SIZE + 1 points.")
@_writes_a_file
def square(size: int, fit: str, deep: bool, path: Path, as_json: bool) -> None:
    """x^2 on [0, 1] by SIZE neurons in one layer, or with --deep by SIZE layers."""
    from npnets.constructions.squares import square_from_depth, square_from_relus
    from npnets.protocol import check_count

    _check_path(path)
    check_count("SIZE", size, 1)
    if deep and fit != "interpolation":
        raise ValueError(f"fit must be left out with --deep, got {fit!r}")
    net = square_from_depth(size) if deep else square_from_relus(size, fit)
    how = "interpolated" if fit == "interpolation" else f"the best fit in {fit}"
    what = f"x^2 on [0, 1], {how} by {size} {'layers' if deep else 'neurons'}"
    _write(net, what, 0, 1, path, as_json)


@command.command("parity")
@click.argument("bits", type=int)
@click.option(
    "--kind",
    type=click.Choice(["minterms", "sum", "tree", "folds"]),
    default="tree",
    show_default=True,
    help="2^(BITS - 1) neurons, BITS neurons, a tree of XORs, or folds of the sum.",
)
@_writes_a_file
def parity(bits: int, kind: str, path: Path, as_json: bool) -> None:
    """Whether an odd number of BITS inputs in {0, 1} is 1."""
    from npnets.constructions.parities import MOST_MINTERM_INPUTS, parity, parity_error
    from npnets.protocol import check_count

    _check_path(path)
    check_count("BITS", bits, 1, MOST_MINTERM_INPUTS)
    net = parity(bits, kind)
    error = parity_error(net)
    what = f"parity of {bits} bits ({kind}); largest error of all {2**bits:,} inputs {error:g}"
    _write(net, what, 0, 1, path, as_json)


@command.command("xor")
@click.option("--neurons", default=2, show_default=True, help="2 or 3.")
@_writes_a_file
def xor(neurons: int, path: Path, as_json: bool) -> None:
    """x_1 + x_2 modulo 2 by hand."""
    from npnets.constructions.parities import xor

    _check_path(path)
    _write(xor(neurons), f"XOR of two bits by {neurons} neurons", 0, 1, path, as_json)


@command.command("polygon", context_settings={"ignore_unknown_options": True})
@click.argument("corners", nargs=-1, required=True, metavar="X,Y X,Y X,Y... | CORNERS")
@click.option("--margin", default=0.125, show_default=True, help="Of the fall to 0 around it.")
@click.option("--no-clip", is_flag=True, help="One hidden layer, whose values fall on below 0.")
@_writes_a_file
def polygon(
    corners: tuple[str, ...], margin: float, no_clip: bool, path: Path, as_json: bool
) -> None:
    """1 within a convex polygon, 0 outside.

    Its corners are given one by one, or their number, for the regular polygon on the unit circle.
    """
    from npnets.commands.regions.coordinates import point
    from npnets.constructions.polygons import polygon_indicator

    _check_path(path)
    regular = len(corners) == 1 and corners[0].isdigit()
    vertices = int(corners[0]) if regular else [point("CORNERS", text, 2) for text in corners]
    net = polygon_indicator(vertices, margin, clip=not no_clip)
    what = f"a polygon of {net.widths[1]} sides"
    _write(net, what, -math.inf, math.inf, path, as_json)


def _check_path(path: Path) -> None:
    from npnets.files import SUFFIXES

    if path.suffix not in SUFFIXES:
        raise ValueError(f"FILE must end in {' or '.join(SUFFIXES)}, got {str(path)!r}")
    if path.is_dir() or not path.parent.is_dir():
        raise ValueError(f"FILE must be a file in a folder that exists, got {str(path)!r}")


def _write(net: Network, what: str, low: float, high: float, path: Path, as_json: bool) -> None:
    """Save the network, count its regions from low to high in each input, and print both."""
    from npnets.commands.regions.counts import counts_text
    from npnets.commands.subjects import size_of
    from npnets.files import save
    from npnets.records import to_json
    from npnets.regions.boxes import count_regions
    from npnets.shapes import format_shape

    try:
        save(net, path)
    except ImportError as error:
        raise ValueError(str(error)) from None
    found = count_regions(net, low, high, max_regions=MOST_REGIONS, patterns=True)
    size = size_of(net.widths)
    if as_json:
        document = {
            "file": str(path),
            "what": what,
            **size,
            "activation": net.activation,
            "low": low,
            "high": high,
            "counts": found.counts._asdict(),
            "complete": found.complete,
        }
        click.echo(to_json(document))
        return
    where = box([low] * net.widths[0], [high] * net.widths[0])
    click.echo(f"{path}: {what}")
    click.echo(
        f"widths {format_shape(net.widths)}, {size['parameters']:,} parameters, {net.activation}"
    )
    click.echo(f"\nOn {where}:\n\n{counts_text(found.counts, found.complete)}")
