from __future__ import annotations

from itertools import product
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from npnets.shapes import (
    composition_count,
    compositions,
    features,
    format_shape,
    parse_shape,
    sample_compositions,
)


def test_compositions_of_16_are_32768_and_1941_of_depth_up_to_5():
    shapes = compositions(16)
    assert len(shapes) == len(set(shapes)) == composition_count(16) == 32_768
    assert sum(len(shape) <= 5 for shape in shapes) == 1_941
    assert len(compositions(16, depth=3)) == composition_count(16, depth=3) == 105


@pytest.mark.parametrize("total", range(1, 7))
def test_compositions_are_all_tuples_of_that_sum_by_depth_then_lexicographically(total):
    brute = [
        widths
        for depth in range(1, total + 1)
        for widths in product(range(1, total + 1), repeat=depth)
        if sum(widths) == total
    ]
    assert compositions(total) == brute


@given(st.integers(1, 9), st.data())
def test_sample_of_all_is_a_permutation_and_smaller_ones_are_prefixes(total, data):
    depth = data.draw(st.integers(1, total))
    everything = sample_compositions(total, depth, 1000)
    assert sorted(everything) == compositions(total, depth)
    count = data.draw(st.integers(1, 1000))
    assert sample_compositions(total, depth, count) == everything[:count]


def test_sample_of_a_space_too_big_to_enumerate_is_distinct_and_valid():
    shapes = sample_compositions(300, 120, 500)
    assert comb(299, 119) > 2**64
    assert len(set(shapes)) == 500
    assert all(len(s) == 120 and sum(s) == 300 and min(s) >= 1 for s in shapes)
    assert sample_compositions(300, 120, 5, seed=1) != shapes[:5]


def test_sample_is_uniform():
    from scipy.stats import chisquare

    draws = [sample_compositions(6, 3, 1, seed=seed)[0] for seed in range(2000)]
    assert chisquare([draws.count(shape) for shape in compositions(6, 3)]).pvalue > 1e-3


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((5, 7, 4), (3, 5, 4, 5, 4, 7)), ((4, 3, 9), (3, 4, 9, 3, 3, 9)), ((16,), (1, *[16] * 5))],
)
def test_features_take_the_bottleneck_before_the_last_layer(shape, expected):
    f = features(shape)
    assert (f.depth, f.first, f.last, f.bottleneck, f.min, f.max) == expected


@given(st.lists(st.integers(1, 10**6), min_size=1).map(tuple))
def test_shapes_survive_their_text(shape):
    assert parse_shape(format_shape(shape)) == shape


@pytest.mark.parametrize(
    "text", ["", "-", "5-", "5--7", "0", "5-0-4", "5,7", "+5", "5 -7", "٣", "1.5", "9" * 5000]
)
def test_what_is_no_shape_is_refused(text):
    with pytest.raises(ValueError, match="shape must be positive widths"):
        parse_shape(text)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: compositions(0), "total must be a positive integer, got 0"),
        (lambda: compositions(2.0), "total must be a positive integer, got 2.0"),
        (lambda: compositions(True), "total must be a positive integer, got True"),
        (lambda: compositions(4, depth=5), "depth must be an integer from 1 to 4, got 5"),
        (lambda: compositions(4, depth=0), "depth must be an integer from 1 to 4, got 0"),
        (lambda: sample_compositions(4, 2, 0), "count must be a positive integer, got 0"),
    ],
)
def test_errors_name_argument_rule_and_value(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_more_compositions_than_memory_should_hold_are_refused():
    with pytest.raises(ValueError, match="total must have at most 4,194,304 compositions"):
        compositions(30)
    assert len(compositions(200, depth=2)) == 199
