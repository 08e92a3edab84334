"""Affine pieces in d dimensions against an oracle, on networks of which cells do merge."""

from __future__ import annotations

import gc
import weakref
from fractions import Fraction
from itertools import pairwise

import naive_regions as naive
import numpy as np
import pytest
from box_networks import arrangement
from networks import he_network as he

from npnets.network import Network
from npnets.regions import box_pieces, boxes
from npnets.regions.box_local import output_range
from npnets.regions.box_pieces import Merger, alike
from npnets.regions.box_walk import Domain
from npnets.regions.boxes import count_regions
from npnets.regions.exact import ExactNetwork

# Networks of which cells merge


def dead_outputs(rng, d):
    """Two of three neurons of the last hidden layer are not looked at."""
    weights, biases = whole_parameters(rng, (d, 4, 3, 1))
    weights[-1][:, rng.permutation(3)[:2]] = 0.0
    return Network(weights, biases)


def duplicates(rng, d):
    """Neurons of the first layer come twice, with equal or opposite weights behind them."""
    weights, biases = whole_parameters(rng, (d, 2, 2, 1))
    weights[0], biases[0] = np.repeat(weights[0], 2, axis=0), np.repeat(biases[0], 2)
    weights[1] = np.repeat(weights[1], 2, axis=1) * rng.choice([1.0, -1.0], 4)
    return Network(weights, biases)


def chain(rng, d):
    return Network(*whole_parameters(rng, (d, 1, 1, 1, 1)))


def two_outputs(rng, d):
    """The first output is a constant, the second looks at one neuron only."""
    weights, biases = whole_parameters(rng, (d, 3, 2, 2))
    weights[-1][0] = weights[-1][1, 0] = 0.0
    return Network(weights, biases)


def extreme(rng, d):
    """Numbers whose products floats can't hold."""
    net = dead_outputs(rng, d)
    return Network([w * 1e200 for w in net.weights], [b * 1e200 for b in net.biases])


def leaky(rng, d):
    weights, biases = whole_parameters(rng, (d, 3, 2, 1))
    weights[-1][:, 0] = 0.0
    return Network(weights, biases, "leaky_relu", rng.choice([0.25, 0.1, 1e-4, 3.0]))


def whole_parameters(rng, widths):
    weights = [rng.integers(-2, 3, (b, a)) * 1.0 for a, b in pairwise(widths)]
    return weights, [rng.integers(-2, 3, width) * 1.0 for width in widths[1:]]


FAMILIES = [dead_outputs, duplicates, chain, two_outputs, extreme, leaky]


def oracle(net, low, high):
    arguments = ([w.tolist() for w in net.weights], [b.tolist() for b in net.biases])
    slope = {"relu": 0.0, "leaky_relu": net.slope}[net.activation]
    d = net.widths[0]
    return naive.box_pieces(*arguments, [low] * d, [high] * d, slope)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_pieces_are_those_of_an_oracle(family):
    merged = 0
    for seed in range(24):
        rng = np.random.default_rng(seed)
        net = family(rng, 1 + seed % 2)
        found = count_regions(net, -2, 2, patterns=True, threads=1).counts
        assert found.affine_pieces == oracle(net, -2, 2)
        merged += found.affine_pieces < found.activation_patterns
    assert merged >= 6


@pytest.mark.parametrize("slope", [1e-4, 0.1, 2.0**-60])
def test_slopes_of_any_denominator(slope):
    normals = [[1.0, 0.0], [1.0, 0.0]]
    for outputs, pieces in (([1.0, 1.0], 2), ([1.0, -1.0], 1)):
        net = arrangement(normals, [0.0, 0.0], outputs, "leaky_relu", slope)
        assert tuple(count_regions(net, -1, 1, patterns=True).counts) == (2, pieces, None)


def test_sums_that_overflow_at_a_point_are_no_trouble():
    normals = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]) * 1e9
    net = arrangement(normals, [0.0, 0.0, 1.0], [1.0, 0.0, 1.0])
    with np.errstate(all="raise"):
        found = count_regions(net, -1e300, 1e300, patterns=True)
    assert tuple(found.counts) == (7, oracle(net, -1e300, 1e300), None)


