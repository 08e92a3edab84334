"""Interval arithmetic: pairs (low, high) of floats between which an exact number lies.

Each bound is moved outwards by more than its rounding. Zero times anything is exactly zero; any
other product that comes near to underflow becomes a small interval around zero. Linear equations
are solved by Gaussian elimination: (equations, unknowns + 1) lows and highs, the last column the
right-hand side.
"""

from __future__ import annotations

import math

from npnets_kernels.inner import inner

UNIT = 2.0**-52
TINY = 1e-290


@inner
def outwards(low, high):
    """The interval, wider by the rounding of one operation."""
    return low - abs(low) * UNIT, high + abs(high) * UNIT


@inner
def subtract(a, b):
    """a - b."""
    if b[0] == 0.0 and b[1] == 0.0:
        return a
    return outwards(a[0] - b[1], a[1] - b[0])


@inner
def multiply(a, b):
    """a b."""
    if not (a[0] <= a[1] and b[0] <= b[1]):  # NaN: nothing is known
        return -math.inf, math.inf
    if (a[0] == 0.0 and a[1] == 0.0) or (b[0] == 0.0 and b[1] == 0.0):
        return 0.0, 0.0
    p, q, r, s = a[0] * b[0], a[0] * b[1], a[1] * b[0], a[1] * b[1]
    low, high = outwards(min(min(p, q), min(r, s)), max(max(p, q), max(r, s)))
    if not (low > -math.inf and high < math.inf):
        return -math.inf, math.inf
    return (-TINY if abs(low) < TINY else low), (TINY if abs(high) < TINY else high)


@inner
def inverse(a):
    """1 / a, of an interval without zero."""
    if not (mignitude(a) > TINY and magnitude(a) < 1.0 / TINY):
        return -math.inf, math.inf
    return outwards(1.0 / a[1], 1.0 / a[0])


@inner
def mignitude(a):
    """The least size of a number in the interval."""
    return max(a[0], -a[1], 0.0)


@inner
def magnitude(a):
    """The largest size of a number in the interval."""
    return max(-a[0], a[1])


@inner
def pivot(low, high, step):
    """Bring the row whose entry in this column is farthest from zero to the top; is there one?"""
    best, most = -1, 0.0
    for r in range(step, len(low)):
        size = mignitude((low[r, step], high[r, step]))
        if size > most:
            best, most = r, size
    if best < 0:
        return False
    for j in range(step, low.shape[1]):
        low[step, j], low[best, j] = low[best, j], low[step, j]
        high[step, j], high[best, j] = high[best, j], high[step, j]
    return True


@inner
def eliminate(low, high, count):
    """Make the first columns triangular, the right-hand side along; whether that can be done."""
    for step in range(count):
        if not pivot(low, high, step):
            return False
        reciprocal = inverse((low[step, step], high[step, step]))
        for r in range(step + 1, len(low)):
            factor = multiply((low[r, step], high[r, step]), reciprocal)
            if factor[0] != 0.0 or factor[1] != 0.0:
                for j in range(step + 1, count + 1):
                    change = multiply(factor, (low[step, j], high[step, j]))
                    low[r, j], high[r, j] = subtract((low[r, j], high[r, j]), change)
    return True


@inner
def solution_is_positive(low, high, count):
    """Whether the triangular equations have a solution, and no factor of it is negative."""
    for r in range(count, len(low)):
        if low[r, count] != 0.0 or high[r, count] != 0.0:
            return False
    for i in range(count - 1, -1, -1):
        value = low[i, count], high[i, count]
        for j in range(i + 1, count):
            known = low[j, count], high[j, count]
            value = subtract(value, multiply((low[i, j], high[i, j]), known))
        value = multiply(value, inverse((low[i, i], high[i, i])))
        if not value[0] >= 0.0:
            return False
        low[i, count], high[i, count] = value
    return True
