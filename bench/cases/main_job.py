"""The main job: ``npnets enumerate`` beside the training kernel alone on the same networks.

The job is a process of its own, from its start to its end: every shape of 16 neurons on 2x + 1 and
on x², drawn, trained, measured and stored, on two threads, with the kernels compiled before. The
kernel alone finds initial parameters and minibatches prepared and measures and stores nothing.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from bench.child import spawn
from bench.environment import users_environment
from bench.runner import Case, Measure, Row, Skipped, clock

TARGETS = ("linear", "quadratic")
THREADS = 2
CHUNK = 128


def cases(quick: bool, folder: Path) -> list[Case]:
    neurons = 10 if quick else 16
    job, text = Job(neurons, folder), f"enumerate --neurons {neurons}"
    return [
        Case(
            "main-job",
            {
                "npnets enumerate": job.prepare,
                "kernel alone": partial(kernel_alone, neurons),
                "peak memory": lambda: job.peak_megabytes,
            },
            [
                Row(f"{text}, whole process", "npnets enumerate", unit="s"),
                Row(f"{text} vs the kernel", "npnets enumerate", ("kernel alone",), at_most=1.5),
                Row(f"{text}, peak memory", "peak memory", unit="MB", at_most=800),
            ],
            repeats=3,
        )
    ]


class Job:
    """``npnets enumerate`` with a new store each time."""

    def __init__(self, neurons: int, folder: Path) -> None:
        self.neurons, self.folder = neurons, folder
        self.peak_bytes = 0

    def prepare(self) -> Measure:
        from npnets.backends import processors

        if processors() < THREADS:
            raise Skipped(f"there are not {THREADS} processors")
        self.run(neurons=6)
        return lambda: self.run(self.neurons)

    def run(self, neurons: int) -> float:
        folder = tempfile.mkdtemp(dir=self.folder)
        study = ["enumerate", "--neurons", str(neurons), "--store", f"{folder}/npnets.db"]
        command = [sys.executable, "-m", "npnets", *study, "--threads", str(THREADS)]
        child = spawn(command, users_environment())
        shutil.rmtree(folder)
        self.peak_bytes = child.peak_bytes
        return child.seconds

    def peak_megabytes(self) -> float:
        """Of the run that was timed last."""
        return self.peak_bytes / 1e6


def kernel_alone(neurons: int) -> Measure:
    from npnets.backends import processors
    from npnets.backends.compiled import Compiled
    from npnets.initializers import initial_parameters
    from npnets.protocol import Protocol
    from npnets.shapes import compositions
    from npnets.targets import get_target

    if processors() < THREADS:
        raise Skipped(f"there are not {THREADS} processors")
    protocols = [Protocol(get_target(target)) for target in TARGETS]
    data = [protocol.minibatches(0, 0, protocol.steps) for protocol in protocols]
    widths = [(1, *shape, 1) for shape in compositions(neurons)]
    theta = [initial_parameters(w).astype(protocols[0].dtype) for w in widths]
    chunks = [slice(first, first + CHUNK) for first in range(0, len(widths), CHUNK)]

    def train(protocol: Protocol, batches: tuple[np.ndarray, np.ndarray], chunk: slice) -> None:
        networks = Compiled(protocol, widths[chunk], np.concatenate(theta[chunk]))
        networks.advance(*batches, start=0, record=False)

    def run() -> None:
        with ThreadPoolExecutor(THREADS) as pool:
            for protocol, batches in zip(protocols, data, strict=True):
                list(pool.map(partial(train, protocol, batches), chunks))

    train(protocols[0], data[0], slice(1))
    return clock(run)
