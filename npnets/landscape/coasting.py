"""What Adam does to a parameter whose gradient has become zero: it coasts, and comes to rest.

A dead neuron's gradient is exactly zero. From then on Adam's means only decay, m ← β1·m and
v ← β2·v, so s steps after step T, with m and v those of step T, a parameter moves by

    lr √(1 - β2^(T+s)) / (1 - β1^(T+s)) · β1^s m / (β2^(s/2) √v + ε √(1 - β2^(T+s)))

The bias corrections are at most 1 together if β2 ≥ 1 - (1 - β1)². Leaving out ε too, each step is
at most r = β1/√β2 of the one before, and the geometric series gives, for ever,

    |Δθ| ≤ lr · r/(1 - r) · |m|/√v                                               (one parameter)

By the inequality of Cauchy and Schwarz |m|/√v ≤ (1 - β1)/√((1 - β2)(1 - β1²/β2)) for any gradients
that came before, which bounds the distance by a multiple of lr that depends on nothing else: 65.8
for the usual β. There is no random walk: a walk needs gradients. They may come, rarely, where the
neuron is dead on a test sample only. A lone gradient g after a long silence finds v ≈ 0, so that
m/√v = ±(1 - β1)/√(1 - β2), and moves the parameter by

    lr · (1 - β1)/√(1 - β2) · 1/(1 - r)                                             (one kick)

in all, 31.8 lr, however small g is. Kicks make a walk whose steps have one size.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from npnets.optimizers import Adam, adam_scalars

BETAS = Adam().betas


def coast(
    m: ArrayLike,
    v: ArrayLike,
    t: int,
    steps: int,
    lr: float = 0.01,
    betas: tuple[float, float] = BETAS,
    eps: float = 1e-8,
) -> np.ndarray:
    """The displacement after each of so many steps without gradient, (steps, …), by the formula.

    Parameters
    ----------
    m, v : Adam's means after step t, of any one shape
    t : the last step with a gradient, at least 1
    steps : how many steps follow
    lr, betas, eps : Adam's

    >>> coast(1.0, 1.0, t=1000, steps=100)[[0, 1, -1]].round(4).tolist()
    [-0.0072, -0.0136, -0.0721]
    >>> round(float(coast_bound(1.0, 1.0)), 4)
    0.0905
    """
    first, second = np.asarray(m, float), np.asarray(v, float)
    moves = []
    for s in range(1, steps + 1):
        size, root = adam_scalars(t + s, lr, betas)
        second_root = np.sqrt(betas[1] ** s * second) / root
        moves.append(-size * betas[0] ** s * first / (second_root + eps))
    return np.cumsum(moves, axis=0)


def coast_bound(
    m: ArrayLike, v: ArrayLike, lr: float = 0.01, betas: tuple[float, float] = BETAS
) -> np.ndarray:
    """What |Δθ| stays below for ever after, lr · r/(1 - r) · |m|/√v, for m, v of any one shape.

    Raises
    ------
    ValueError
        If β2 < 1 - (1 - β1)², where the bound would not hold.
    """
    ratio = _decay(betas)
    return lr * ratio / (1 - ratio) * np.abs(m) / np.sqrt(v)


def furthest_coast(lr: float = 0.01, betas: tuple[float, float] = BETAS) -> float:
    """What |Δθ| stays below for ever after, whatever the gradients were before.

    >>> round(furthest_coast(lr=1.0), 1)
    65.8
    """
    beta1, beta2 = betas
    most = (1 - beta1) / math.sqrt((1 - beta2) * (1 - beta1**2 / beta2))
    return float(coast_bound(most, 1.0, lr, betas))


def kick(lr: float = 0.01, betas: tuple[float, float] = BETAS) -> float:
    """How far one gradient after a long silence moves a parameter in all, whatever its size.

    >>> round(kick(lr=1.0), 1)
    31.8
    """
    beta1, beta2 = betas
    return lr * (1 - beta1) / math.sqrt(1 - beta2) / (1 - _decay(betas))


def _decay(betas: tuple[float, float]) -> float:
    beta1, beta2 = betas
    if not 0 <= beta1 < 1 or not 1 - (1 - beta1) ** 2 <= beta2 < 1:
        raise ValueError(
            f"betas must have 0 <= beta1 < 1 and 1 - (1 - beta1)^2 <= beta2 < 1, got {betas}"
        )
    return beta1 / math.sqrt(beta2)
