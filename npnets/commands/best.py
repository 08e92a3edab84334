"""npnets best: the shapes of the lowest loss."""

from __future__ import annotations

import click

from npnets.commands import options


@click.command("best")
@options.target
@click.option("--depth", type=int, help="One number of hidden layers only.")
@options.domain
@click.option("-n", "count", type=click.IntRange(min=1), default=10, show_default=True)
@options.store
@options.json
def command(
    store: str, target: str | None, depth: int | None, domain: str, count: int, as_json: bool
) -> None:
    """List the best shapes, by the median loss over seeds."""
    from dataclasses import asdict

    from npnets.commands.tables import columns, number
    from npnets.records import to_json
    from npnets.study.store import reading
    from npnets.study.summary import rank
    from npnets.study.table import DOMAINS, read_tables

    with reading(store) as opened:
        tables = read_tables(opened, target, depth)
    ranked = {table.target: rank(table, domain, count) for table in tables}
    if as_json:
        best = {name: [asdict(shape) for shape in shapes] for name, shapes in ranked.items()}
        click.echo(to_json({"domain": domain, "best": best}))
        return
    for name, shapes in ranked.items():
        click.echo(f"{name}: mean squared error, {DOMAINS[domain][2]}")
        header = ("loss", "/variance", "params", "shape")
        rows = [
            (number(s.loss), number(s.normalized_loss), str(s.parameter_count), s.shape)
            for s in shapes
        ]
        click.echo(columns(header, rows) + "\n")
