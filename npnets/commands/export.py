"""npnets export: a store's networks for other programs."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from npnets.commands import options


@click.command("export")
@click.option(
    "--format", "kind", type=click.Choice(["csv", "npz"]), help="[default: the output's suffix]"
)
@click.option("--output", default="-", help="The file to write.  [default: standard output]")
@options.store
def command(store: str, kind: str | None, output: str) -> None:
    """Write every network to a CSV or NPZ file.

    CSV has one line per network and no parameters; NPZ has them, too.
    """
    from npnets.study.export import FORMATS, save_csv, save_npz, write_csv
    from npnets.study.store import check_target, reading

    path = Path(output)
    suffix = path.suffix.removeprefix(".")
    if kind is None:
        kind = suffix if suffix in FORMATS else "csv"
    elif suffix in FORMATS and suffix != kind:
        raise ValueError(f"output must end in .{kind} for --format {kind}, got {output!r}")
    if kind == "npz" and output == "-":
        raise ValueError("output must name a file for --format npz, got standard output")
    if output != "-" and (path.is_dir() or not path.parent.is_dir()):
        raise ValueError(f"output must be a file in a folder that exists, got {output!r}")
    with reading(store) as opened:
        check_target(opened)
        if kind == "npz":
            save_npz(opened, path)
        elif output == "-":
            write_csv(opened, sys.stdout)
            sys.stdout.flush()
        else:
            save_csv(opened, path)
