"""One network on its way down to a minimum of its mean squared error on a fixed sample.

With the gradient g and the eigenpairs λ_i, q_i of a curvature matrix M, a step is

    dθ = -Σ_i q_i (q_i·g) / (|λ_i| + μ max|λ|)

First M is the Gauss-Newton matrix: the method of Levenberg and Marquardt, undamped (μ = 0) at the
start, so that a model that is linear in its parameters takes one step. Where its steps gain little,
M becomes the Hessian: Newton's method, with |λ| in place of λ, which turns it away from saddles
(Dauphin et al., 2014, "Identifying and attacking the saddle point problem"). The damping μ follows
the ratio of the loss's fall to the fall that was predicted, as in Nielsen (1999), "Damping
parameter in Marquardt's method". A change of the loss that is within its rounding says nothing;
such a step has to make the gradient smaller. Parameters that nothing depends on stay in place.

The quadratic model knows nothing of kinks. When a step fails, those that it crossed are built into
the model, npnets.landscape.kinks, and the step is tried again before it is damped. With kinks, the
gradient is the smallest subgradient, and M is the Hessian of the loss along the edges.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

import numpy as np

from npnets.backprop import loss_and_gradient
from npnets.landscape.kinks import (
    EPS,
    Kinks,
    Place,
    bend,
    convex_kinks,
    entangled,
    flipped,
    kinks_at,
    kinks_between,
)
from npnets.network import Network

#: A Gauss-Newton step that gains a smaller share of the loss is the last one.
SLOW = 1e-3
#: How many steps may pass without progress: a share PROGRESS of the loss, or half of the gradient.
PATIENCE = 30
PROGRESS = 1e-6
#: A step is taken if the loss falls by at least this share of what was predicted.
SUFFICIENT = 1e-4
#: The eigenvalues of a minimum may be so far below zero, next to max|λ|: that uncertain is the zero
#: of a flat direction while the gradient is small and not exactly zero.
NEGATIVE = 1e-9
#: Kinks that a model may hold.
MOST_KINKS = 64


class Point(NamedTuple):
    """A network, and what its loss looks like from there."""

    net: Network
    loss: float
    gradient: np.ndarray
    kinks: Kinks
    """That are taken into account."""
    norm: float
    """Of the gradient, or the smallest subgradient where the network is on kinks."""

    @classmethod
    def of(cls, net: Network, x: np.ndarray, y: np.ndarray, places: Sequence[Place] = ()) -> Point:
        """The point of a network, with the kinks at these places."""
        with np.errstate(over="ignore", invalid="ignore"):
            loss, gradient = loss_and_gradient(net, x, y)
        if not np.isfinite(loss) or not np.isfinite(gradient).all():
            return cls(net, loss, gradient, convex_kinks(net, x, y, ()), np.inf)
        kinks = convex_kinks(net, x, y, places)
        smallest = kinks.touching(net.parameters).smallest_subgradient(gradient)
        return cls(net, loss, gradient, kinks, float(np.linalg.norm(smallest)))


@dataclass(eq=False)
class Descent:
    """Where a network is, what is known there, and why it stopped, once it has."""

    here: Point
    x: np.ndarray
    y: np.ndarray
    multipliers: dict[Place, float] = field(default_factory=dict)
    """λ of the kinks that the last step led onto."""
    exact: bool = False
    """Whether M is the Hessian."""
    moved: bool = True
    """Whether the matrix and its eigenpairs are still to be set for this point and stage."""
    matrix: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    """M, (P, P)."""
    eigenpairs: tuple[np.ndarray, np.ndarray] = (np.zeros(0), np.zeros((0, 0)))
    damping: float = 0.0
    growth: float = 2.0
    crossing: bool = False
    """Whether the last step that was not taken turned a neuron on or off at some sample."""
    flipped_at: float = np.inf
    """The loss where the kinks were last looked at from their other sides."""
    hiding: bool = False
    """Whether these had more sides than were looked at."""
    best: tuple[float, float] = (np.inf, np.inf)
    """The loss and the norm at the last progress."""
    idle: int = 0
    """Steps since then."""
    iterations: int = 0
    reason: str = ""
    """As in npnets.landscape.polish.Polished; empty on the way."""

    @classmethod
    def start(cls, net: Network, x: np.ndarray, y: np.ndarray) -> Descent:
        """At a network in float64, samples (n, d_in), targets (n, d_out)."""
        here = Point.of(net, x, y)
        if here.norm == np.inf:
            raise ValueError(
                f"nets must have a finite loss and gradient, got a loss of {here.loss}"
            )
        return cls(here, x, y)

    @property
    def touching(self) -> Kinks:
        """The kinks that the network is on."""
        return self.here.kinks.touching(self.here.net.parameters)

    def set_matrix(self, matrix: np.ndarray) -> None:
        """M, from the Gauss-Newton matrix or, if exact, the Hessian: made that along the edges."""
        net, kinks = self.here.net, self.here.kinks
        for (place, *_), z, jump in zip(kinks.places, kinks.values, kinks.jumps, strict=True):
            if self.exact and place in self.multipliers:
                share = self.multipliers[place] - jump * (z > 0)
                matrix = matrix + share * bend(net, self.x, place)
        if not np.isfinite(matrix).all():
            raise ValueError("nets must have finite Hessians, got one with numbers too large")
        self.matrix, self.moved = matrix, False

    def advance(self, tolerance: float, max_iterations: int) -> None:
        """Try one step with M and its eigenpairs, or find that there is none to try."""
        loss, norm = self.here.loss, self.here.norm
        if loss < (1 - PROGRESS) * self.best[0] or norm < self.best[1] / 2:
            self.best, self.idle = (loss, norm), 0
        if norm <= tolerance or self.idle > PATIENCE:
            self._end_stage(norm <= tolerance)
        elif self.iterations == max_iterations:
            self.reason = "iterations"
        else:
            self._try_step()

    def _end_stage(self, critical: bool) -> None:
        if not self.exact:
            self._restart(self.here, exact=True)
        elif not critical:
            self.reason = "kink" if self.crossing or self.touching.places else "stalled"
        elif self._curves_down():
            self.reason = "saddle"
        else:
            self._look_across_kinks()

    def _look_across_kinks(self) -> None:
        """Derivatives at a kink are those of one side: a minimum has to be one from the others."""
        net, known = self.here.net, {*chain.from_iterable(self.touching.places)}
        places = [place for place in kinks_at(net, self.x) if place not in known]
        fallen = self.here.loss < self.flipped_at - self._rounding()
        # Only residuals can make a loss fall where its gradient vanishes: without, all is convex.
        exact_fit = np.sqrt(self.here.loss) <= NEGATIVE * np.abs(self.eigenpairs[0]).max()
        if exact_fit or (fallen and not places) or not (fallen or self.hiding):
            self.reason = "minimum"
        elif fallen:
            self.flipped_at, self.hiding = self.here.loss, entangled(net, self.x, places)
            self._restart(Point.of(flipped(net, self.x, places), self.x, self.y), exact=False)
        else:
            self.reason = "kink"

    def _restart(self, here: Point, exact: bool) -> None:
        self.here, self.exact, self.moved = here, exact, True
        self.damping, self.growth, self.idle, self.crossing = 0.0, 2.0, 0, False

    def _curves_down(self) -> bool:
        """Whether M has a negative eigenvalue, along the edges if there are any."""
        normals = self.touching.normals
        if len(normals) == 0:
            return has_negative(self.eigenpairs[0])
        _, sizes, rows = np.linalg.svd(normals)
        along = rows[np.count_nonzero(sizes > EPS * sizes[0] * len(rows)) :]
        return has_negative(np.linalg.eigvalsh(along @ self.matrix @ along.T))

    def _try_step(self) -> None:
        self.iterations += 1
        self.idle += 1
        step, predicted, multipliers = self._step()
        net, kinks = self.here.net, self.here.kinks
        theta = net.parameters + step
        if (theta == net.parameters).all():
            self.idle = PATIENCE + 1
            return
        on_edge = (multipliers > 0) & (multipliers < kinks.jumps)
        held = kinks.select(on_edge).places
        trial = Point.of(net.with_parameters(theta), self.x, self.y, [*chain.from_iterable(held)])
        gain = self.here.loss - trial.loss
        silent = abs(gain) <= self._rounding()
        if gain > max(0.0, SUFFICIENT * predicted) or (silent and trial.norm < self.here.norm):
            self._accept(trial, 1.0 if silent else gain / predicted)
            firsts = (places[0] for places in held)
            self.multipliers = dict(zip(firsts, multipliers[on_edge].tolist(), strict=True))
        else:
            self._reject(trial)

    def _accept(self, trial: Point, ratio: float) -> None:
        slow = self.here.loss - trial.loss < SLOW * self.here.loss
        self.exact = self.exact or slow
        self.here, self.moved = trial, True
        self.damping *= max(0.1, 1 - (2 * min(ratio, 1.0) - 1) ** 3)
        self.growth, self.crossing = 2.0, False

    def _reject(self, trial: Point) -> None:
        known = list(chain.from_iterable(self.here.kinks.places))
        crossed = kinks_between(self.here.net, trial.net, self.x, MOST_KINKS)
        self.crossing = crossed != []
        new = sorted({*(crossed or ())} - {*known})
        wider = Point.of(self.here.net, self.x, self.y, known + new) if new else self.here
        if len(self.here.kinks.places) < len(wider.kinks.places) <= MOST_KINKS:
            self.here = wider
        else:
            self.damping = self._damping() * self.growth
            self.growth *= 2

    def _step(self) -> tuple[np.ndarray, float, np.ndarray]:
        """dθ, by how much the loss should fall along it, and the kinks' λ."""
        (values, vectors), (_, _, gradient, kinks, _) = self.eigenpairs, self.here
        stiffness = np.abs(values) + self._damping() * np.abs(values).max()
        multipliers = kinks.multipliers(gradient, stiffness, vectors)
        below = kinks.below(gradient)
        step = -vectors @ (vectors.T @ (below + multipliers @ kinks.normals) / stiffness)
        step[~(self.matrix.any(axis=1) | kinks.normals.any(axis=0))] = 0.0
        fall = -(below @ step + values @ (vectors.T @ step) ** 2 / 2) - kinks.rise(step)
        return step, fall, multipliers

    def _damping(self) -> float:
        """μ, but at least so much that directions without curvature cannot run away."""
        return max(self.damping, len(self.here.gradient) * EPS)

    def _rounding(self) -> float:
        """What the loss is uncertain by: residuals are known to about eps·max|y|."""
        loss, error = self.here.loss, EPS * np.abs(self.y).max()
        return float(8 * (EPS * loss + error * np.sqrt(loss)) + error**2)


def has_negative(eigenvalues: np.ndarray) -> bool:
    """Whether the smallest eigenvalue is negative, and not the zero of a flat direction.

    >>> has_negative(np.array([-1e-3, 1.0])), has_negative(np.array([-1e-12, 1.0]))
    (True, False)
    """
    return bool(eigenvalues.min() < -NEGATIVE * np.abs(eigenvalues).max())
