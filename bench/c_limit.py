"""limit.c, compiled by the C compiler that is here and called through ctypes."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from bench.runner import Skipped

SOURCE = Path(__file__).with_name("limit.c")
FLAGS = (
    *("-O3", "-march=native", "-ffp-contract=fast", "-fno-math-errno"),
    *("-Wno-psabi", "-shared", "-fPIC"),
)
BATCH = 64

Train = Callable[..., np.ndarray]


def compile_limit(folder: Path) -> Train:
    """Compile limit.c into the folder and return its ``train``.

    Raises
    ------
    Skipped
        If there is no C compiler, or it refuses.
    """
    names = [os.environ.get("CC", "cc"), "cc", "gcc", "clang"]
    compiler = next((path for name in names if (path := shutil.which(name))), None)
    if compiler is None:
        raise Skipped("there is no C compiler")
    library = folder / "limit.so"
    command = [compiler, *FLAGS, str(SOURCE), "-o", str(library), "-lm"]
    compiled = subprocess.run(command, capture_output=True, text=True)
    if compiled.returncode:
        raise Skipped(f"{compiler} refuses limit.c: {compiled.stderr.splitlines()[0]}")
    return _train_with(ctypes.CDLL(str(library)).train)


def _train_with(function: Callable) -> Train:
    def train(
        widths: Sequence[int],
        theta: np.ndarray,
        x: np.ndarray,
        y: np.ndarray,
        rates: np.ndarray,
        epsilons: np.ndarray,
    ) -> np.ndarray:
        """Parameters (networks, P) after training on x (steps, d_in, 64), y (steps, 1, 64)."""
        floats = [np.array(a, np.float32, order="C") for a in (theta, x, y, rates, epsilons)]
        theta, x, y, rates, epsilons = floats
        if x.shape[2] != BATCH or y.shape != (len(x), 1, BATCH):
            raise ValueError(f"x and y must have {BATCH} samples, got {x.shape} and {y.shape}")
        networks, parameters = theta.shape
        function(
            *(networks, len(widths) - 1, (ctypes.c_int * len(widths))(*widths), parameters),
            *(pointer(theta), pointer(x), pointer(y), len(x), pointer(rates), pointer(epsilons)),
        )
        return theta

    return train


def pointer(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)
