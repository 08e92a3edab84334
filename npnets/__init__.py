"""Study tiny neural networks completely: a from-scratch NumPy engine with numba kernels.

Names are imported when they are first used, so that a command that needs none of them is quick.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from npnets.backprop import gradient, loss
    from npnets.files import load, save
    from npnets.initializers import initialize
    from npnets.measures import Measured, measure
    from npnets.network import Network, parameter_count
    from npnets.shapes import compositions
    from npnets.targets import Target, get_target
    from npnets.training import Trained, train

__version__ = "0.1.0"

__all__ = [
    "Measured",
    "Network",
    "Target",
    "Trained",
    "compositions",
    "get_target",
    "gradient",
    "initialize",
    "load",
    "loss",
    "measure",
    "parameter_count",
    "save",
    "train",
]

_HOMES = {
    "backprop": ("gradient", "loss"),
    "files": ("load", "save"),
    "initializers": ("initialize",),
    "measures": ("Measured", "measure"),
    "network": ("Network", "parameter_count"),
    "shapes": ("compositions",),
    "targets": ("Target", "get_target"),
    "training": ("Trained", "train"),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
