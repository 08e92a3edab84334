"""exp, expm1 and erf on vectors, from polynomials: LLVM would call libm once for each lane.

All are accurate to a few units in the last place of either dtype and pass NaN through; below
-87 exp stays at exp(-87), 1.6e-38, which whatever is added to it rounds away.
"""

from __future__ import annotations

import math

from numba import njit

from npnets_kernels.simd import absolute, nearest, polynomial, power_of_two, where

LOG2_E = math.log2(math.e)
# Ten bits of ln 2, so that n * LN2_HIGH is exact in float32 too, and the rest of it.
LN2_HIGH = 0.693359375
LN2_LOW = -2.121944400546905827679e-4
# exp(-87) is the last normal float32; whatever is added to it next rounds it away.
LOWEST, LOWEST_POWER = -87.0, -126.0
# (exp(r) - 1) / r for |r| <= ln(2) / 2, as its Taylor series.
EXPM1_OVER_R = tuple(1.0 / math.factorial(k) for k in range(14, 0, -1))

# Rational approximations of Cephes (S. Moshier), ndtr.c: erf(x) = x T(x^2) / U(x^2) for |x| <= 1,
# erfc(x) = exp(-x^2) P(x) / Q(x) for 1 <= x < 8.
ERF_T = (
    9.60497373987051638749e0,
    9.00260197203842689217e1,
    2.23200534594684319226e3,
    7.00332514112805075473e3,
    5.55923013010394962768e4,
)
ERF_U = (
    1.0,
    3.35617141647503099647e1,
    5.21357949780152679795e2,
    4.59432382970980127987e3,
    2.26290000613890934246e4,
    4.92673942608635921086e4,
)
ERFC_P = (
    2.46196981473530512524e-10,
    5.64189564831068821977e-1,
    7.46321056442269912687e0,
    4.86371970985681366614e1,
    1.96520832956077098242e2,
    5.26445194995477358631e2,
    9.34528527171957607540e2,
    1.02755188689515710272e3,
    5.57535335369399327526e2,
)
ERFC_Q = (
    1.0,
    1.32281951154744992508e1,
    8.67072140885989742329e1,
    3.54937778887819891062e2,
    9.75708501743205489753e2,
    1.82390916687909736289e3,
    2.24633760818710981792e3,
    1.65666309194161350182e3,
    5.57535340817727675546e2,
)


@njit
def exp_parts(x):
    """For x <= 0: (s, q) with exp(x) = s + s q, where s = 2^n and q = exp(x - n ln 2) - 1."""
    x = where(x < LOWEST, LOWEST, x)
    n = nearest(x * LOG2_E)
    n = where(n > LOWEST_POWER, n, LOWEST_POWER)  # NaN too, which has no integer
    r = x - n * LN2_HIGH - n * LN2_LOW
    return power_of_two(n), r * polynomial(r, EXPM1_OVER_R)


@njit
def exp(x):
    """exp(x) for x <= 0."""
    s, q = exp_parts(x)
    return s + s * q


@njit
def expm1(x):
    """exp(x) - 1 for x <= 0, without cancellation near 0."""
    s, q = exp_parts(x)
    return (s - 1.0) + s * q


@njit
def erf(x, gauss):
    """The error function of x, given gauss = exp(-x^2)."""
    square = x * x
    near = x * polynomial(square, ERF_T) / polynomial(square, ERF_U)
    a = absolute(x)
    a = where(a > 6.0, 6.0, a)  # erf is 1 there to double precision
    tail = gauss * polynomial(a, ERFC_P) / polynomial(a, ERFC_Q)
    far = where(x > 0.0, 1.0 - tail, tail - 1.0)
    return where(square > 1.0, far, near)
