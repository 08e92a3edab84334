"""Vector instructions on 64 numbers at a time, beside NumPy."""

from __future__ import annotations

import numba
import numpy as np
from npnets_kernels.bits import add_scaled, add_selected, raise_largest
from npnets_kernels.simd import offset, pointer


@numba.njit
def raised(so_far, column, memory, start):
    raise_largest(pointer(so_far), column, pointer(memory), start)


@numba.njit
def added(target, place, stride, scales, source, start):
    add_scaled(pointer(target), place, stride, scales, pointer(source), start)


@numba.njit
def selected(target, start, word, factor, forms, first, stride, weights, row, apart):
    target, forms = offset(pointer(target), start), offset(pointer(forms), first)
    add_selected(target, word, factor, forms, stride, offset(pointer(weights), row), apart)


def test_the_largest_is_found_in_every_lane_whatever_its_sign():
    rng = np.random.default_rng(0)
    for place in range(64):
        memory, so_far = rng.uniform(-1, 1, 100), np.full((3, 8), 0.5)
        memory[17 + place] = -2.0 - place
        memory[17 + (place + 9) % 64] = np.nan
        raised(so_far, 1, memory, 17)
        assert so_far[1].max() == 2.0 + place
        assert (so_far[[0, 2]] == 0.5).all()
        assert (so_far[1] >= 0.5).all()


def test_a_row_is_added_three_times_scaled():
    rng = np.random.default_rng(1)
    target, source, scales = rng.normal(size=400), rng.normal(size=100), (1.5, -2.25, 0.1)
    wanted = target.copy()
    for c, scale in enumerate(scales):
        wanted[7 + 130 * c : 71 + 130 * c] += scale * source[9:73]
    added(target, 7, 130, scales, source, 9)
    np.testing.assert_allclose(target, wanted, rtol=0, atol=1e-15)


def test_rows_of_the_neurons_of_a_word_are_added_up():
    rng = np.random.default_rng(2)
    forms, weights, target = (rng.normal(size=n) for n in (3 * 70, 64 * 80, 300))
    for neurons in ([], [0], [63], [3, 17, 18, 40], range(64)):
        word = np.uint64(sum(1 << i for i in neurons))
        wanted = target.copy()
        for i in neurons:
            for c in range(3):
                share = 0.3 * forms[5 + 70 * c + i]
                wanted[11 + 80 * c : 75 + 80 * c] += share * weights[2 + 80 * i :][:64]
        found = target.copy()
        selected(found, 11, word, 0.3, forms, 5, 70, weights, 2, 80)
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-13)
