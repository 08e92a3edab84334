"""The files of this folder, each with its cases."""

from __future__ import annotations

from pathlib import Path

from bench.cases import (
    cold,
    commands,
    fresh,
    hessians,
    limit,
    main_job,
    regions,
    threads,
    training,
)
from bench.runner import Case

FILES = (training, limit, threads, hessians, regions, main_job, cold, commands, fresh)


def all_cases(quick: bool, folder: Path) -> list[Case]:
    """Every case, with its files in ``folder``; quick means small."""
    return [case for file in FILES for case in file.cases(quick, folder)]
