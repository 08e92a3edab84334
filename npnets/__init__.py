"""Study tiny neural networks completely: a from-scratch NumPy engine with numba kernels.

Names are imported when they are first used, so that a command that needs none of them is quick.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from npnets.backprop import gradient, loss
    from npnets.constructions.interpolants import bump, interpolant
    from npnets.constructions.parities import parity, xor
    from npnets.constructions.polygons import polygon_indicator
    from npnets.constructions.sawtooths import sawtooth
    from npnets.constructions.squares import square_from_depth, square_from_relus
    from npnets.curvature import gauss_newton, hessian, hvp, jacobian
    from npnets.files import load, save
    from npnets.fitting import fit
    from npnets.initializers import initialize
    from npnets.landscape.directions import (
        alignment,
        intercept_direction,
        scaling_directions,
        slope_direction,
        symmetry_space,
    )
    from npnets.landscape.dynamics import Dynamics, dynamics
    from npnets.landscape.hessians import Derivatives, derivatives, hessians
    from npnets.landscape.jacobian_svd import JacobianSVD, jacobian_svd, jacobian_svds
    from npnets.landscape.locality import locality
    from npnets.landscape.polish import Polished, polish, polish_all
    from npnets.landscape.spectrum import Spectrum, spectra, spectrum
    from npnets.landscape.walk import Walk, flat_distance, walk
    from npnets.measures import Measured, measure
    from npnets.network import Network, parameter_count
    from npnets.regions.bounds import bounds
    from npnets.regions.boxes import RegionCount, count_regions
    from npnets.regions.level_sets import level_set
    from npnets.regions.line import along, breakpoints, breakpoints_of, count_breakpoints, polyline
    from npnets.regions.pieces import Pieces
    from npnets.regions.plane import Cells, cells
    from npnets.shapes import compositions
    from npnets.targets import Target, get_target
    from npnets.training import Trained, train

__version__ = "0.1.0"

__all__ = [
    "Cells",
    "Derivatives",
    "Dynamics",
    "JacobianSVD",
    "Measured",
    "Network",
    "Pieces",
    "Polished",
    "RegionCount",
    "Spectrum",
    "Target",
    "Trained",
    "Walk",
    "alignment",
    "along",
    "bounds",
    "breakpoints",
    "breakpoints_of",
    "bump",
    "cells",
    "compositions",
    "count_breakpoints",
    "count_regions",
    "derivatives",
    "dynamics",
    "fit",
    "flat_distance",
    "gauss_newton",
    "get_target",
    "gradient",
    "hessian",
    "hessians",
    "hvp",
    "initialize",
    "intercept_direction",
    "interpolant",
    "jacobian",
    "jacobian_svd",
    "jacobian_svds",
    "level_set",
    "load",
    "locality",
    "loss",
    "measure",
    "parameter_count",
    "parity",
    "polish",
    "polish_all",
    "polygon_indicator",
    "polyline",
    "save",
    "sawtooth",
    "scaling_directions",
    "slope_direction",
    "spectra",
    "spectrum",
    "square_from_depth",
    "square_from_relus",
    "symmetry_space",
    "train",
    "walk",
    "xor",
]

_HOMES = {
    "backprop": ("gradient", "loss"),
    "constructions.interpolants": ("bump", "interpolant"),
    "constructions.parities": ("parity", "xor"),
    "constructions.polygons": ("polygon_indicator",),
    "constructions.sawtooths": ("sawtooth",),
    "constructions.squares": ("square_from_depth", "square_from_relus"),
    "curvature": ("gauss_newton", "hessian", "hvp", "jacobian"),
    "files": ("load", "save"),
    "fitting": ("fit",),
    "initializers": ("initialize",),
    "landscape.directions": (
        "alignment",
        "intercept_direction",
        "scaling_directions",
        "slope_direction",
        "symmetry_space",
    ),
    "landscape.dynamics": ("Dynamics", "dynamics"),
    "landscape.hessians": ("Derivatives", "derivatives", "hessians"),
    "landscape.jacobian_svd": ("JacobianSVD", "jacobian_svd", "jacobian_svds"),
    "landscape.locality": ("locality",),
    "landscape.polish": ("Polished", "polish", "polish_all"),
    "landscape.spectrum": ("Spectrum", "spectra", "spectrum"),
    "landscape.walk": ("Walk", "flat_distance", "walk"),
    "measures": ("Measured", "measure"),
    "network": ("Network", "parameter_count"),
    "regions.bounds": ("bounds",),
    "regions.boxes": ("RegionCount", "count_regions"),
    "regions.level_sets": ("level_set",),
    "regions.line": ("along", "breakpoints", "breakpoints_of", "count_breakpoints", "polyline"),
    "regions.pieces": ("Pieces",),
    "regions.plane": ("Cells", "cells"),
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
