"""How does the Hessian of 1-16-1 change while it learns a line, and is it a sign to stop?

Networks of 16 ReLUs are trained on 2x + 1 for 3000 steps. Every 25 steps all eigenvalues of the
Hessian are counted by tier, as they are and by magnitude: the source does not say what became of
negative ones, of which there are many before a network has learned. Its losses may be of either
domain.

When the count of steep eigenvalues has settled is known in hindsight: it stays what it is at the
end. So it is with the loss, which has settled when it stays below twice its last value, the median
over the last tenth of training. A rule that stops training cannot know that. One stops when the
count has been the same for 100 steps, the other when the loss has not fallen for 100 steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from npnets.claims import Measurement, get_claim
from npnets.claims.sources import TIERS
from npnets.landscape.dynamics import CHECKPOINTS

CLAIMS = ("A6", "A26")
claimed = get_claim("A6").number
#: Those of the source's table: of all that it looked at, step 1000 is missing.
CLAIMED_STEPS = tuple(step for step in CHECKPOINTS if step != 1000)


@dataclass(frozen=True)
class Config:
    """``replicates`` under each of ``inits``, looked at ``every`` so many steps.

    A rule stops where nothing changed over a ``window`` of so many looks.
    """

    inits: tuple[str, ...] = ("torch", "normal")
    replicates: int = 32
    neurons: int = 16
    steps: int = 3000
    every: int = 25
    window: int = 4

    @classmethod
    def smoke(cls) -> Config:
        """Two replicates."""
        return cls(replicates=2)


@dataclass(frozen=True, eq=False)
class Stops:
    """Where K trainings might have stopped, and what the loss is there over the last loss."""

    by_count: np.ndarray
    """(K,) the step from which the steep count rests, or at which its rule stops."""
    count_cost: np.ndarray
    by_loss: np.ndarray
    """(K,) likewise of the loss."""
    loss_cost: np.ndarray


@dataclass(frozen=True, eq=False)
class Replicates:
    """K networks, from one initialisation, at C steps of training."""

    init: str
    loss: np.ndarray
    """(K, C) the mean squared error on N(0, 1)."""
    grid_loss: np.ndarray
    """(K, C) the same on the grid."""
    tiers: np.ndarray
    """(K, C, 5) how many eigenvalues λ are steep, moderate, weak, zero and negative."""
    magnitudes: np.ndarray
    """(K, C, 5) the same of |λ|."""
    hindsight: Stops
    rule: Stops


@dataclass(frozen=True, eq=False)
class Result:
    """The replicates of each initialisation, at the same steps."""

    steps: np.ndarray
    """(C,) ascending, the first 0."""
    of: tuple[Replicates, ...]


def run(config: Config) -> Result:
    """Train, count, and stop."""
    steps = np.arange(0, config.steps + 1, config.every)
    return Result(steps, tuple(_replicates(config, init, steps) for init in config.inits))


def check(result: Result) -> list[Measurement]:
    return [
        measurement
        for one in result.of
        for measurement in (*_dynamics(one, result.steps), *_early_stopping(one, result.steps))
    ]


def counts(tiers: np.ndarray) -> np.ndarray:
    """(…, 4) steep, moderate, weak and zero, as the source counts: the last with the negative."""
    return np.concatenate([tiers[..., :3], tiers[..., 3:].sum(axis=-1, keepdims=True)], axis=-1)


def _dynamics(one: Replicates, steps: np.ndarray) -> list[Measurement]:
    found = []
    at = {step: int(np.searchsorted(steps, step)) for step in CLAIMED_STEPS}
    for domain, loss in (("N(0, 1)", one.loss), ("grid", one.grid_loss)):
        for name, tiers in (("λ", one.tiers), ("|λ|", one.magnitudes)):
            counted = counts(tiers)
            values = {f"loss_at_{step}": loss[:, c] for step, c in at.items()}
            for t, tier in enumerate(TIERS):
                values |= {f"{tier}_at_{step}": counted[:, c, t] for step, c in at.items()}
            values["collapse"] = counted[:, at[50], 0] - counted[:, at[100], 0]
            variant = f"init={one.init}, loss on {domain}, tiers of {name}"
            found += [Measurement(f"A6.{name}", v, variant) for name, v in values.items()]
    return found


def _early_stopping(one: Replicates, steps: np.ndarray) -> list[Measurement]:
    found = []
    for name, stops in (("in hindsight", one.hindsight), ("by a rule", one.rule)):
        values = {
            "settling_ratio": stops.by_count / stops.by_loss,
            "stop": stops.by_count / steps[-1],
            "loss_ratio": stops.count_cost,
        }
        variant = f"init={one.init}, settled {name}"
        found += [Measurement(f"A26.{figure}", v, variant) for figure, v in values.items()]
    return found


def _replicates(config: Config, init: str, steps: np.ndarray) -> Replicates:
    from npnets.landscape.dynamics import dynamics
    from npnets.landscape.early_stopping import stop_on_count, stop_on_loss
    from npnets.landscape.spectrum import tiers_of

    found = dynamics(
        (config.neurons,),
        "linear",
        seeds=range(config.replicates),
        steps=config.steps,
        checkpoints=steps.tolist(),
        init=init,
    )
    magnitudes = tiers_of(np.abs(found.eigenvalues))
    last = np.median(found.loss[:, steps >= 0.9 * steps[-1]], axis=1)
    on_count = stop_on_count(found.steep, found.loss, steps, config.window)
    on_loss = stop_on_loss(found.loss, steps, config.window)
    return Replicates(
        init,
        found.loss,
        found.function_error**2,
        found.tiers,
        np.sum(magnitudes[..., None] == np.arange(found.tiers.shape[-1]), axis=2),
        _hindsight(found.steep, found.loss, last, steps),
        Stops(on_count.step, on_count.loss / last, on_loss.step, on_loss.loss / last),
    )


def _hindsight(steep: np.ndarray, loss: np.ndarray, last: np.ndarray, steps: np.ndarray) -> Stops:
    """Where count and loss settle; at the latest where training ends."""
    from npnets.landscape.early_stopping import settling_step

    high = loss > 2 * last[:, None]
    high[:, -1] = False
    stops = settling_step(steep, steps), settling_step(high, steps)
    costs = [loss[np.arange(len(loss)), np.searchsorted(steps, stop)] / last for stop in stops]
    return Stops(stops[0], costs[0], stops[1], costs[1])
