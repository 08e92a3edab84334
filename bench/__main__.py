"""``python -m bench``: time npnets beside its peers."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import click

from bench.environment import ROOT, use_one_thread

sys.path.insert(1, str(ROOT / "kernels"))
use_one_thread()

from bench.cases import all_cases  # noqa: E402
from bench.report import Result, document, line, machine, table, write_table  # noqa: E402
from bench.runner import Case, compare, take_turns  # noqa: E402


@click.command()
@click.argument("names", nargs=-1)
@click.option("--quick", is_flag=True, help="Small sizes: everything runs, no figure means much.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write all there is.")
@click.option("--update-readme", is_flag=True, help="Put the table into README.md.")
def main(names: tuple[str, ...], quick: bool, json_file: Path | None, update_readme: bool) -> None:
    """Time npnets beside its peers: all cases, or those of the given NAMES."""
    if update_readme and (names or quick):
        raise click.UsageError("--update-readme takes a whole run: no names and no --quick")
    with tempfile.TemporaryDirectory() as folder:
        cases = all_cases(quick, Path(folder))
        known = [case.name for case in cases]
        if unknown := [name for name in names if name not in known]:
            raise click.UsageError(f"names must be of {', '.join(known)}; got {unknown[0]}")
        results = [run(case) for case in cases if case.name in (names or known)]
    where = machine()
    if json_file is not None:
        json_file.write_text(json.dumps(document(where, results, quick), indent=1) + "\n")
    click.echo("\n" + table(where, results))
    if update_readme:
        write_table(table(where, results), ROOT / "README.md")


def run(case: Case) -> Result:
    """Measure a case and say at once what came out."""
    samples = take_turns(case)
    rows = tuple(compare(row, samples) for row in case.rows)
    for compared in rows:
        click.echo(line(compared))
    return Result(case.name, samples, rows)


if __name__ == "__main__":
    main(prog_name="python -m bench")
