"""Sums and products whose rounding errors are known exactly; float64.

For floats a and b, with round to nearest and no overflow (Dekker 1971; Knuth, TAOCP 2, 4.2.2),

    a + b = s + r,    a b = p + r

where s and p are the rounded results and r is a float, too; for the product, as long as |a b| is
at least 2^-969. So where nothing was rounded, the error is exactly 0, and what follows from such
numbers is proven.
"""

from __future__ import annotations

from numba import njit, types
from numba.extending import intrinsic


@intrinsic
def fma(typingctx, a, b, c):
    """a b + c, rounded once."""
    double = types.float64

    def codegen(context, builder, signature, args):
        return builder.fma(*args)

    return double(double, double, double), codegen


@njit(inline="always")
def sum_error(a, b, total):
    """r of a + b = total + r."""
    rest = total - a
    return (a - (total - rest)) + (b - rest)


@njit(inline="always")
def product_error(a, b, product):
    """r of a b = product + r."""
    return fma(a, b, -product)
