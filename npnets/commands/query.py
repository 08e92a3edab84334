"""npnets query: what is known of one shape."""

from __future__ import annotations

from typing import Any

import click

from npnets.commands import options


@click.command("query")
@click.argument("shape")
@options.target
@options.store
@options.json
def command(shape: str, target: str | None, store: str, as_json: bool) -> None:
    """Show every network of one SHAPE, like 5-7-4."""
    from npnets.records import to_json
    from npnets.shapes import format_shape, parse_shape
    from npnets.study.store import check_target, reading
    from npnets.study.table import canonical_target

    shape = format_shape(parse_shape(shape))
    with reading(store) as opened:
        targets = check_target(opened, canonical_target(opened, target))
        rows = [row for name in targets for row in opened.rows(target=name, shape=shape)]
        neurons = opened.settings().get("neurons")
    if not rows:
        raise ValueError(f"shape {shape} is not in store {store}, of {neurons} neurons")
    if as_json:
        networks = [row._asdict() for row in rows]
        click.echo(to_json([{**n, "parameters": n["parameters"].hex()} for n in networks]))
        return
    _print(shape, targets, rows)


def _print(shape: str, targets: list[str], rows: list[Any]) -> None:
    from npnets.commands.tables import columns, number

    of = rows[0]
    click.echo(
        f"{shape}: {of.parameter_count} parameters, depth {of.depth}, "
        f"first {of.first_width}, last {of.last_width}, bottleneck {of.bottleneck}"
    )
    losses = ("grid MSE", "/variance", "N(0, I) MSE", "/variance")
    header = ("seed", *losses, "dead", "breakpoints", "output")
    for target in targets:
        table = [
            (
                str(row.seed),
                *map(number, (row.grid_loss, row.normalized_grid_loss)),
                *map(number, (row.loss, row.normalized_loss)),
                row.dead,
                "-" if row.breakpoints is None else str(row.breakpoints),
                "collapsed" if row.collapsed else f"range {number(row.grid_range)}",
            )
            for row in rows
            if row.target == target
        ]
        if table:
            click.echo(f"\n{target}\n{columns(header, table)}")
