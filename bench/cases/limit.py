"""The kernel beside limit.c, the same loop written by hand in C.

Both train the same networks from the same parameters on the same minibatches, prepared beforehand,
on one thread; before they are timed, their parameters after 20 steps must agree to rounding. The
limit knows ReLU, Adam, float32 and batches of 64 alone, and its compiler knows this processor.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from bench.c_limit import compile_limit
from bench.cases.training import SHAPES
from bench.runner import Case, Measure, Row, clock

STEPS = 2000
TOLERANCE = 1e-5


def cases(quick: bool, folder: Path) -> list[Case]:
    return [case(name, shape, quick, folder) for name, shape in SHAPES.items()]


def case(name: str, shape: tuple[int, ...], quick: bool, folder: Path) -> Case:
    task = Task(shape, networks=32 if quick else 256, steps=500 if quick else STEPS)
    return Case(
        f"limit-{name}",
        {"npnets kernel": partial(kernel, task), "limit.c": partial(limit, task, folder)},
        [Row(f"kernel {name} vs C by hand", "npnets kernel", ("limit.c",), at_least=0.8)],
        repeats=3 if quick else 9,
    )


class Task:
    """Networks of one shape with seeds 0, 1, …, and the minibatches of seed 0."""

    def __init__(self, shape: tuple[int, ...], networks: int, steps: int) -> None:
        from npnets.initializers import initial_parameters
        from npnets.protocol import Protocol
        from npnets.targets import get_target

        self.widths = (1, *shape, 1)
        self.protocol = Protocol(get_target("quadratic"), steps)
        drawn = [initial_parameters(self.widths, seed=seed) for seed in range(networks)]
        self.theta = np.array(drawn, np.float32)
        self.x, self.y = self.protocol.minibatches(0, 0, steps)

    def with_kernel(self) -> np.ndarray:
        from npnets.backends.compiled import Compiled

        networks = Compiled(self.protocol, [self.widths] * len(self.theta), self.theta.ravel())
        networks.advance(self.x, self.y, 0, record=False)
        return networks.theta.reshape(self.theta.shape)

    def with_c(self, train: Callable[..., np.ndarray]) -> np.ndarray:
        from npnets.backends.compiled import optimizer_schedule

        schedule = optimizer_schedule("adam", self.protocol.lr, 0, self.protocol.steps)
        return train(self.widths, self.theta, self.x, self.y, *schedule)


def kernel(task: Task) -> Measure:
    return clock(task.with_kernel, per=len(task.theta))


def limit(task: Task, folder: Path) -> Measure:
    train = compile_limit(folder)
    few = Task(task.widths[1:-1], networks=16, steps=20)
    apart = float(np.abs(few.with_c(train) - few.with_kernel()).max())
    if not apart < TOLERANCE:
        raise RuntimeError(f"limit.c and the kernel must agree to {TOLERANCE}, are {apart} apart")
    return clock(lambda: task.with_c(train), per=len(task.theta))
