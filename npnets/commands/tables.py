"""Summaries as text for people."""

from __future__ import annotations

import math
from collections.abc import Sequence

from npnets.study.summary import DepthSummary, DomainSummary, ShapeLoss, Survival, TargetSummary
from npnets.study.table import DOMAINS


def summary_text(summary: TargetSummary) -> str:
    """What was found on one target: a table per domain, and the correlations."""
    title = f"{summary.target}: {summary.shapes:,} shapes, {summary.networks:,} networks"
    runs = "the median over seeds"
    if summary.networks == summary.shapes:
        runs = "one run, so the best of many is partly the luckiest (--seeds 5 gives medians)"
    domains = [_domain_text(domain, summary.survival) for domain in summary.domains]
    head = f"{title}\n{'=' * len(title)}\nA shape's loss is {runs}."
    return "\n\n".join([head, *domains, _correlation_text(summary)])


def columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows under a header, right-aligned but for the last column.

    >>> print(columns(("loss", "shape"), [("0.5", "4-3-9"), ("12", "16")]))
      loss  shape
       0.5  4-3-9
        12  16
    """
    table = [header, *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join(
        "  ".join(
            ["", *(cell.rjust(w) for cell, w in zip(row[:-1], widths, strict=False)), row[-1]]
        )
        for row in table
    )


def number(value: float) -> str:
    """Three significant digits, "-" for NaN.

    >>> number(5.8e-05), number(33.412), number(float("nan"))
    ('5.8e-05', '33.4', '-')
    """
    return "-" if math.isnan(value) else f"{value:.3g}"


def _domain_text(domain: DomainSummary, survival: Sequence[Survival]) -> str:
    header = ("depth", "shapes", "survive", "best", "params", "vs depth 1", "median")
    rows = [_depth_row(depth, alive) for depth, alive in zip(domain.depths, survival, strict=True)]
    matched = ""
    if domain.matched_shapes:
        matched = (
            f"; among the {domain.matched_shapes:,} shapes of 50 to 70 parameters "
            f"{number(domain.matched_ratio)}"
        )
    return "\n".join(
        [
            f"Mean squared error, {DOMAINS[domain.domain][2]}",
            f"  best {_shape_text(domain.best)}, worst {_shape_text(domain.worst)}",
            f"  worst/best {number(domain.ratio)}{matched}",
            columns((*header, "[95 % interval]", "best shape"), rows),
        ]
    )


def _depth_row(depth: DepthSummary, survival: Survival) -> tuple[str, ...]:
    low, high = depth.median_interval
    return (
        str(depth.depth),
        f"{depth.shapes:,}",
        f"{survival.share:.1%}",
        number(depth.best.loss),
        str(depth.best.parameter_count),
        _versus(depth.best_ratio),
        number(depth.median_loss),
        "-" if math.isnan(low) else f"[{number(low)}, {number(high)}]",
        depth.best.shape,
    )


def _shape_text(shape: ShapeLoss) -> str:
    return f"{number(shape.loss)} ({shape.shape}, {shape.parameter_count} parameters)"


def _versus(ratio: float) -> str:
    if math.isnan(ratio):
        return "-"
    if ratio == 1:
        return "same"
    better = 1 / ratio if ratio else math.inf
    return f"{number(better)}x better" if ratio < 1 else f"{number(ratio)}x worse"


def _correlation_text(summary: TargetSummary) -> str:
    names = list(summary.domains[0].correlations)
    rows = [
        (name.replace("_", " "), *(f"{d.correlations[name]:+.3f}" for d in summary.domains), "")
        for name in names
    ]
    header = ("feature", *(domain.domain for domain in summary.domains), "")
    title = "Pearson's r with log10 of the loss, over shapes"
    text = columns(header, rows).replace("+nan", "   -")
    return "\n".join([title, *(line.rstrip() for line in text.splitlines())])
