"""Run a command and say how long it took and how much memory it held at most.

A process's peak memory counts its parent's, from which it was forked. So a small Python stands
between the benchmarks, which hold all the peers, and the command: this file, run as a script.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

#: bytes in a unit of ru_maxrss
MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Child:
    """How a command went."""

    seconds: float
    peak_bytes: int
    returncode: int
    stdout: str
    stderr: str


def spawn(command: Sequence[str | Path], variables: Mapping[str, str]) -> Child:
    """Run a command to its end, not on a terminal.

    Raises
    ------
    RuntimeError
        If it fails.
    """
    between = [sys.executable, "-I", __file__, *map(str, command)]
    ran = subprocess.run(between, env=variables, capture_output=True, text=True, check=True)
    child = Child(**json.loads(ran.stdout))
    if child.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))} failed: {child.stderr}")
    return child


def _run(command: Sequence[str]) -> dict[str, object]:
    start = time.perf_counter()
    ran = subprocess.run(command, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * MAXRSS_UNIT
    return {
        "seconds": seconds,
        "peak_bytes": peak,
        "returncode": ran.returncode,
        "stdout": ran.stdout,
        "stderr": ran.stderr,
    }


if __name__ == "__main__":
    print(json.dumps(_run(sys.argv[1:])))
