"""The vector type against NumPy, at both dtypes: arithmetic, NaN, rows and folds."""

import numpy as np
import pytest
from npnets_kernels import simd
from numba import njit

pytestmark = pytest.mark.parametrize("dtype", ["float32", "float64"])


@njit
def arithmetic(u, v, out):
    u, v, out = simd.pointer(u), simd.pointer(v), simd.pointer(out)
    a, b = simd.load(u, 0), simd.load(v, 0)
    simd.store(out, 0, a + b * 2.0)
    simd.store(out, 1, (1.0 - a) / b)
    simd.store(out, 2, -a * simd.sqrt(simd.absolute(b)))
    simd.store(out, 3, simd.where(a > b, a, 0.0))
    simd.store(out, 4, simd.where(a <= b, simd.full(a, 3.0), b))
    simd.store(out, 5, simd.polynomial(a, (2.0, -1.0, 0.5)))
    simd.store(out, 6, simd.power_of_two(simd.nearest(a)))
    simd.store(out, 7, simd.broadcast(v, 5))


@njit
def sums(u, v, out):
    u, v, out = simd.pointer(u), simd.pointer(v), simd.pointer(out)
    for k in range(2):
        simd.store(out, k, simd.sum_rows(u, k))
    simd.store(out, 2, simd.partial_sums(simd.load(u, 1), simd.load(v, 1)))
    simd.store(out, 3, simd.sum_blocks(simd.load(u, 1)))
    return simd.sum_lanes(simd.load_block(u, 3))


@njit
def addresses(u):
    start = simd.pointer(u)
    simd.aligned(simd.offset(start, 1))[0] = 7.0
    return simd.lanes_of(start), simd.block_lanes_of(start)


def memory(n, dtype, seed=0):
    return np.random.default_rng(seed).standard_normal(n).astype(dtype)


def test_arithmetic_is_numpys_lane_by_lane(dtype):
    n = simd.lanes(dtype)
    u, v, out = memory(n, dtype), memory(n, dtype, 1), np.empty((8, n), dtype)
    arithmetic(u, v, out)
    expected = [
        u + v * 2,
        (1 - u) / v,
        -u * np.sqrt(np.abs(v)),
        np.where(u > v, u, 0),
        np.where(u <= v, 3, v),
        (2 * u - 1) * u + 0.5,
        2.0 ** np.rint(u),
        np.full(n, v[5]),
    ]
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(out, expected, rtol=2 * eps, atol=2 * eps)


def test_nan_and_infinity_keep_their_meaning(dtype):
    n = simd.lanes(dtype)
    u, v, out = memory(n, dtype), memory(n, dtype, 1), np.empty((8, n), dtype)
    u[:3] = np.nan, np.inf, -np.inf
    arithmetic(u, v, out)
    assert np.isnan(out[[0, 1, 2, 5], 0]).all()
    assert out[3, 0] == 0.0  # a comparison with NaN does not hold
    assert out[0, 1] == np.inf
    assert out[0, 2] == -np.inf
    assert np.isfinite(out[:, 3:]).all()


def test_sums_go_to_the_lane_of_their_row(dtype):
    n, block = simd.lanes(dtype), simd.block_lanes(dtype)
    u, v = memory(2 * block * block, dtype), memory(2 * n, dtype, 1)
    out = np.empty((4, block), dtype)
    total = sums(u, v, out)
    squares = u.astype("float64").reshape(2, block, block)
    eps = 32 * np.finfo(dtype).eps
    np.testing.assert_allclose(out[:2], squares.sum(axis=2), atol=eps)
    np.testing.assert_allclose(out[2].sum(), u[n : 2 * n].astype("float64") @ v[n:], atol=eps)
    np.testing.assert_allclose(out[3].sum(), u[n : 2 * n].astype("float64").sum(), atol=eps)
    np.testing.assert_allclose(total, u.astype("float64")[3 * block : 4 * block].sum(), atol=eps)


def test_aligned_starts_on_a_cache_line(dtype):
    u = np.zeros(100, dtype)
    assert addresses(u) == (simd.lanes(dtype), simd.block_lanes(dtype))
    place = int(np.flatnonzero(u)[0])
    assert (u.ctypes.data + place * u.itemsize) % simd.BLOCK_BYTES == 0
    assert 1 <= place <= simd.block_lanes(dtype)
