"""npnets summary: what a store says by depth and by feature."""

from __future__ import annotations

import click

from npnets.commands import options


@click.command("summary")
@options.target
@options.store
@options.json
def command(store: str, target: str | None, as_json: bool) -> None:
    """Summarise a store: losses by depth, survival, correlations."""
    from dataclasses import asdict

    from npnets.commands.tables import summary_text
    from npnets.records import to_json
    from npnets.study.store import reading
    from npnets.study.summary import summarize_table
    from npnets.study.table import read_tables

    with reading(store) as opened:
        summaries = [summarize_table(table) for table in read_tables(opened, target)]
    if as_json:
        click.echo(to_json({"targets": [asdict(summary) for summary in summaries]}))
    else:
        click.echo("\n\n".join(map(summary_text, summaries)))
