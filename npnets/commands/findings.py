"""Claims beside what was found of them: text for people, records for machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from textwrap import fill
from typing import Any

from npnets.claims.model import Claim, Figure
from npnets.claims.verdicts import (
    NO_EXPERIMENT,
    NOT_MEASURED,
    NOT_TESTABLE,
    Finding,
    Judged,
    Judgement,
)
from npnets.commands.tables import columns

WIDTH = 100


def state(claim: Claim, experiment: str | None, judgement: Judgement | None) -> str:
    """The verdict, or why there is none."""
    if judgement:
        return judgement.verdict
    if all(figure.untestable for figure in claim.figures):
        return NOT_TESTABLE
    return NOT_MEASURED if experiment else NO_EXPERIMENT


def claim_text(claim: Claim, experiment: str | None, judgement: Judgement | None) -> str:
    """A claim in full: statement, figures, rules, source, and what was found."""
    header = ("figure", "claimed", "rule for the median", "what is measured")
    rows = [(f.name, _claimed(f), f.rule.text, _meaning(f)) for f in claim.figures]
    measured = f"Measured by {experiment}." if experiment else "No experiment measures it yet."
    parts = [_heading(claim, state(claim, experiment, judgement)), columns(header, rows)]
    parts += [f"From {claim.source}. {measured}"]
    parts += [_table(variant) for variant in judgement.variants] if judgement else []
    return "\n\n".join(parts)


def judgement_text(judgement: Judgement, quick: bool = False) -> str:
    """A claim beside its measurements beside its verdict, under the best of its variants."""
    verdict = f"{judgement.verdict}, in a quick run" if quick else judgement.verdict
    best = judgement.best
    others = [
        f"  {one.variant}: {one.verdict}, {one.held} of {len(one.findings)} figures hold"
        for one in judgement.variants
        if one is not best
    ]
    return "\n".join([_heading(judgement.claim, verdict), "", _table(best), *others])


def markdown_table(judgements: Sequence[Judgement]) -> str:
    """The verdict of each claim under the best of its variants, as Markdown."""
    lines = ["| | claim | verdict | figures that hold |", "|---|---|---|---|"]
    for one in judgements:
        verdict = f"**{one.verdict}**" + (f" ({one.best.variant})" if one.best.variant else "")
        held = f"{one.best.held} of {len(one.best.findings)}"
        lines.append(f"| {one.claim.id} | {one.claim.statement} | {verdict} | {held} |")
    return "\n".join(lines)


def claim_record(
    claim: Claim, experiment: str | None, judgement: Judgement | None
) -> dict[str, Any]:
    """The same for machines."""
    return {
        **asdict(claim),
        "experiment": experiment,
        "state": state(claim, experiment, judgement),
        "variant": judgement.best.variant if judgement else None,
        "variants": [_variant_record(one) for one in judgement.variants] if judgement else [],
    }


def exact(value: float) -> str:
    """A count to its last digit, any other number to four, "-" for NaN.

    >>> exact(32768.0), exact(0.123456), exact(1.5e-7), exact(float("nan"))
    ('32,768', '0.1235', '1.5e-07', '-')
    """
    if value != value:
        return "-"
    return f"{value:,.0f}" if value.is_integer() and abs(value) < 1e9 else f"{value:.4g}"


def _heading(claim: Claim, verdict: str) -> str:
    return f"{claim.id}: {verdict}\n{fill(claim.statement, WIDTH)}"


def _claimed(figure: Figure) -> str:
    return f"{figure.claimed} {figure.unit}".strip()


def _meaning(figure: Figure) -> str:
    if figure.untestable:
        return f"not testable: {figure.untestable}"
    return figure.meaning or figure.unit or "-"


def _table(judged: Judged) -> str:
    title = f"{judged.held} of {len(judged.findings)} figures hold"
    if judged.variant:
        title = f"{judged.variant}: {judged.verdict}, {title}"
    header = ("figure", "claimed", "median", "[95 % interval]", "seeds", "allowed", "verdict")
    return f"{title}\n{columns(header, [_row(finding) for finding in judged.findings])}"


def _row(finding: Finding) -> tuple[str, ...]:
    figure, measured = finding.figure, finding.measurement
    if measured is None:
        reason = f"not testable: {figure.untestable}"
        return figure.name, _claimed(figure), "-", "-", "-", "-", reason
    low, high = map(exact, measured.interval)
    return (
        figure.name,
        _claimed(figure),
        exact(measured.median),
        "-" if low == "-" else f"[{low}, {high}]",
        str(len(measured.values)) if len(measured.values) > 1 else "-",
        f"{finding.share_allowed:.0%}" if len(measured.values) > 1 else "-",
        _verdict(finding),
    )


def _verdict(finding: Finding) -> str:
    if finding.holds:
        return "holds"
    return "false by arithmetic" if finding.figure.arithmetic else "fails"


def _variant_record(judged: Judged) -> dict[str, Any]:
    return {
        "variant": judged.variant,
        "verdict": judged.verdict,
        "findings": [
            {
                "figure": finding.figure.name,
                "holds": finding.holds,
                "values": finding.measurement.values,
                "median": finding.measurement.median,
                "interval": finding.measurement.interval,
                "share_allowed": finding.share_allowed,
            }
            for finding in judged.findings
            if finding.measurement
        ],
    }
