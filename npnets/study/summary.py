"""What a study found: by depth, by feature, and over all shapes of a target.

Every statement about a shape is the median over its seeds (see table.py). A loss is taken as it is
measured; an infinite one belongs to networks that diverged.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from npnets.intervals import median_interval
from npnets.records import Record
from npnets.study.store import Store
from npnets.study.table import DOMAINS, FEATURES, ShapeTable, read_table

MATCHED_PARAMETERS = (50, 70)


@dataclass(frozen=True)
class ShapeLoss(Record):
    """A shape, its parameters and its loss (mean squared error, raw and over the variance)."""

    shape: str
    parameter_count: int
    loss: float
    normalized_loss: float


@dataclass(frozen=True)
class DepthSummary(Record):
    """The shapes of one depth.

    ``median_interval`` is the 95 % interval of the median over shapes. The ratios are over the
    best, or the median, of depth 1: below 1 is better; NaN where depth 1 was not trained.
    """

    depth: int
    shapes: int
    best: ShapeLoss
    median_loss: float
    median_interval: tuple[float, float]
    best_ratio: float
    median_ratio: float


@dataclass(frozen=True)
class DomainSummary(Record):
    """One target on one domain.

    ``ratio`` is the worst finite loss over the best; ``matched_ratio`` the same among the
    ``matched_shapes`` shapes of 50 to 70 parameters. ``correlations`` are Pearson's r of each
    feature with log10 of the loss, over the ``correlated_shapes`` of positive finite loss.
    """

    domain: str
    best: ShapeLoss
    worst: ShapeLoss
    ratio: float
    matched_shapes: int
    matched_ratio: float
    depths: tuple[DepthSummary, ...]
    correlated_shapes: int
    correlations: dict[str, float]


@dataclass(frozen=True)
class Survival(Record):
    """How many networks of one depth neither collapsed to a constant nor diverged."""

    depth: int
    networks: int
    survivors: int

    @property
    def share(self) -> float:
        return self.survivors / self.networks


@dataclass(frozen=True)
class TargetSummary(Record):
    """Everything found on one target; ``domains`` are grid and normal, in this order."""

    target: str
    shapes: int
    networks: int
    survival: tuple[Survival, ...]
    domains: tuple[DomainSummary, ...]


def summarize(store: Store) -> list[TargetSummary]:
    """The summary of each target of a store."""
    return [summarize_table(read_table(store, target)) for target in store.targets()]


def summarize_table(table: ShapeTable) -> TargetSummary:
    """The summary of one target's shapes, at least one."""
    depths = np.unique(table.depth)
    return TargetSummary(
        target=table.target,
        shapes=len(table.shape),
        networks=int(table.runs.sum()),
        survival=tuple(_survival(table, depth) for depth in depths),
        domains=tuple(_summarize_domain(table, domain) for domain in DOMAINS),
    )


def rank(table: ShapeTable, domain: str, count: int) -> list[ShapeLoss]:
    """The best shapes of a table, best first; ties in the order of their text."""
    order = np.argsort(table.losses[domain], kind="stable")[:count]
    return [_shape_loss(table, domain, i) for i in order]


def pearson(x: np.ndarray, y: np.ndarray) -> float:
    """Pearson's correlation; NaN where x or y does not vary.

    >>> pearson(np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0]))
    1.0
    """
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return float("nan")
    x, y = x - x.mean(), y - y.mean()
    return float(x @ y / np.sqrt((x @ x) * (y @ y)))


def _summarize_domain(table: ShapeTable, domain: str) -> DomainSummary:
    losses = table.losses[domain]
    low, high = MATCHED_PARAMETERS
    matched = losses[(table.parameter_count >= low) & (table.parameter_count <= high)]
    usable = np.isfinite(losses) & (losses > 0)
    log_losses = np.log10(losses[usable])
    best, worst = _best(table, domain), _worst(table, domain)
    return DomainSummary(
        domain=domain,
        best=best,
        worst=worst,
        ratio=_ratio(worst.loss, best.loss),
        matched_shapes=len(matched),
        matched_ratio=_worst_to_best(matched),
        depths=tuple(_summarize_depths(table, domain)),
        correlated_shapes=int(usable.sum()),
        correlations={
            name: pearson(table.features[name][usable].astype(float), log_losses)
            for name in FEATURES
        },
    )


def _summarize_depths(table: ShapeTable, domain: str) -> list[DepthSummary]:
    at_depth = {int(d): table.select(table.depth == d) for d in np.unique(table.depth)}
    best = {d: _best(shapes, domain) for d, shapes in at_depth.items()}
    median = {d: float(np.median(shapes.losses[domain])) for d, shapes in at_depth.items()}
    shallow = best[1].loss if 1 in best else float("nan")
    return [
        DepthSummary(
            depth=d,
            shapes=len(shapes.shape),
            best=best[d],
            median_loss=median[d],
            median_interval=median_interval(shapes.losses[domain]),
            best_ratio=_ratio(best[d].loss, shallow),
            median_ratio=_ratio(median[d], median.get(1, float("nan"))),
        )
        for d, shapes in at_depth.items()
    ]


def _survival(table: ShapeTable, depth: int) -> Survival:
    here = table.depth == depth
    return Survival(int(depth), int(table.runs[here].sum()), int(table.survivors[here].sum()))


def _best(table: ShapeTable, domain: str) -> ShapeLoss:
    return _shape_loss(table, domain, int(np.argmin(table.losses[domain])))


def _worst(table: ShapeTable, domain: str) -> ShapeLoss:
    """The shape of the largest finite loss; any shape if all diverged."""
    losses = table.losses[domain]
    return _shape_loss(table, domain, int(np.argmax(np.where(np.isinf(losses), -1, losses))))


def _shape_loss(table: ShapeTable, domain: str, i: int) -> ShapeLoss:
    return ShapeLoss(
        shape=str(table.shape[i]),
        parameter_count=int(table.parameter_count[i]),
        loss=float(table.losses[domain][i]),
        normalized_loss=float(table.normalized_losses[domain][i]),
    )


def _worst_to_best(losses: np.ndarray) -> float:
    finite = losses[np.isfinite(losses)]
    return _ratio(float(finite.max()), float(finite.min())) if len(finite) else float("nan")


def _ratio(numerator: float, denominator: float) -> float:
    with np.errstate(all="ignore"):
        return float(np.float64(numerator) / np.float64(denominator))
