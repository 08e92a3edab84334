"""Optimizers: each keeps its state and maps (θ, ∂L/∂θ) to the next θ, in the dtype of θ.

Their formulas are PyTorch's, so that a trajectory agrees with torch.optim to rounding.
"""

from __future__ import annotations

import math
from numbers import Real
from typing import Protocol

import numpy as np

from npnets.choices import check_choice

OPTIMIZERS = ("adam", "sgd", "momentum")


class Optimizer(Protocol):
    """Anything that takes one step downhill."""

    def step(self, parameters: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """The parameters after one step, a new array."""


class SGD:
    """Gradient descent: θ ← θ - lr·g.

    >>> SGD(lr=0.5).step(np.array([1.0]), np.array([2.0])).tolist()
    [0.0]
    """

    def __init__(self, lr: float = 0.01) -> None:
        self.lr = check_lr(lr)

    def step(self, parameters: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        return parameters - self.lr * gradient


class Momentum:
    """Gradient descent with momentum: u ← μ·u + g, θ ← θ - lr·u, from u = 0.

    >>> momentum = Momentum(lr=0.5)
    >>> theta = momentum.step(np.array([1.0]), np.array([2.0]))
    >>> momentum.step(theta, np.array([0.0])).tolist()
    [-0.9]
    """

    def __init__(self, lr: float = 0.01, mu: float = 0.9) -> None:
        self.lr, self.mu = check_lr(lr), _check_decay("mu", mu)
        self.u: np.ndarray | float = 0.0

    def step(self, parameters: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        self.u = self.mu * self.u + gradient
        return parameters - self.lr * self.u


class Adam:
    """Adam (Kingma and Ba, 2015): with m and v the running means of g and g²,

        m ← m + (1 - β1)(g - m)        v ← β2·v + (1 - β2)·g²
        θ ← θ - lr/(1 - β1^t) · m / (√v/√(1 - β2^t) + ε)

    >>> Adam(lr=0.5, eps=0.0).step(np.array([1.0, 1.0]), np.array([4.0, -0.25])).tolist()
    [0.5, 1.5]
    """

    def __init__(
        self, lr: float = 0.01, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8
    ) -> None:
        self.lr = check_lr(lr)
        self.betas = _check_decay("betas[0]", betas[0]), _check_decay("betas[1]", betas[1])
        self.eps = float(eps)
        self.t = 0
        self.m: np.ndarray | float = 0.0
        self.v: np.ndarray | float = 0.0

    def step(self, parameters: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        beta1, beta2 = self.betas
        self.t += 1
        self.m = self.m + (1 - beta1) * (gradient - self.m)
        self.v = beta2 * self.v + (1 - beta2) * gradient**2
        step_size, root_correction = adam_scalars(self.t, self.lr, self.betas)
        return parameters - step_size * self.m / (np.sqrt(self.v) / root_correction + self.eps)


def adam_scalars(
    t: int, lr: float = 0.01, betas: tuple[float, float] = (0.9, 0.999)
) -> tuple[float, float]:
    """Adam's step size lr/(1 - β1^t) and root correction √(1 - β2^t) at step t = 1, 2, …

    >>> adam_scalars(1, lr=0.5, betas=(0.5, 0.75))
    (1.0, 0.5)
    """
    return lr / (1 - betas[0] ** t), math.sqrt(1 - betas[1] ** t)


def make_optimizer(name: str, lr: float = 0.01) -> Optimizer:
    """The optimizer of that name, with fresh state and the usual constants.

    Raises
    ------
    ValueError
        If name is not one of OPTIMIZERS, or lr is not positive and finite.

    >>> make_optimizer("sgd", lr=0.1).step(np.array([1.0]), np.array([0.0])).tolist()
    [1.0]
    """
    check_choice("optimizer", name, OPTIMIZERS)
    return {"adam": Adam, "sgd": SGD, "momentum": Momentum}[name](lr)


def check_lr(lr: float) -> float:
    """The learning rate as a float, which keeps a NumPy scalar from promoting float32 arrays.

    >>> check_lr(float("nan"))
    Traceback (most recent call last):
    ValueError: lr must be a positive finite number, got nan
    """
    if not isinstance(lr, Real) or not math.isfinite(lr) or lr <= 0:
        raise ValueError(f"lr must be a positive finite number, got {lr!r}")
    return float(lr)


def _check_decay(name: str, decay: float) -> float:
    if not isinstance(decay, Real) or not 0 <= decay < 1:
        raise ValueError(f"{name} must lie in [0, 1), got {decay!r}")
    return float(decay)
