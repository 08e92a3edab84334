"""Singular values and vectors, the small ones as accurate relatively as the large; float64.

For a matrix whose columns differ by orders of magnitude, in two steps (Drmac and Veselic, "New
fast and accurate Jacobi SVD algorithm", SIAM J. Matrix Anal. Appl. 29, 2008):

    A = Q R         reflections; the column with the longest rest comes next
    R' J = U S      rotations of two columns at a time until all are orthogonal (one-sided Jacobi)

so that A = (Q J) S U'. The rows of R fall in length, and the columns of R', once scaled to length
one, are far better conditioned than A: few sweeps suffice, and the smallest values keep their
digits. Errors are relative to each column of A, or of R', and never to the longest.

Without left vectors, Q is not kept: the rows of A are reflected into a triangle as they come.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from npnets_kernels.compiled import kernel
from npnets_kernels.qr import (
    LANES,
    SMALLEST,
    absorb,
    column,
    dot,
    pivoted_qr,
    reflect_back,
    subtract,
    vectors,
)
from npnets_kernels.simd import load, partial_sums, pointer, store, sum_lanes

# How a decomposition may end: well, or with numbers too large to square, or after too many sweeps.
DONE, TOO_LARGE, TOO_SLOW = range(3)
# Half a dozen are usual.
MOST_SWEEPS = 50
EPSILON = float(np.finfo(np.float64).eps)


@njit
def rotate(u, v, c, s, height):
    """(c u - s v, s u + c v) in place of (u, v), and the squares of their lengths."""
    x, y = load(u, 0), load(v, 0)
    x, y = x * c - y * s, x * s + y * c
    store(u, 0, x)
    store(v, 0, y)
    of_u, of_v = partial_sums(x, x), partial_sums(y, y)
    for i in range(1, height):
        x, y = load(u, i), load(v, i)
        x, y = x * c - y * s, x * s + y * c
        store(u, i, x)
        store(v, i, y)
        of_u, of_v = of_u + partial_sums(x, x), of_v + partial_sums(y, y)
    return sum_lanes(of_u), sum_lanes(of_v)


@njit
def angle(of_u, of_v, inner):
    """(c, s) of the smaller rotation that makes u and v, of these products, orthogonal."""
    zeta = (of_v - of_u) / (2.0 * inner)
    size = abs(zeta)
    root = size if size > 1e8 else math.sqrt(1.0 + zeta * zeta)  # the square may overflow
    t = math.copysign(1.0 / (size + root), zeta)
    c = 1.0 / math.sqrt(1.0 + t * t)
    return c, c * t


@njit
def jacobi(x, rank, squares, left):
    """Rotate the first columns until they are orthogonal, the left ones along; say whether it ends.

    ``squares`` become those of the columns' lengths.
    """
    height = x.shape[1] // LANES
    left_height = vectors(len(left))
    tolerance = math.sqrt(x.shape[1]) * EPSILON
    for j in range(rank):
        squares[j] = dot(column(x, j), column(x, j), 0, height)
    for _ in range(MOST_SWEEPS):
        done = True
        for p in range(rank - 1):
            u = column(x, p)
            for q in range(p + 1, rank):
                v = column(x, q)
                inner = dot(u, v, 0, height)
                if abs(inner) > tolerance * math.sqrt(squares[p]) * math.sqrt(squares[q]):
                    done = False
                    c, s = angle(squares[p], squares[q], inner)
                    squares[p], squares[q] = rotate(u, v, c, s, height)
                    if left_height > 0:
                        rotate(column(left, p), column(left, q), c, s, left_height)
        if done:
            return True
    return False


@njit
def sort(x, rank, squares, left):
    """Order the first columns, the left ones along, from the longest to the shortest."""
    for j in range(rank - 1):
        longest = j + squares[j:rank].argmax()
        if longest > j:
            squares[j], squares[longest] = squares[longest], squares[j]
            swap(column(x, j), column(x, longest), x.shape[1] // LANES)
            if len(left) > 0:
                swap(column(left, j), column(left, longest), vectors(len(left)))


@njit
def swap(u, v, height):
    """(v, u) in place of (u, v)."""
    for i in range(height):
        x = load(u, i)
        store(u, i, load(v, i))
        store(v, i, x)


@njit
def complete(x, rank, size):
    """Fill the columns from ``rank`` on with unit vectors made orthogonal to all before them.

    Each time it is the unit vector that lies least inside their span, so that orthogonalising
    twice is enough, and an entry that is zero in every column gets a unit vector of its own.
    """
    height = x.shape[1] // LANES
    inside = np.zeros(size)
    for j in range(rank):
        for i in range(size):
            inside[i] += x[j, i] ** 2
    for j in range(rank, len(x)):
        nearest = inside.argmin()
        x[j] = 0.0
        x[j, nearest] = 1.0
        if inside[nearest] > 0.0:
            orthogonalise(x, j, height)
            orthogonalise(x, j, height)
        for i in range(size):
            inside[i] += x[j, i] ** 2


@njit
def orthogonalise(x, j, height):
    """Take from column j what lies along the columns before it, and give it length one."""
    new = column(x, j)
    for i in range(j):
        subtract(new, column(x, i), dot(new, column(x, i), 0, height), 0, height)
    divide(new, math.sqrt(dot(new, new, 0, height)), height)


@njit
def divide(x, divisor, height):
    """x / divisor in place of x."""
    for i in range(height):
        store(x, i, load(x, i) / divisor)


@njit
def decompose(a, count, left):
    """The ``count`` largest singular values of a, and their vectors.

    Parameters
    ----------
    a : float64 (P, M)
        The matrix's columns; overwritten.
    left : float64 (count, M) or (0, M)
        The identity, which becomes the left vectors, if they are wanted.

    Returns
    -------
    status : int
        ``DONE``, ``TOO_LARGE`` or ``TOO_SLOW``.
    values : float64 (count,)
        Descending.
    right : float64 (count, P or more)
        The right vectors, and zeros.
    """
    x = np.zeros((count, vectors(len(a)) * LANES))
    pivots, taus = np.empty(count, np.int64), np.empty(count)
    squares = np.zeros(count)
    values = squares
    n_reflections = pivoted_qr(a, x, pivots, taus)
    if n_reflections < 0:
        return TOO_LARGE, values, x
    if not jacobi(x, n_reflections, squares, left):
        return TOO_SLOW, values, x
    sort(x, n_reflections, squares, left)
    rank = (squares >= SMALLEST).sum()
    squares[rank:] = 0.0
    values = np.sqrt(squares)
    for j in range(rank):
        divide(column(x, j), values[j], x.shape[1] // LANES)
    complete(x, rank, len(a))
    reflect_back(left, a, pivots[:n_reflections], taus)
    return DONE, values, x


@kernel
def svd(columns, n_rows, with_left):
    """The singular value decomposition of one matrix.

    Parameters
    ----------
    columns : float64 (P, M)
        The matrix's columns, M a multiple of the lanes, zero from ``n_rows`` on; overwritten.
        Columns shorter than 1e-120 count as zero.
    n_rows : int
        The matrix has ``n_rows`` times P numbers, and r = min(n_rows, P) singular values.
    with_left : bool
        Whether to compute the left vectors, too.

    Returns
    -------
    status : int
        ``DONE``, ``TOO_LARGE`` (not finite, or beyond 1e150) or ``TOO_SLOW``.
    values : float64 (r,)
        Descending.
    right, left : float64 (r, P or more), (r, M) or (0, M)
        A singular vector in each row, and zeros behind it.
    """
    size, length = columns.shape
    count = min(n_rows, size)
    left = np.zeros((count if with_left else 0, length))
    a = columns
    if with_left:
        for j in range(count):
            left[j, j] = 1.0
    else:
        a = np.zeros((size, vectors(size) * LANES))
        chunk = np.empty(size * LANES)
        for i in range(length // LANES):
            for p in range(size):
                store(pointer(chunk), p, load(column(columns, p), i))
            absorb(a, pointer(chunk))
    status, values, right = decompose(a, count, left)
    return status, values, right, left
