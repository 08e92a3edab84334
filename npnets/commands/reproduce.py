"""npnets reproduce: run the experiments that claims need, and judge the claims."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from npnets.commands import options

if TYPE_CHECKING:
    from npnets.claims import Claim
    from npnets.claims.verdicts import Judgement


@click.command("reproduce")
@click.argument("ids", nargs=-1, metavar="[IDS]...")
@click.option(
    "--quick", is_flag=True, help="Seconds, to try it out; kept in DIR/quick and in no claim."
)
@options.out
@options.json
def command(ids: tuple[str, ...], quick: bool, out: str, as_json: bool) -> None:
    """Run experiments and judge claims by them.

    IDS are of claims, like A1 A2; without any, every claim that has an experiment. Prints each
    beside its measurements and its verdict, or that it has no experiment yet. Results (JSON) and
    figures (PNG and SVG) are kept in --out; what is there already, of the same settings, is not
    made again.
    """
    from npnets.commands.findings import claim_record, judgement_text
    from npnets.records import to_json

    folder = Path(out, "quick") if quick else Path(out)
    if any(path.exists() and not path.is_dir() for path in (Path(out), folder)):
        raise ValueError(f"out must be a folder, got {str(folder)!r}")
    by_experiment, without = _wanted(ids)
    records = [claim_record(claim, None, None) for claim in without]
    for claim in () if as_json else without:
        click.echo(f"{claim.id}: no experiment yet\n")
    for i, (name, claims) in enumerate(by_experiment.items(), 1):
        _progress(f"{i}/{len(by_experiment)} {name} …")
        judgements, files = _reproduce(name, quick, folder)
        for claim in claims:
            record = claim_record(claim, name, judgements[claim.id])
            records.append({**record, "files": list(map(str, files))})
            if not as_json:
                click.echo(judgement_text(judgements[claim.id], quick) + "\n")
        if not as_json:
            click.echo("\n".join(map(str, files)) + "\n")
    if as_json:
        click.echo(to_json({"out": str(folder), "quick": quick, "claims": records}))


def _wanted(ids: tuple[str, ...]) -> tuple[dict[str, list[Claim]], list[Claim]]:
    """The claims of each experiment that is to be run, and those asked for that have none."""
    from npnets.claims import CLAIMS, get_claim
    from npnets.reproduction.form import experiment_of

    by_experiment: dict[str, list[Claim]] = {}
    without = []
    for claim in dict.fromkeys(get_claim(id) for id in ids or CLAIMS):
        name = experiment_of(claim.id)
        if name:
            by_experiment.setdefault(name, []).append(claim)
        elif ids:
            without.append(claim)
    if without and not by_experiment:
        names = " ".join(claim.id for claim in without)
        raise ValueError(
            f"IDS must be of claims with an experiment, got {names}: no experiment yet"
        )
    return by_experiment, without


def _reproduce(name: str, quick: bool, folder: Path) -> tuple[dict[str, Judgement], list[Path]]:
    """The claims of an experiment by id, judged; and the files that are kept of it."""
    from npnets.reproduction.form import check_form, judgements
    from npnets.reproduction.running import draw, provenance_of, run_or_load
    from npnets.study.provenance import differences

    experiment = check_form(name)
    config = experiment.Config.smoke() if quick else experiment.Config()
    kept = run_or_load(name, config, folder)
    path = folder / f"{name}.json"
    if kept.reason:
        _note(f"{kept.reason}; made anew")
    changed = [] if kept.fresh else differences(kept.provenance, provenance_of(experiment))
    if changed:
        _note(f"{path} is kept from {'; '.join(changed)}; without that file it is made anew")
    files = [path, *draw(name, kept, folder)]
    return {one.claim.id: one for one in judgements(experiment, kept.result)}, files


def _note(text: str) -> None:
    click.echo(f"Note: {text}", err=True)


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        click.echo(text, err=True)
