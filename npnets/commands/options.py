"""Options that several commands share."""

from __future__ import annotations

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
