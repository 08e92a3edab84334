"""What was measured, as JSON and as the table in the README."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from bench.runner import Compared, Row, Samples

BEGIN, END = "<!-- bench -->", "<!-- /bench -->"
LIBRARIES = ("numpy", "numba", "torch", "jax", "scikit-learn")


@dataclass(frozen=True)
class Result:
    """A case's samples and its rows."""

    name: str
    samples: Samples
    rows: tuple[Compared, ...]


def machine() -> dict[str, Any]:
    """Where and when this runs, and with what."""
    from npnets import __version__

    versions = {"python": platform.python_version(), "npnets": __version__}
    for library in LIBRARIES:
        try:
            versions[library] = version(library)
        except PackageNotFoundError:
            continue
    return {
        "cpu": _cpu_name(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "versions": versions,
    }


def _cpu_name() -> str:
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def document(where: dict[str, Any], results: Sequence[Result], quick: bool) -> dict[str, Any]:
    """Everything that was measured, for machines."""
    return {"machine": where, "quick": quick, "cases": [_case(result) for result in results]}


def _case(result: Result) -> dict[str, Any]:
    samples = result.samples
    return {
        "name": result.name,
        "contenders": {
            name: {"values": values, "busy": samples.busy[name]}
            for name, values in samples.values.items()
        },
        "skipped": samples.skipped,
        "rows": [_row(compared) for compared in result.rows],
    }


def _row(compared: Compared) -> dict[str, Any]:
    facts = asdict(compared.row) | {"reached": compared.reached}
    if compared.skipped:
        return facts | {"skipped": compared.skipped}
    values = compared.values
    spread = {"median": compared.median, "min": min(values), "max": max(values)}
    return facts | {"peer": compared.peer} | spread


def line(compared: Compared) -> str:
    """A row of the table."""
    row = compared.row
    if compared.skipped:
        cells = [row.text, f"skipped: {compared.skipped}", "", aim(row), ""]
    else:
        low, high = number(min(compared.values)), number(max(compared.values))
        text = f"{row.text} ({compared.peer})" if compared.peer else row.text
        verdict = {True: "reached", False: "**missed**", None: ""}[compared.reached]
        measured = with_unit(number(compared.median), row.unit)
        cells = [text, measured, f"{low}–{high}", aim(row), verdict]
    return "| " + " | ".join(cells) + " |"


def table(where: dict[str, Any], results: Sequence[Result]) -> str:
    """The rows of all cases as Markdown, and below them where they were measured."""
    head = ["| | median | range | aim | |", "|---|---|---|---|---|"]
    rows = [line(compared) for result in results for compared in result.rows]
    versions = ", ".join(f"{name} {number}" for name, number in where["versions"].items())
    caption = f"{where['cpu']}, {where['cores']} cores, {where['date'][:10]}; {versions}."
    return "\n".join([*head, *rows, "", caption])


def aim(row: Row) -> str:
    """What a row aims at.

    >>> aim(Row("", "a", at_least=1000)), aim(Row("", "a", unit="s", at_most=0.3))
    ('≥ 1,000×', '≤ 0.3 s')
    """
    if row.at_least is not None:
        return f"≥ {with_unit(number(row.at_least), row.unit)}"
    return "" if row.at_most is None else f"≤ {with_unit(number(row.at_most), row.unit)}"


def number(value: float) -> str:
    """Three digits, or all of an integer part that is longer.

    >>> number(1234.5), number(12.345), number(0.0456)
    ('1,234', '12.3', '0.0456')
    """
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def with_unit(text: str, unit: str) -> str:
    return text + unit if unit == "×" else f"{text} {unit}"


def write_table(text: str, path: Path) -> None:
    """Put the table between the marks in a Markdown file.

    Raises
    ------
    ValueError
        If the file has no place for it.
    """
    page = path.read_text(encoding="utf-8") if path.exists() else ""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{path} must have a line {BEGIN} and, below it, a line {END}")
    path.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")
