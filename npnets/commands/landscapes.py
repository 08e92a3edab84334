"""What the commands about loss landscapes share: their options and their three forms of output."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

import click

from npnets.commands import options

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure

FIGURE_SUFFIXES = (".png", ".svg", ".pdf")

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


@dataclass(frozen=True)
class Output:
    """What to print of a result, and where to draw it."""

    as_json: bool
    as_csv: bool
    figure: Path | None

    def __post_init__(self) -> None:
        if self.as_json and self.as_csv:
            raise ValueError("--json and --csv must not be given together, they print one thing")

    def show(
        self,
        record: Callable[[], dict[str, Any]],
        rows: Callable[[], Sequence[dict[str, Any]]],
        text: Callable[[], str],
        draw: Callable[[Figure], None],
    ) -> None:
        """Print a result in the form that was asked for, and draw it if that was asked for."""
        from npnets.records import to_json

        if self.as_json:
            click.echo(to_json(record()))
        elif self.as_csv:
            click.echo(csv_text(rows()), nl=False)
        else:
            click.echo(text())
        if self.figure:
            from npnets.figures.saving import save_as

            save_as(draw, self.figure)
            if not (self.as_json or self.as_csv):
                click.echo(f"\n{self.figure}")


def csv_text(rows: Sequence[dict[str, Any]]) -> str:
    """Rows as a table of comma-separated values, under the names of the first.

    >>> csv_text([{"seed": 0, "loss": 0.5}])
    'seed,loss\\n0,0.5\\n'
    """
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def median_text(values: np.ndarray) -> str:
    """The median of (K,) values with its 95 % interval, as far as there are any.

    >>> import numpy as np
    >>> median_text(np.arange(1, 11)), median_text(np.array([2e-7])), median_text(np.array([]))
    ('5.5 [2, 9]', '2e-07', '-')
    >>> median_text(np.array([1000]))
    '1000'
    """
    from npnets.intervals import medians

    if len(values) == 0:
        return "-"
    median, low, high = map(float, medians(values))
    return _number(median) if low != low else f"{_number(median)} [{_number(low)}, {_number(high)}]"


def _number(value: float) -> str:
    """A count to its last digit, any other number to three."""
    from npnets.commands.tables import number

    return f"{value:.0f}" if value.is_integer() and abs(value) < 1e6 else number(value)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """`tables.columns` without blanks at the ends of lines."""
    from npnets.commands.tables import columns

    return "\n".join(line.rstrip() for line in columns(header, rows).splitlines())


def how_many(networks: int) -> str:
    """What the numbers of a table are, over so many networks.

    >>> how_many(32), how_many(1)
    ('medians over 32 networks with their 95 % intervals', 'of the one network')
    """
    if networks == 1:
        return "of the one network"
    intervals = " with their 95 % intervals" if networks > 5 else ""
    return f"medians over {networks} networks{intervals}"


def figure_title(title: str, networks: int) -> str:
    """A title, with what lines and bands are where there are any.

    >>> figure_title("1-16-1", 1), figure_title("1-16-1", 2)
    ('1-16-1', '1-16-1\\nmedians over 2 networks')
    """
    return title if networks == 1 else f"{title}\n{how_many(networks)}"


def note(text: str) -> None:
    """Say what is being done, to someone who watches."""
    if sys.stderr.isatty():
        click.echo(text, err=True)


def together(*decorators: Decorator) -> Decorator:
    """Several options as one decorator, in the order of the help."""
    return lambda command: reduce(lambda made, option: option(made), decorators[::-1], command)


def learning(steps: int) -> Decorator:
    """Options of what is learned and how, in so many steps if nothing is said."""
    target = "linear, quadratic, … or an expression of x, as for enumerate.  [default: linear]"
    return together(
        click.option("--target", help=target),
        click.option("--seeds", type=int, help="Networks to train.  [default: 32]"),
        click.option("--steps", type=int, help=f"Optimizer steps.  [default: {steps}]"),
        click.option("--init", help="torch, he_normal, normal:0.1, …  [default: torch]"),
        click.option("--activation", help="relu, tanh, gelu, …  [default: relu]"),
        click.option("--dims", "d_in", type=int, help="Input dimensions.  [default: 1]"),
    )


def _checked(ctx: click.Context, parameter: click.Parameter, value: Any) -> Any:
    """The value of an option, refused before anything is computed."""
    from npnets.landscape.spectrum import check_thresholds
    from npnets.protocol import check_count
    from npnets.samples import HELD_OUT

    if parameter.name == "tier_thresholds":
        with options.typed_names():
            return check_thresholds(value)
    if parameter.name == "samples":
        return check_count("samples", value, 1, HELD_OUT)
    return None if value is None else check_count("threads", value, 1)


def _checked_figure(ctx: click.Context, parameter: click.Parameter, value: str | None) -> Any:
    if value is None:
        return None
    path = Path(value)
    if path.suffix not in FIGURE_SUFFIXES:
        raise ValueError(f"figure must end in {', '.join(FIGURE_SUFFIXES)}, got {value!r}")
    try:
        with TemporaryFile(dir=path.parent):
            return path
    except OSError as error:
        reason = error.strerror or error
        raise ValueError(
            f"figure must be where files can be made, got {value!r}: {reason}"
        ) from None


source = click.argument("source", metavar="SHAPE")
samples = click.option(
    "--samples",
    type=int,
    default=1000,
    show_default=True,
    callback=_checked,
    help="How many held-out samples of N(0, I).",
)
thresholds = click.option(
    "--thresholds",
    "tier_thresholds",
    type=float,
    nargs=3,
    metavar="T1 T2 T3",
    default=(0.1, 1e-3, 1e-6),
    show_default=True,
    callback=_checked,
    help="Where steep, moderate and weak eigenvalues end.",
)
threads = click.option("--threads", type=int, callback=_checked, help="[default: all CPUs]")
outputs = together(
    options.json,
    click.option("--csv", "as_csv", is_flag=True, help="Print a table of every network."),
    click.option(
        "--figure",
        callback=_checked_figure,
        metavar="FILE",
        help="Draw to this file: .png, .svg or .pdf.",
    ),
)
