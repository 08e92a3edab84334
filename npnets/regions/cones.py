"""Has an open cone a point? Decided in whole numbers, with a proof either way.

By Gordan's theorem just one of two things holds of vectors g_1, …, g_m:

    g_i · y > 0 for all i, for some y           a point inside the cone
    Σ λ_i g_i = 0 for some λ >= 0, λ ≠ 0        a proof that there is none

The simplex method with Bland's rule, which can't cycle, finds the one or the other. Its tableau
stays whole by exact division (Edmonds; Bareiss, "Sylvester's identity and multistep
integer-preserving Gaussian elimination", Math. Comp. 22, 1968).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np


class Alternative(NamedTuple):
    """A point inside a cone, or else the multipliers that prove that there is none."""

    point: list[Fraction] | None
    """y, with g_i · y > 0 for all i."""
    multipliers: list[Fraction] | None
    """λ >= 0, not all zero, with Σ λ_i g_i = 0; few are positive."""


def inside(rows: Sequence[Sequence[int]]) -> Alternative:
    """A point y with g · y > 0 for every row g of whole numbers, or the proof that there is none.

    >>> inside([[1, 0], [-1, 2]]).point
    [Fraction(1, 1), Fraction(1, 1)]
    >>> inside([[1, 0], [-2, 0]]).multipliers
    [Fraction(2, 3), Fraction(1, 3)]
    """
    count, size = len(rows), len(rows[0]) + 1
    tableau = _tableau(rows)
    basis = list(range(count, count + size))
    scale = 1
    while True:
        entering = next((j for j in range(count) if tableau[-1, j] < 0), None)
        if entering is None:
            break
        leaving = _leaving(tableau, basis, entering)
        scale = _pivot(tableau, leaving, entering, scale)
        basis[leaving] = entering
    if tableau[-1, -1] != 0:
        duals = [1 - Fraction(value, scale) for value in tableau[-1, count : count + size]]
        return Alternative([-value for value in duals[:-1]], None)
    multipliers = [Fraction(0)] * count
    for row, column in enumerate(basis):
        if column < count:
            multipliers[column] = Fraction(tableau[row, -1], scale)
    return Alternative(None, multipliers)


def multipliers(rows: Sequence[Sequence[int]], target: Sequence[int]) -> list[Fraction] | None:
    """λ with Σ λ_i g_i = target, if the rows g_i are independent and the target is in their span.

    >>> multipliers([[1, 0, 0], [1, 2, 0]], [0, 1, 0])
    [Fraction(-1, 2), Fraction(1, 2)]
    >>> multipliers([[1, 0, 0], [1, 2, 0]], [0, 1, 1]) is None
    True
    """
    count = len(rows)
    equations = [[*column, value] for *column, value in zip(*rows, target, strict=True)]
    scale = 1
    for i in range(count):
        place = next((r for r in range(i, len(equations)) if equations[r][i] != 0), None)
        if place is None:
            return None
        equations[i], equations[place] = equations[place], equations[i]
        pivot, top = equations[i][i], equations[i]
        for r, equation in enumerate(equations):
            if r != i:
                factor = equation[i]
                equations[r] = [
                    (pivot * a - factor * b) // scale for a, b in zip(equation, top, strict=True)
                ]
        scale = pivot
    if any(equation[-1] != 0 for equation in equations[count:]):
        return None
    return [Fraction(equations[i][-1], scale) for i in range(count)]


def _tableau(rows: Sequence[Sequence[int]]) -> np.ndarray:
    """Equations Σ λ_i (g_i, 1) + artificial = (0, 1), and the costs of the artificial ones."""
    count, size = len(rows), len(rows[0]) + 1
    tableau = np.zeros((size + 1, count + size + 1), dtype=object)
    for j, row in enumerate(rows):
        tableau[: size - 1, j] = row
    tableau[size - 1, :count] = 1
    tableau[size - 1, -1] = 1
    tableau[-1] = -tableau[:-1].sum(axis=0)
    for i in range(size):
        tableau[i, count + i] = 1
    return tableau


def _leaving(tableau: np.ndarray, basis: list[int], entering: int) -> int:
    """The row whose variable falls to zero first; of several, that of the lowest number."""
    best = -1
    for i, column in enumerate(basis):
        if tableau[i, entering] > 0:
            if best < 0:
                best = i
                continue
            ours = tableau[i, -1] * tableau[best, entering]
            theirs = tableau[best, -1] * tableau[i, entering]
            if ours < theirs or (ours == theirs and column < basis[best]):
                best = i
    return best


def _pivot(tableau: np.ndarray, row: int, column: int, scale: int) -> int:
    """Make the column a unit vector, times the new scale, which is returned."""
    pivot = tableau[row, column]
    top = tableau[row].copy()
    tableau[:] = (pivot * tableau - np.outer(tableau[:, column], top)) // scale
    tableau[row] = top
    return int(pivot)
