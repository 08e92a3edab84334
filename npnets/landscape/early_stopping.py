"""Stop training early: when the count of steep eigenvalues rests, or when the loss no longer falls.

Both rules look at checkpoints only, know nothing of what comes later, and go on to the last
checkpoint if nothing stops them. They are scored by when they stop and by what that costs: the loss
at the stop over the loss at the end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from npnets.protocol import check_count
from npnets.records import to_json


@dataclass(frozen=True, eq=False)
class Stops:
    """Where one rule stops each of K runs."""

    rule: str
    step: np.ndarray
    """(K,) the step of the checkpoint at which it stops."""
    loss: np.ndarray
    """(K,) the loss there."""
    relative_loss: np.ndarray
    """(K,) that loss over the loss at the last checkpoint."""

    def to_json(self) -> str:
        """The fields as one JSON document."""
        return to_json(
            {
                "rule": self.rule,
                "step": self.step.tolist(),
                "loss": self.loss.tolist(),
                "relative_loss": self.relative_loss.tolist(),
            }
        )


def settling_step(counts: ArrayLike, steps: ArrayLike) -> np.ndarray:
    """The first checkpoint's step from which a count stays what it is at the end.

    Parameters
    ----------
    counts : (…, C) a count at each checkpoint
    steps : (C,) the checkpoints' steps, ascending

    Raises
    ------
    ValueError
        If there is no checkpoint, or not one step for each.

    >>> settling_step([[27, 4, 5, 4, 4], [4, 4, 4, 4, 4]], [0, 50, 100, 200, 500]).tolist()
    [200, 0]
    """
    values, at = _checked(counts, steps, "counts")
    differs = values != values[..., -1:]
    last_other = values.shape[-1] - 1 - np.argmax(differs[..., ::-1], axis=-1)
    return at[np.where(differs.any(axis=-1), last_other + 1, 0)]


def stop_on_count(counts: ArrayLike, losses: ArrayLike, steps: ArrayLike, window: int = 3) -> Stops:
    """Stop at the first checkpoint whose count is that of the ``window`` checkpoints before it.

    Parameters
    ----------
    counts : (K, C) the count, for instance of steep eigenvalues, at each checkpoint
    losses : (K, C) the loss there
    steps : (C,) the checkpoints' steps, ascending
    window : how many checkpoints before it must agree, at least 1

    Raises
    ------
    ValueError
        If an argument breaks its rule.

    >>> stop_on_count([[27, 9, 4, 4, 4]], [[8.0, 4.0, 2.0, 2.0, 1.0]], range(5), window=1)
    Stops(rule='count', step=array([3]), loss=array([2.]), relative_loss=array([2.]))
    """
    values, at = _checked(counts, steps, "counts")
    check_count("window", window, 1)
    agrees = np.zeros(values.shape, dtype=bool)
    for k in range(window, values.shape[1]):
        agrees[:, k] = (values[:, k - window : k] == values[:, k : k + 1]).all(axis=1)
    return _stops("count", agrees, losses, at)


def stop_on_loss(losses: ArrayLike, steps: ArrayLike, patience: int = 3) -> Stops:
    """Stop at the first checkpoint that is the ``patience``-th in a row above the lowest loss yet.

    Parameters are as for `stop_on_count`.

    >>> stop_on_loss([[8.0, 2.0, 3.0, 4.0, 1.0]], range(5), patience=2)
    Stops(rule='loss', step=array([3]), loss=array([4.]), relative_loss=array([4.]))
    """
    values, at = _checked(losses, steps, "losses")
    check_count("patience", patience, 1)
    lowest = np.minimum.accumulate(values, axis=1)
    improves = np.diff(lowest, axis=1, prepend=np.inf) < 0
    checkpoint = np.arange(values.shape[1])
    last_gain = np.maximum.accumulate(np.where(improves, checkpoint, 0), axis=1)
    return _stops("loss", checkpoint - last_gain >= patience, values, at)


def _stops(rule: str, stop: np.ndarray, losses: ArrayLike, steps: np.ndarray) -> Stops:
    values, _ = _checked(losses, steps, "losses")
    if values.shape != stop.shape:
        raise ValueError(f"losses must have the shape {stop.shape} of counts, got {values.shape}")
    first = np.where(stop.any(axis=1), stop.argmax(axis=1), stop.shape[1] - 1)
    loss = values[np.arange(len(values)), first]
    with np.errstate(divide="ignore", invalid="ignore"):
        return Stops(rule, steps[first], loss, loss / values[:, -1])


def _checked(values: ArrayLike, steps: ArrayLike, name: str) -> tuple[np.ndarray, np.ndarray]:
    array, at = np.asarray(values), np.asarray(steps)
    if at.ndim != 1 or len(at) == 0 or (np.diff(at) <= 0).any():
        raise ValueError(f"steps must ascend, at least one of them, got {at.tolist()}")
    if array.ndim == 0 or array.shape[-1] != len(at):
        raise ValueError(f"{name} must have one entry per step: {len(at)}, got shape {array.shape}")
    return array, at
