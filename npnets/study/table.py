"""What a store says of each shape: one entry per shape, the median over its seeds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from npnets.study.store import Store, check_target
from npnets.targets import get_target

#: domain → (its column of losses, of normalised losses, how it is called)
DOMAINS = {
    "grid": ("grid_loss", "normalized_grid_loss", "uniform grid on [-5, 5]^d"),
    "normal": ("loss", "normalized_loss", "in distribution, N(0, I)"),
}
FEATURES = (
    *("first_width", "last_width", "bottleneck", "min_width", "max_width"),
    *("parameter_count", "depth"),
)


@dataclass(frozen=True)
class ShapeTable:
    """The shapes trained on one target: arrays of length S, in the order of their text.

    Parameters
    ----------
    target : str
    shape : (S,) str
    features : name in FEATURES → (S,) int, in neurons, parameters or layers
    runs : (S,) int
        The number of networks (seeds) of the shape.
    losses, normalized_losses : domain → (S,) float
        The median over seeds. A diverged network (NaN) counts as an infinite loss.
    survivors : (S,) int
        How many of the runs neither collapsed to a constant nor diverged.
    """

    target: str
    shape: np.ndarray
    features: dict[str, np.ndarray]
    runs: np.ndarray
    losses: dict[str, np.ndarray]
    normalized_losses: dict[str, np.ndarray]
    survivors: np.ndarray

    @property
    def depth(self) -> np.ndarray:
        return self.features["depth"]

    @property
    def parameter_count(self) -> np.ndarray:
        return self.features["parameter_count"]

    def select(self, chosen: np.ndarray) -> ShapeTable:
        """The table of some of the shapes, by mask or by indices."""
        return ShapeTable(
            self.target,
            self.shape[chosen],
            {name: values[chosen] for name, values in self.features.items()},
            self.runs[chosen],
            {domain: values[chosen] for domain, values in self.losses.items()},
            {domain: values[chosen] for domain, values in self.normalized_losses.items()},
            self.survivors[chosen],
        )


def read_tables(
    store: Store, target: str | None = None, depth: int | None = None
) -> list[ShapeTable]:
    """The tables of all targets or of one, of all depths or of one; none is empty.

    Raises
    ------
    ValueError
        If the store holds no such networks.
    """
    names = check_target(store, canonical_target(store, target))
    tables = [read_table(store, name) for name in names]
    if depth is None:
        return tables
    tables = [table.select(table.depth == depth) for table in tables]
    if not any(len(table.shape) for table in tables):
        raise ValueError(f"depth must be one that store {store.path} holds, got {depth}")
    return [table for table in tables if len(table.shape)]


def canonical_target(store: Store, target: str | None) -> str | None:
    """The name under which a store keeps a target, which may be spelt in other ways."""
    if target is None or target in store.targets():
        return target
    try:
        return get_target(target, store.settings().get("d_in", 1)).name
    except ValueError:
        return target  # not a target at all: whoever looks it up says what there is


def read_table(store: Store, target: str) -> ShapeTable:
    """Read the networks of one target and take the median over the seeds of each shape."""
    losses = [column for loss, normalized, _ in DOMAINS.values() for column in (loss, normalized)]
    columns = store.columns(("shape", *FEATURES, *losses, "collapsed"), target)
    shape = columns["shape"]
    starts = np.flatnonzero(np.r_[True, shape[1:] != shape[:-1]][: len(shape)])
    medians = {name: _medians(columns[name], starts) for name in losses}
    diverged = ~np.isfinite(columns["loss"]) | ~np.isfinite(columns["grid_loss"])
    survived = ~(columns["collapsed"].astype(bool) | diverged)
    return ShapeTable(
        target=target,
        shape=shape[starts],
        features={name: columns[name][starts] for name in FEATURES},
        runs=np.diff(np.r_[starts, len(shape)]),
        losses={domain: medians[loss] for domain, (loss, _, _) in DOMAINS.items()},
        normalized_losses={domain: medians[norm] for domain, (_, norm, _) in DOMAINS.items()},
        survivors=np.add.reduceat(survived, starts, dtype=int) if len(starts) else starts,
    )


def _medians(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """The median of each run of values that begins at one of the starts, NaN taken as infinite."""
    values = np.where(np.isnan(values), np.inf, values)
    if len(starts) == len(values):  # one seed, the common case
        return values
    groups = np.split(values, starts[1:])
    return np.array([np.median(group) for group in groups])
