"""Where contenders run: in this process on one thread, in child processes as users would."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).parents[1]

#: Keep every library of this process on one thread, and jax on the CPU.
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "NPROC": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_PLATFORMS": "cpu",
}


def use_one_thread() -> None:
    """Pin this process; libraries read the variables when they are first imported."""
    os.environ.update(ONE_THREAD)


def users_environment(cache: Path | None = None) -> dict[str, str]:
    """Variables for a child that runs this checkout, unpinned, with its kernel cache there."""
    dropped = (*ONE_THREAD, "NUMBA_CACHE_DIR")
    variables = {name: value for name, value in os.environ.items() if name not in dropped}
    variables["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "kernels")])
    return variables if cache is None else variables | {"XDG_CACHE_HOME": str(cache)}
