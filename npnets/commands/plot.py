"""npnets plot: figures of a store."""

from __future__ import annotations

from pathlib import Path

import click

from npnets.commands import options


@click.command("plot")
@click.option("--output", default="figures", show_default=True, help="The folder to write to.")
@options.target
@options.domain
@options.store
def command(store: str, output: str, target: str | None, domain: str) -> None:
    """Draw the figures of a store as PNG and SVG.

    They are loss by depth, loss against parameters, and survival by depth.
    """
    from npnets.study.store import reading
    from npnets.study.table import read_tables

    folder = Path(output)
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"output must be a folder, got {output!r}")
    with reading(store) as opened:
        tables = read_tables(opened, target)

    from npnets.figures import FIGURES
    from npnets.figures.panels import save_panels

    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in FIGURES.items():
        for path in save_panels(draw, tables, domain, folder / name):
            click.echo(path)
