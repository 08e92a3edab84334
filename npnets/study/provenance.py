"""What a run ran on: kept beside the results, never inside them."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from datetime import datetime, timezone
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from npnets import __version__


def provenance() -> dict[str, str]:
    """Versions, CPU, a hash of the sources that decide the numbers, and the time in UTC.

    >>> sorted(provenance())
    ['cpu', 'llvmlite', 'npnets', 'numba', 'numpy', 'python', 'source', 'started']
    """
    return {
        "npnets": __version__,
        "numpy": version("numpy"),
        "numba": version("numba"),
        "llvmlite": version("llvmlite"),
        "python": platform.python_version(),
        "cpu": _cpu(),
        "source": _source_hash(),
        "started": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }


def differences(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """What differs between two runs, but for the time, e.g. "numpy 2.0.0, now 2.1.0"."""
    return [
        f"{name} {value}, now {now[name]}"
        for name, value in before.items()
        if name != "started" and value != now[name]
    ]


def _cpu() -> str:
    """The processor's name, and the one that LLVM compiles for."""
    from llvmlite.binding import get_host_cpu_name

    return f"{_model()} ({get_host_cpu_name()})"


def _model() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _source_hash() -> str:
    """A hash of npnets' own modules and of the kernels, without those that change no number."""
    digest = hashlib.sha256()
    idle = {"commands", "figures", "claims", "experiments", "reproduction"}
    for package in ("npnets", "npnets_kernels"):
        spec = find_spec(package)
        for folder in (spec.submodule_search_locations or []) if spec else []:
            for file in sorted(Path(folder).rglob("*.py")):
                if not idle & set(file.relative_to(folder).parts):
                    digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
