"""Householder QR with column pivoting, and rows reflected into a triangle as they come; float64.

A matrix is an array of its columns, (P, M): row k holds column k, M is a multiple of the lanes of a
batch vector, and what pads a column is zero. A reflection I - tau v v' perturbs each column by a
few units in the last place of that column's own length (Higham, "Accuracy and Stability of
Numerical Algorithms", 2nd ed., section 19.3), however long the others are.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from npnets_kernels.simd import lanes, load, offset, partial_sums, pointer, store, sum_lanes

# Numbers in a batch vector.
LANES = lanes("float64")
# A column counts as zero whose length has a smaller square.
SMALLEST = 1e-240


@njit
def column(a, k):
    """The address of column k."""
    return offset(pointer(a), k * a.shape[1])


@njit
def vectors(n):
    """How many batch vectors hold n numbers."""
    return (n + LANES - 1) // LANES


@njit
def dot(u, v, first, stop):
    """u'v over the vectors from ``first`` to ``stop``."""
    total = partial_sums(load(u, first), load(v, first))
    for i in range(first + 1, stop):
        total = total + partial_sums(load(u, i), load(v, i))
    return sum_lanes(total)


@njit
def subtract(x, v, w, first, stop):
    """x - v w in place of x, and its squared length, over the vectors ``first`` to ``stop``."""
    rest = load(x, first) - load(v, first) * w
    store(x, first, rest)
    total = partial_sums(rest, rest)
    for i in range(first + 1, stop):
        rest = load(x, i) - load(v, i) * w
        store(x, i, rest)
        total = total + partial_sums(rest, rest)
    return sum_lanes(total)


@njit
def reflection(head, square):
    """(beta, tau, scale) of the reflection that takes x to beta e_1.

    x begins with ``head`` and has the squared length ``square``; v begins with 1, and goes on as
    x * scale does.
    """
    beta = -math.copysign(math.sqrt(square), head)
    return beta, (beta - head) / beta, 1.0 / (head - beta)


@njit
def absorb(triangle, chunk):
    """Reflect rows, a batch vector of them for each column, into the upper triangle above them."""
    for j in range(len(triangle)):
        x = load(chunk, j)
        head = triangle[j, j]
        below = sum_lanes(partial_sums(x, x))
        if below == 0.0 or head * head + below < SMALLEST:
            continue
        beta, tau, scale = reflection(head, head * head + below)
        triangle[j, j] = beta
        v = x * scale
        for k in range(j + 1, len(triangle)):
            x = load(chunk, k)
            w = tau * (triangle[k, j] + sum_lanes(partial_sums(v, x)))
            triangle[k, j] -= w
            store(chunk, k, x - v * w)


@njit
def pivoted_qr(a, r, pivots, taus):
    """Write as many rows of R as ``r`` has, and say how many of them are not zero.

    The column with the longest rest comes next, but R's columns stay in the order of a's. Column
    pivots[j] of a becomes reflection j's v, but for the 1 in row j. -1 where a number is not
    finite or too large to square.
    """
    height = a.shape[1] // LANES
    squares = np.empty(len(a))
    for k in range(len(a)):
        squares[k] = dot(column(a, k), column(a, k), 0, height)
        if not squares[k] < np.inf:
            return -1
    for j in range(len(r)):
        pivot = squares.argmax()
        if squares[pivot] < SMALLEST:
            return j
        v, first = column(a, pivot), j // LANES
        beta, tau, scale = reflection(v[j], squares[pivot])
        v[j] = 0.0
        for i in range(first, height):
            store(v, i, load(v, i) * scale)
        pivots[j], taus[j], squares[pivot] = pivot, tau, 0.0
        r[j, pivot] = beta
        for k in range(len(a)):
            if squares[k] > 0.0:
                x = column(a, k)
                w = tau * (x[j] + dot(v, x, first, height))
                r[j, k] = x[j] - w
                x[j] = 0.0
                squares[k] = subtract(x, v, w, first, height)
    return len(r)


@njit
def reflect_back(columns, a, pivots, taus):
    """Q times the columns, the last reflection first."""
    height = a.shape[1] // LANES
    for k in range(len(columns)):
        x = column(columns, k)
        for j in range(len(pivots) - 1, -1, -1):
            v, first = column(a, pivots[j]), j // LANES
            w = taus[j] * (x[j] + dot(v, x, first, height))
            x[j] -= w
            subtract(x, v, w, first, height)
