"""A fresh environment: from the end of pip to the first result.

A new virtual environment gets this checkout by ``pip install``, outside the clock; then its
``npnets enumerate --neurons 8`` runs for the first time, with no compiled kernels anywhere. It
takes the network, or pip's cache, and so is left out of quick runs.
"""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path

from bench.child import spawn
from bench.environment import ROOT, users_environment
from bench.runner import Case, Measure, Row, Skipped


def cases(quick: bool, folder: Path) -> list[Case]:
    row = Row("fresh: pip's end to first result", "fresh", unit="s", at_most=15)
    return [Case("fresh", {"fresh": partial(fresh, quick, folder / "fresh")}, [row], repeats=1)]


def fresh(quick: bool, folder: Path) -> Measure:
    if quick:
        raise Skipped("a quick run installs nothing")
    variables = users_environment()
    del variables["PYTHONPATH"]
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    install = [str(folder / "venv/bin/pip"), "install", "--quiet", str(ROOT)]
    installed = subprocess.run(install, env=variables, capture_output=True, text=True)
    if installed.returncode:
        raise Skipped(f"pip could not install: {installed.stderr.strip().splitlines()[-1]}")
    npnets, store = folder / "venv/bin/npnets", folder / "npnets.db"
    command = [str(npnets), "enumerate", "--neurons", "8", "--store", str(store)]
    return lambda: spawn(command, variables | {"XDG_CACHE_HOME": str(folder)}).seconds
