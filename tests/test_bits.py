"""Vector instructions on 64 numbers at a time, beside NumPy."""

from __future__ import annotations

import numba
import numpy as np
from npnets_kernels.bits import (
    add_scaled,
    add_selected,
    dots_selected,
    raise_largest,
    signs_of_forms,
)
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


@numba.njit
def dots(forms, first, stride, more, less, slope, weights, row):
    forms, weights = offset(pointer(forms), first), offset(pointer(weights), row)
    return dots_selected(forms, stride, more, less, slope, weights)


@numba.njit
def signs(forms, stride, start, s, t, error):
    return signs_of_forms(pointer(forms), stride, start, s, t, error)


def word_of(neurons):
    return np.uint64(sum(1 << int(i) for i in neurons))


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
        word = word_of(neurons)
        wanted = target.copy()
        for i in neurons:
            for c in range(3):
                share = 0.3 * forms[5 + 70 * c + i]
                wanted[11 + 80 * c : 75 + 80 * c] += share * weights[2 + 80 * i :][:64]
        found = target.copy()
        selected(found, 11, word, 0.3, forms, 5, 70, weights, 2, 80)
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-13)


def test_forms_are_multiplied_where_neurons_are_active_or_by_the_slope():
    rng = np.random.default_rng(3)
    forms, weights = rng.normal(size=3 * 70), rng.normal(size=80)
    for state in (rng.integers(0, 3, 64), np.zeros(64, int), np.full(64, 1), np.full(64, 2)):
        more, less = (word_of(np.nonzero(state == k)[0]) for k in (1, 2))
        gains = np.array([0.0, 1.0, -0.3])[state]
        wanted = [gains * forms[5 + 70 * c : 69 + 70 * c] @ weights[9:73] for c in range(3)]
        found = dots(forms, 5, 70, more, less, -0.3, weights, 9)
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-13)
    # what no neuron of either word has doesn't matter
    forms[5 + 3], more = np.nan, word_of(range(4, 64))
    assert np.isfinite(dots(forms, 5, 70, more, np.uint64(0), 0.0, weights, 9)).all()


def test_signs_are_told_where_the_value_is_beyond_the_error():
    rng = np.random.default_rng(4)
    forms = rng.normal(size=3 * 70)
    values = 0.5 * forms[3:67] - 0.25 * forms[73:137] + forms[143:207]
    for error in (0.0, 0.4, 10.0):
        more, less = signs(forms, 70, 3, 0.5, -0.25, error)
        assert more == word_of(np.nonzero(values > error)[0])
        assert less == word_of(np.nonzero(values < -error)[0])
    forms[143:207] = np.nan
    assert signs(forms, 70, 3, 0.5, -0.25, 0.4) == (0, 0)
