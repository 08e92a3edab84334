"""How parameters move: along which eigenvectors, and whether straight, at random or not at all."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def movement_by_tier(
    displacement: ArrayLike, eigenvectors: ArrayLike, tier_of: ArrayLike
) -> np.ndarray:
    """The squared distance moved within the eigenvectors of each tier, (5,).

    With q_i the eigenvectors, tier t gets Σ_{i in t} (q_i·Δθ)², so that the tiers add up to |Δθ|².

    Parameters
    ----------
    displacement : (P,) Δθ
    eigenvectors : (P, P) orthonormal columns
    tier_of : (P,) the tier of each, 0 steep … 4 negative

    >>> movement_by_tier([3.0, 4.0], [[1.0, 0.0], [0.0, 1.0]], [0, 3]).tolist()
    [9.0, 0.0, 0.0, 16.0, 0.0]
    """
    along = np.asarray(displacement) @ np.asarray(eigenvectors)
    return np.bincount(np.asarray(tier_of), along**2, minlength=5)


def displacement_and_walk(positions: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """How far each position is from the first, and how far a random walk would have led.

    A walk whose steps δ_s have the lengths of those taken, and directions independent of each
    other, has E|Δ|² = Σ_s |δ_s|². The displacement is about the root of that for a random walk, up
    to √N times as large for a straight path of N steps, and smaller for a path that turns back.

    Parameters
    ----------
    positions : (N + 1, r) points of a path

    >>> displacement_and_walk([[0.0, 0.0], [3.0, 0.0], [3.0, 4.0]])
    (array([0., 3., 5.]), array([0., 3., 5.]))
    >>> displacement_and_walk([[0.0], [1.0], [2.0], [3.0], [4.0]])[1].tolist()[-1]
    2.0
    """
    points = np.asarray(positions, dtype=np.float64)
    squares = np.sum(np.diff(points, axis=0) ** 2, axis=1)
    walk = np.sqrt(np.cumsum(np.concatenate([[0.0], squares])))
    return np.linalg.norm(points - points[0], axis=1), walk
