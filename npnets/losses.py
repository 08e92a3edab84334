"""Loss functions of the network's output o, (n, d_out), and the targets y, with their gradients.

    mse                     Σ (o - y)² / (n d_out)
    binary_cross_entropy    -Σ [y log σ(o) + (1 - y) log(1 - σ(o))] / (n d_out)
    softmax_cross_entropy   -Σ y log softmax(o) / n

The cross-entropies take logits, and stay finite for logits of any finite size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from npnets.activations import sigmoid
from npnets.choices import check_choice
from npnets.network import real_array

LOSSES = ("mse", "binary_cross_entropy", "softmax_cross_entropy")


@dataclass(frozen=True)
class Loss:
    """A loss L(o, y) and its derivatives, for targets that `targets_like` has prepared."""

    name: str
    value: Callable[[np.ndarray, np.ndarray], float]
    delta: Callable[[np.ndarray, np.ndarray], np.ndarray]
    """∂L/∂o, (n, d_out)."""
    curvature: Callable[[np.ndarray, np.ndarray], np.ndarray]
    """∂²L/∂o² of each sample, (n, d_out, d_out)."""


def get_loss(kind: str) -> Loss:
    """The loss of that name.

    >>> get_loss("mse").value(np.array([[1.0], [3.0]]), np.array([[1.0], [1.0]]))
    2.0
    """
    return _BY_NAME[check_choice("kind", kind, LOSSES)]


def targets_like(output: np.ndarray, y: ArrayLike, kind: str) -> np.ndarray:
    """The targets y in the shape (n, d_out) and dtype of the network's output.

    A y of shape (n,) is a column when d_out is 1, and integer class labels, 0 … d_out - 1, for
    softmax_cross_entropy. For the cross-entropies y holds probabilities.

    Raises
    ------
    ValueError
        If y does not fit the output, is no probability where it must be, or there is no sample.

    >>> targets_like(np.zeros((2, 3)), [0, 2], "softmax_cross_entropy").tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    array = real_array("y", y)
    n, d_out = output.shape
    if n == 0:
        raise ValueError("x and y must hold at least one sample, got none")
    if array.ndim == 0 or len(array) != n:
        raise ValueError(f"y must have one row per sample: {n}, got shape {array.shape}")
    if array.ndim == 1 and kind == "softmax_cross_entropy":
        array = _one_hot(array, d_out)
    elif array.ndim == 1 and d_out == 1:
        array = array[:, None]
    if array.shape != output.shape:
        raise ValueError(f"y must have shape {output.shape}, got {array.shape}")
    if kind != "mse":
        _check_probabilities(array, kind)
    return array.astype(output.dtype, copy=False)


def _one_hot(labels: np.ndarray, classes: int) -> np.ndarray:
    if labels.dtype.kind not in "iu":
        raise ValueError(f"y must hold integer labels or (n, {classes}), got dtype {labels.dtype}")
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(
            f"y must hold labels from 0 to {classes - 1}, got {labels.min()} to {labels.max()}"
        )
    return np.eye(classes)[labels]


def _check_probabilities(y: np.ndarray, kind: str) -> None:
    if not (y.min() >= 0 and y.max() <= 1):
        raise ValueError(f"y must lie in [0, 1] for {kind}, got {y.min()} to {y.max()}")
    if kind == "softmax_cross_entropy":
        total = y.sum(axis=1)
        worst = total[np.argmax(np.abs(total - 1))]
        if abs(worst - 1) > 1e-3:
            raise ValueError(f"each row of y must sum to 1 for {kind}, got {worst}")


def _mse(o: np.ndarray, y: np.ndarray) -> float:
    return float(np.mean((o - y) ** 2))


def _mse_delta(o: np.ndarray, y: np.ndarray) -> np.ndarray:
    return 2 * (o - y) / o.size


def _mse_curvature(o: np.ndarray, y: np.ndarray) -> np.ndarray:
    n, d_out = o.shape
    return np.broadcast_to(2 * np.eye(d_out, dtype=o.dtype) / o.size, (n, d_out, d_out))


# -log σ(o) = log(1 + e^-o) and -log(1 - σ(o)) = o + log(1 + e^-o), so a sample costs
# max(o, 0) - y·o + log(1 + e^-|o|).


def _binary_cross_entropy(o: np.ndarray, y: np.ndarray) -> float:
    return float(np.mean(np.maximum(o, 0) - y * o + np.log1p(np.exp(-np.abs(o)))))


def _binary_cross_entropy_delta(o: np.ndarray, y: np.ndarray) -> np.ndarray:
    return (sigmoid(o) - y) / o.size


def _binary_cross_entropy_curvature(o: np.ndarray, y: np.ndarray) -> np.ndarray:
    variance = sigmoid(o) * sigmoid(-o) / o.size
    return variance[:, :, None] * np.eye(o.shape[1], dtype=o.dtype)


def log_softmax(o: np.ndarray) -> np.ndarray:
    """log softmax(o) = o - log Σ e^o along each row, after subtracting the row's maximum."""
    shifted = o - o.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def _softmax_cross_entropy(o: np.ndarray, y: np.ndarray) -> float:
    return float(-(y * log_softmax(o)).sum() / len(o))


def _softmax_cross_entropy_delta(o: np.ndarray, y: np.ndarray) -> np.ndarray:
    return (np.exp(log_softmax(o)) - y) / len(o)


def _softmax_cross_entropy_curvature(o: np.ndarray, y: np.ndarray) -> np.ndarray:
    p = np.exp(log_softmax(o))
    others = p[:, :, None] * p[:, None, :] * (1 - np.eye(o.shape[1], dtype=o.dtype))
    diagonal = others.sum(axis=2)  # p (1 - p), which cancels where p is nearly 1
    return (diagonal[:, :, None] * np.eye(o.shape[1], dtype=o.dtype) - others) / len(o)


_BY_NAME = {
    loss.name: loss
    for loss in (
        Loss("mse", _mse, _mse_delta, _mse_curvature),
        Loss(
            "binary_cross_entropy",
            _binary_cross_entropy,
            _binary_cross_entropy_delta,
            _binary_cross_entropy_curvature,
        ),
        Loss(
            "softmax_cross_entropy",
            _softmax_cross_entropy,
            _softmax_cross_entropy_delta,
            _softmax_cross_entropy_curvature,
        ),
    )
}
