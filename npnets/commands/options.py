"""Options that several commands share."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import click

store = click.option(
    "--store", default="npnets.db", show_default=True, help="The file that keeps the networks."
)
target = click.option("--target", help="One target only.")
domain = click.option(
    "--domain",
    type=click.Choice(["grid", "normal"]),
    default="grid",
    show_default=True,
    help="Where losses are measured: uniform grid on [-5, 5]^d, or N(0, I).",
)
json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
out = click.option(
    "--out", default="results", show_default=True, metavar="DIR", help="Where results are kept."
)

#: What options are called where that is not what they set.
_NAMES = {
    "d_in": "--dims",
    "batch_size": "--batch",
    "scheme": "--init",
    "tier_thresholds": "--thresholds",
}


def as_typed(message: str) -> str:
    """A message about a setting, with the name of the option where they differ.

    >>> as_typed("d_in must be positive, got 0")
    '--dims must be positive, got 0'
    """
    for setting, option in _NAMES.items():
        message = re.sub(rf"\b{setting}\b", option, message)
    return message


@contextmanager
def typed_names() -> Iterator[None]:
    """What is wrong inside is said with the names of options."""
    try:
        yield
    except ValueError as error:
        raise ValueError(as_typed(str(error))) from None
