"""How commands about networks answer: as text, JSON, CSV or a figure."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import click

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure


class Form(Protocol):
    """In which form an answer is wanted."""

    @property
    def as_json(self) -> bool: ...

    @property
    def as_csv(self) -> bool: ...

    @property
    def figure(self) -> Path | None: ...


def show(
    asked: Form,
    record: Callable[[], dict[str, Any]],
    rows: Callable[[], Sequence[dict[str, Any]]],
    text: Callable[[], str],
    draw: Callable[[Figure], None],
) -> None:
    """Print a result in the form that was asked for, and draw it if that was asked for."""
    from npnets.records import to_json

    if asked.as_json:
        click.echo(to_json(record()))
    elif asked.as_csv:
        click.echo(csv_text(rows()), nl=False)
    else:
        click.echo(text())
    if asked.figure:
        from npnets.figures.saving import save_as

        save_as(draw, asked.figure)
        if not (asked.as_json or asked.as_csv):
            click.echo(f"\n{asked.figure}")


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
