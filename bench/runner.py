"""Measure contenders in turn, A, B, A, B, …, and compare what they measured."""

from __future__ import annotations

import importlib
import resource
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

Measure = Callable[[], float]
"""One measurement, often seconds."""
Prepare = Callable[[], Measure]
"""Whatever comes before the first measurement: imports, data, compilation, warming up."""


class Skipped(Exception):
    """Why a contender can't be measured here."""


@dataclass(frozen=True)
class Row:
    """Who is compared with whom, and what is aimed at.

    With ``at_least``, how many times the measured contender is as fast as the fastest of those
    beside it; with ``at_most``, how many times that one's measurement it needs. With none beside
    it, its measurement itself.
    """

    text: str
    measured: str
    beside: tuple[str, ...] = ()
    unit: str = "×"
    at_least: float | None = None
    at_most: float | None = None


@dataclass(frozen=True)
class Case:
    """Contenders that are measured in turn, and the rows that compare them."""

    name: str
    contenders: Mapping[str, Prepare]
    rows: Sequence[Row]
    repeats: int = 5


@dataclass(frozen=True)
class Samples:
    """What the contenders of a case measured, one entry a repeat."""

    values: dict[str, list[float]] = field(default_factory=dict)
    busy: dict[str, list[float]] = field(default_factory=dict)
    """Processors kept busy, child processes' included: CPU time over wall time."""
    skipped: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Compared:
    """A row with its values, one a repeat; without, it says why it was skipped."""

    row: Row
    peer: str = ""
    values: tuple[float, ...] = ()
    skipped: str = ""

    @property
    def median(self) -> float:
        return median(self.values)

    @property
    def reached(self) -> bool | None:
        """Whether the median is what was aimed at; None if nothing was, or nothing is known."""
        row = self.row
        if not self.values or (row.at_least is None and row.at_most is None):
            return None
        too_little = row.at_least is not None and self.median < row.at_least
        too_much = row.at_most is not None and self.median > row.at_most
        return not (too_little or too_much)


def clock(run: Callable[[], object], per: float = 1.0) -> Measure:
    """Measure the seconds that ``run`` takes, divided by ``per``, once it is warm."""
    run()

    def measure() -> float:
        start = time.perf_counter()
        run()
        return (time.perf_counter() - start) / per

    return measure


def require(library: str) -> Any:
    """The module of that name.

    Raises
    ------
    Skipped
        If it is not installed.

    >>> require("no_such_library")
    Traceback (most recent call last):
    bench.runner.Skipped: no_such_library is not installed
    """
    try:
        return importlib.import_module(library)
    except ModuleNotFoundError as missing:
        raise Skipped(f"{missing.name} is not installed") from None


def take_turns(case: Case) -> Samples:
    """Prepare all contenders, then measure each once, then each once more, …"""
    samples, ready = Samples(), {}
    for name, prepare in case.contenders.items():
        try:
            ready[name] = prepare()
        except Skipped as why:
            samples.skipped[name] = str(why)
    for _ in range(case.repeats):
        for name, measure in ready.items():
            wall, cpu = time.perf_counter(), _cpu_seconds()
            samples.values.setdefault(name, []).append(measure())
            wall, cpu = time.perf_counter() - wall, _cpu_seconds() - cpu
            samples.busy.setdefault(name, []).append(cpu / wall)
    return samples


def _cpu_seconds() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def compare(row: Row, samples: Samples) -> Compared:
    """A row's values, repeat by repeat, beside the peer with the lowest median.

    >>> samples = Samples({"ours": [1.0, 2.0], "a": [8.0, 8.0], "b": [4.0, 6.0]})
    >>> compared = compare(Row("", "ours", ("a", "b"), at_least=3.0), samples)
    >>> compared.peer, compared.values, compared.median, compared.reached
    ('b', (4.0, 3.0), 3.5, True)
    """
    there = [name for name in row.beside if name in samples.values]
    if row.measured not in samples.values:
        return Compared(row, skipped=samples.skipped[row.measured])
    ours = samples.values[row.measured]
    if not row.beside:
        return Compared(row, values=tuple(ours))
    if not there:
        reasons = dict.fromkeys(samples.skipped[name] for name in row.beside)
        return Compared(row, skipped="; ".join(reasons))
    peer = min(there, key=lambda name: median(samples.values[name]))
    pairs = zip(ours, samples.values[peer], strict=True)
    values = (a / b if row.at_least is None else b / a for a, b in pairs)
    return Compared(row, peer, tuple(values))
