"""Target functions: what the networks learn, by name or as an expression of x."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from npnets.choices import check_choice
from npnets.expressions import parse_expression
from npnets.samples import held_out, uniform_grid

Function = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Target:
    """A function to learn: x (n, d_in) → y (n, 1), in the dtype of x.

    Parameters
    ----------
    name : str
        One of TARGETS, or the canonical text of an expression.
    d_in : int
        The number of inputs.
    function : callable
    """

    name: str
    d_in: int
    function: Function

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return self.function(x)


def _linear(x: np.ndarray) -> np.ndarray:
    return 2 * x + 1


def _cubic(x: np.ndarray) -> np.ndarray:
    return x * x * x


def _step(x: np.ndarray) -> np.ndarray:
    return (x > 0).astype(x.dtype)


def _quadratic_2d(x: np.ndarray) -> np.ndarray:
    return (x[:, :1] ** 2 + x[:, 1:] ** 2) / 2


def _interaction_2d(x: np.ndarray) -> np.ndarray:
    return x[:, :1] * x[:, 1:]


def _mean_square(x: np.ndarray) -> np.ndarray:
    return np.mean(x**2, axis=1, keepdims=True)


#: name → (the number of inputs it needs, None for any; the function)
TARGETS: dict[str, tuple[int | None, Function]] = {
    "linear": (1, _linear),
    "absolute": (1, np.abs),
    "quadratic": (1, np.square),
    "cubic": (1, _cubic),
    "sine": (1, np.sin),
    "step": (1, _step),
    "quadratic-2d": (2, _quadratic_2d),
    "interaction-2d": (2, _interaction_2d),
    "mean-square": (None, _mean_square),
}


def get_target(target: Target | str, d_in: int = 1) -> Target:
    """The target of a name or an expression, for d_in inputs.

    Raises
    ------
    ValueError
        If d_in is not a positive integer, the name is unknown or needs another d_in, or the
        expression is not arithmetic.

    >>> get_target("linear")(np.array([[3.0]]))
    array([[7.]])
    >>> get_target("x1*x2", d_in=2).name
    'x1 * x2'
    """
    if isinstance(d_in, bool) or not isinstance(d_in, (int, np.integer)) or d_in < 1:
        raise ValueError(f"d_in must be a positive integer, got {d_in!r}")
    if not isinstance(target, (Target, str)):
        raise ValueError(f"target must be a Target, a name or an expression, got {target!r}")
    if isinstance(target, Target):
        _check_dimension(target.name, target.d_in, d_in)
        return target
    if target in TARGETS:
        needed, function = TARGETS[target]
        _check_dimension(target, needed, d_in)
        return Target(target, d_in, function)
    try:
        expression = parse_expression(target, d_in)
    except ValueError:
        if re.fullmatch(r"[A-Za-wyz_][\w-]*", target):
            check_choice("target, unless an expression of x,", target, TARGETS)
        raise
    return Target(expression.text, d_in, expression)


def check_learnable(target: Target, dtype: str = "float64") -> None:
    """Refuse a target that is not finite, or is constant, where losses are measured.

    A loss is compared with the target's variance, which a constant does not have.

    Raises
    ------
    ValueError
        Naming a point where the target is infinite or NaN, or its only value.

    >>> check_learnable(get_target("log(x)"))
    Traceback (most recent call last):
        ...
    ValueError: target must be finite on N(0, I) and on [-5, 5]^d, 'log(x)' is nan at x = (-5)
    """
    for x in (uniform_grid(target.d_in).astype(dtype), held_out(target.d_in).astype(dtype)):
        y = target(x)[:, 0]
        bad = np.flatnonzero(~np.isfinite(y))
        if bad.size:
            point = ", ".join(f"{value:.4g}" for value in x[bad[0]])
            raise ValueError(
                "target must be finite on N(0, I) and on [-5, 5]^d, "
                f"{target.name!r} is {y[bad[0]]:g} at x = ({point})"
            )
        with np.errstate(over="ignore"):
            variance = y.astype(np.float64).var()
        if not np.isfinite(variance):
            raise ValueError(f"target must have a finite variance, {target.name!r} has {variance}")
        if np.ptp(y) == 0:
            raise ValueError(f"target must not be constant, {target.name!r} is always {y[0]:g}")


def _check_dimension(name: str, needed: int | None, d_in: int) -> None:
    if needed not in (None, d_in):
        raise ValueError(f"target {name!r} needs {needed} input dimension(s), got d_in={d_in}")
