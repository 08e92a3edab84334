"""How many ways are there to lay out 16 neurons, and how many of them are at most 5 layers deep?

Every composition of 16 is listed and counted by its depth; nothing is sampled and nothing is taken
from a formula.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from npnets.claims import Measurement
from npnets.shapes import compositions

CLAIMS = ("A9",)


@dataclass(frozen=True)
class Config:
    """``neurons`` to lay out, and the depth up to which shapes count as shallow."""

    neurons: int = 16
    shallow: int = 5

    @classmethod
    def smoke(cls) -> Config:
        """The full protocol, which takes no time."""
        return cls()


@dataclass(frozen=True, eq=False)
class Result:
    """``shapes[d - 1]`` is the number of shapes of depth d."""

    shallow: int
    shapes: np.ndarray


def run(config: Config) -> Result:
    """List all shapes and count them by depth."""
    depths = [len(shape) for shape in compositions(config.neurons)]
    return Result(config.shallow, np.bincount(depths, minlength=config.neurons + 1)[1:])


def check(result: Result) -> list[Measurement]:
    return [
        Measurement("A9.shapes", result.shapes.sum()),
        Measurement("A9.shallow_shapes", result.shapes[: result.shallow].sum()),
    ]