def test_points_too_small_for_floats_prove_no_facet():
    """-x_1 and 0.6 x_1 - 0.4 x_2 - 0.4 x_3, which rounding makes positive at 5e-324·(1, 1, 1)."""
    net = arrangement([[-1.0, 0.0, 0.0], [0.6, -0.4, -0.4]], [0.0, 0.0])
    patterns = np.array([[True, True], [False, True]])
    witnesses = np.array([[-5e-324, 5e-324, 5e-324], [5e-324] * 3])
    domain = Domain(np.array([-1.0, 0.0, 0.0]), np.ones(3))
    merger = Merger(ExactNetwork(net), domain, patterns, witnesses, np.zeros(2, int))
    assert not merger.touch(box_pieces.look(net, patterns), 0, 0, 1, 0)


def test_what_merges_cells_is_freed_at_once():
    net = arrangement([[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0])
    patterns, domain = np.ones((1, 2), bool), Domain(-np.ones(2), np.ones(2))
    merger = Merger(ExactNetwork(net), domain, patterns, np.ones((1, 2)), np.zeros(1, int))
    merger.maps(patterns[0].tobytes())
    alive = weakref.ref(merger)
    gc.disable()
    try:
        del merger
        assert alive() is None
    finally:
        gc.enable()


# Groups of cells that may have the same function


def test_cells_of_a_function_that_no_other_has_are_not_compared(monkeypatch):
    def refuse(*arguments):
        raise AssertionError("a cell is compared with others")

    monkeypatch.setattr(Merger, "meet", refuse)
    monkeypatch.setattr(box_pieces, "look", refuse)
    found = count_regions(he((3, 12, 8, 2)), -1, 1, patterns=True)
    assert found.counts.affine_pieces == found.counts.activation_patterns > 500


@pytest.mark.parametrize("seed", range(20))
def test_boxes_that_meet_are_in_one_group_and_gaps_part_them(seed):
    rng = np.random.default_rng(seed)
    low = rng.integers(0, 400, (40, 2)).astype(np.float64)
    high = low + rng.integers(0, 12, (40, 2)) * rng.choice([0, 1, 6], (40, 1))
    if seed % 4 == 0:
        low[7], high[7] = -np.inf, np.inf
    groups = alike(low, high)
    meet = ((low[:, None] <= high) & (low <= high[:, None])).all(axis=2)
    assert (groups[:, None] == groups)[meet].all()
    assert groups.max() + 1 == len(set(groups.tolist()))
    assert groups.max() == 0 if seed % 4 == 0 else groups.max() > 3


@pytest.mark.parametrize("slope", [0.0, 0.1])
def test_ranges_hold_the_coefficients(slope):
    rng = np.random.default_rng(1)
    weights = [rng.standard_normal((b, a)) * 10.0**k for k, (a, b) in enumerate([(2, 6), (6, 5)])]
    weights.append(rng.standard_normal((3, 5)))
    biases = [rng.standard_normal(len(w)) for w in weights]
    net = Network(weights, biases, "leaky_relu", slope)
    exact, patterns = ExactNetwork(net), rng.random((30, 11)) < 0.5
    shares = [Fraction(float(np.cos(k / 3))) for k in range(3)]
    low, high = output_range(net, patterns)
    assert (high - low < 1e-10).all()
    for pattern, least, most in zip(patterns, low.tolist(), high.tolist(), strict=True):
        last = exact.maps([pattern[:6].tolist(), pattern[6:].tolist()])[-1]
        for c in range(3):
            rows = last.numerators[:, c].tolist()
            total = sum(s * row for s, row in zip(shares, rows, strict=True)) / last.denominator
            assert Fraction(least[c]) <= total <= Fraction(most[c])


def test_ranges_are_all_numbers_where_products_may_overflow():
    net = arrangement([[1e200]], [0.0])
    low, high = output_range(net, np.array([[True]]))
    assert (low == -np.inf).all()
    assert (high == np.inf).all()


# Progress


def test_progress_goes_on_while_cells_merge_and_may_end_it(monkeypatch):
    monkeypatch.setattr(boxes, "GLANCE", 0.0)
    normals = np.random.default_rng(0).standard_normal((8, 2))
    net = arrangement(normals, np.zeros(8), outputs=0.0)
    told = []
    total = count_regions(net, patterns=True, progress=told.append).counts.activation_patterns
    assert told == sorted(told)
    assert told.count(total) > 8

    def stop(found):
        if told.count(total) > 3:
            raise KeyboardInterrupt
        told.append(found)

    told.clear()
    with pytest.raises(KeyboardInterrupt):
        count_regions(net, patterns=True, progress=stop)
