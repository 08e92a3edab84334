"""Bounds on linear regions: hand-worked values, their order, and true counts within them."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise, product
from math import comb, factorial

import naive_regions as naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from npnets.regions.bounds import (
    arora_2018_lower,
    arrangement,
    bounds,
    central_arrangement,
    hanin_rolnick_2019,
    montufar_2014_lower,
    montufar_2014_upper,
    montufar_2017_upper,
    raghu_2017_upper,
    serra_2018_lower,
    serra_2018_upper,
    width_one_chain,
)
from npnets.regions.patterns import Counts

shapes = st.lists(st.integers(1, 9), min_size=1, max_size=4).map(tuple)


def random_network(widths, seed):
    """Whole numbers, seldom in special position, with kinks near the origin in every layer."""
    rng = np.random.default_rng(seed)
    weights = [rng.integers(-40, 41, (b, a)).tolist() for a, b in pairwise(widths)]
    return weights, [
        rng.integers(-20 * 40**k, 20 * 40**k, b).tolist() for k, b in enumerate(widths[1:])
    ]


def test_arrangements_are_those_counted_by_hand():
    assert [arrangement(n, 1) for n in range(4)] == [1, 2, 3, 4]
    assert [arrangement(n, 2) for n in range(6)] == [1, 2, 4, 7, 11, 16]
    assert [arrangement(n, 3) for n in range(6)] == [1, 2, 4, 8, 15, 26]
    assert [central_arrangement(n, 1) for n in range(4)] == [1, 2, 2, 2]
    assert [central_arrangement(n, 3) for n in range(6)] == [1, 2, 4, 8, 14, 22]
    assert arrangement(100, 3) == 166_751


@given(n=st.integers(0, 60), d=st.integers(1, 9))
def test_arrangements_grow_by_the_arrangement_that_a_new_plane_sees(n, d):
    """A new plane is cut by the old ones like a space of one dimension less, and cuts as many."""
    assert arrangement(n + 1, d) == arrangement(n, d) + arrangement(n, d - 1)
    assert central_arrangement(n + 2, d + 1) == central_arrangement(n + 1, d + 1) + (
        central_arrangement(n + 1, d)
    )
    assert arrangement(n, d) == sum(comb(n, i) for i in range(d + 1))
    # Planes in R^d are those through the origin of R^(d + 1), seen from one side of another one.
    assert 2 * arrangement(n, d) == central_arrangement(n + 1, d + 1)


def serra_by_listing(shape, d):
    """The sum as the paper writes it, over the whole index set."""
    total = 0
    for j in product(*(range(width + 1) for width in shape)):
        limits = [min([d, *(shape[k] - j[k] for k in range(layer))]) for layer in range(len(shape))]
        if all(a <= b for a, b in zip(j, limits, strict=True)):
            total += int(np.prod([comb(n, i) for n, i in zip(shape, j, strict=True)]))
    return total


@settings(deadline=None)
@given(shape=st.lists(st.integers(1, 6), min_size=1, max_size=3), d=st.integers(1, 5))
def test_serras_sum_is_that_over_the_index_set(shape, d):
    assert serra_2018_upper(shape, d) == serra_by_listing(shape, d)


@given(shape=shapes, d=st.integers(1, 6))
def test_upper_bounds_are_ordered_and_no_lower_bound_exceeds_them(shape, d):
    found = bounds(shape, d)
    assert found.lower <= found.upper == found.serra_2018_upper
    uppers = found[4:8]
    assert list(uppers) == sorted(uppers)
    assert found.montufar_2014_upper == 2 ** sum(shape)


@given(shape=shapes, d=st.integers(1, 6), more=st.integers(1, 3))
def test_more_neurons_or_inputs_never_lower_a_bound_and_more_layers_no_upper_one(shape, d, more):
    layer = more % len(shape)
    wider = (*shape[:layer], shape[layer] + 1, *shape[layer + 1 :])
    found = bounds(shape, d)
    for larger in (bounds(wider, d), bounds(shape, d + 1)):
        assert all(b is None or a >= b for a, b in zip(larger[:3], found[:3], strict=True))
    for larger in (bounds(wider, d), bounds(shape, d + 1), bounds((*shape, more), d)):
        assert all(a >= b for a, b in zip(larger[4:], found[4:], strict=True))


@given(n=st.integers(1, 40), d=st.integers(1, 6))
def test_one_layer_has_the_arrangements_count_above_and_below(n, d):
    found = bounds((n,), d)
    assert found.upper == found.montufar_2017_upper == found.raghu_2017_upper == arrangement(n, d)
    # Below, the d that counts is one that the layer is wide enough for.
    assert found.montufar_2014_lower == arrangement(n, min(n, d))


@given(shape=st.lists(st.integers(3, 9), min_size=1, max_size=5).map(tuple))
def test_serras_bounds_meet_on_a_line(shape):
    assert serra_2018_lower(shape, 1) == serra_2018_upper(shape, 1) == np.prod(np.add(shape, 1))


def test_published_formulas_by_hand():
    # ⌊8/2⌋² · (1 + 8 + 28); (⌊8/2⌋ + 1)² · 37; central 6 lines: 12 sectors, 4 teeth.
    assert montufar_2014_lower((8, 8), 2) == 16 * 37
    assert serra_2018_lower((8, 8), 2) == 25 * 37
    assert arora_2018_lower((12, 4), 2) == 12 * 4
    assert arora_2018_lower((10, 3, 3), 4) == 2 * (1 + 4 + 6 + 4) * 9
    assert raghu_2017_upper((8, 8), 2) == montufar_2017_upper((8, 8), 2) == 37 * 37
    # j = (0, ≤2): 37, (1, ≤2): 8 · 37, (2, ≤2): 28 · 37
    assert serra_2018_upper((8, 8), 2) == 37 * 37
    # A bottleneck of one: 11 cells, cut in 2, cut in 5; but where it is off, nothing is cut again.
    assert montufar_2017_upper((4, 1, 4), 2) == 11 * 2 * 5
    assert serra_2018_upper((4, 1, 4), 2) == 11 * (1 * 5 + 1 * 1)
    assert montufar_2014_upper((16,)) == 65_536


def test_hanin_and_rolnicks_order_looks_at_neurons_not_at_depth():
    assert hanin_rolnick_2019((16,), 3) == hanin_rolnick_2019((4, 4, 4, 4), 3)
    assert hanin_rolnick_2019((10, 10), 1) == 20
    assert hanin_rolnick_2019((5, 5), 3) == round(Fraction(1000, 6)) == 167
    assert hanin_rolnick_2019((3,), 7) == 8
    # The leading term of one layer's count.
    assert arrangement(10_000, 3) / hanin_rolnick_2019((10_000,), 3) == pytest.approx(1, abs=1e-3)
    assert 10_000**3 // factorial(3) == pytest.approx(hanin_rolnick_2019((10_000,), 3))


@pytest.mark.parametrize(
    "widths", [(1, 3, 3, 1), (2, 2, 3, 1), (2, 3, 2, 1), (3, 3, 2, 1), (2, 2, 1, 2, 1)]
)
def test_no_network_has_more_cells_than_any_upper_bound(widths):
    found = bounds(widths[1:-1], widths[0])
    most = 0
    for seed in range(40):
        count = len(naive.box_cells(*random_network(widths, seed)))
        assert count <= min(found[4:])
        most = max(most, count)
    assert most >= found.upper / 3  # the nets are not all too simple to tell


@pytest.mark.parametrize("widths", [(1, 3, 3, 1), (2, 3, 2, 1), (2, 2, 1, 2, 1)])
def test_no_leaky_network_has_more_cells_than_its_bounds(widths):
    found = bounds(widths[1:-1], widths[0], slope=0.25)
    assert found[:5] == (None,) * 5
    for seed in range(25):
        net = random_network(widths, seed)
        assert len(naive.box_cells(*net, slope=Fraction(1, 4))) <= found.upper


@pytest.mark.parametrize(("n", "d"), [(5, 1), (5, 2), (4, 3), (6, 3)])
def test_a_layer_in_general_position_reaches_the_arrangements_count(n, d):
    for seed in range(3):
        assert len(naive.box_cells(*random_network((d, n, 1), seed))) == arrangement(n, d)
        weights, _ = random_network((d, n, 1), seed)
        central = naive.box_cells(weights, [[0] * n, [0]])
        assert len(central) == central_arrangement(n, d)


def test_three_neurons_fold_a_line_four_times_as_serras_lower_bound_has_it():
    """z(x) = -3 φ(x - ½) + 2 φ(x - 3/2) - 2 φ(5/2 - x) + 5 has slopes 2, -1, 1, -1."""
    weights, biases = [[[1], [1], [-1]]], [[Fraction(-1, 2), Fraction(-3, 2), Fraction(5, 2)]]
    fold, constant = [-3, 2, -2], 5
    # z > ¼, z > ½ and z < ¾: one of them is active everywhere, so that every fold is seen.
    weights.append([fold, fold, [-v for v in fold]])
    biases.append([constant - Fraction(1, 4), constant - Fraction(1, 2), Fraction(3, 4) - constant])
    weights.append([[1, 2, 3]])
    biases.append([0])
    intervals = naive.line_intervals(weights, biases)
    assert naive.line_pieces(intervals) == len(intervals) == serra_2018_lower((3, 3), 1) == 16


def test_two_rectifiers_an_axis_fold_the_plane_as_montufars_lower_bound_has_it():
    """The tent 2 φ(x) - 4 φ(x - ½) of each axis, then three lines in general position."""
    half = Fraction(1, 2)
    weights = [[[1, 0], [1, 0], [0, 1], [0, 1]]]
    biases = [[0, -half, 0, -half]]
    # u + v > 1, u > v and u > ¼ of the folded u and v.
    weights.append([[2, -4, 2, -4], [2, -4, -2, 4], [2, -4, 0, 0]])
    biases.append([-1, 0, -half / 2])
    weights.append([[1, 1, 1]])
    biases.append([0])
    cells = naive.plane_cells(weights, biases, [(0, 0), (1, 0), (1, 1), (0, 1)])
    # Seven in each quarter of the square.
    assert len(cells) == naive.plane_pieces(cells) == montufar_2014_lower((4, 3), 2) == 4 * 7


@pytest.mark.parametrize(("m", "teeth"), [(2, 2), (3, 2), (2, 3)])
def test_a_zonotope_with_teeth_reaches_aroras_lower_bound(m, teeth):
    """Sawteeth of Σ |u·x| for m directions u in the plane."""
    directions = [(1, 0), (0, 1), (1, 1)][:m]
    weights = [[[s * c for c in u] for u in directions for s in (1, -1)]]
    # Slopes 1, -1, 1, … from 0 on, with hinges at 0, 1, 2, …
    weights.append([[1] * (2 * m)] * teeth)
    weights.append([[1] + [2 * (-1) ** k for k in range(1, teeth)]])
    biases = [[0] * (2 * m), [-k for k in range(teeth)], [0]]
    assert naive.box_pieces(weights, biases) == arora_2018_lower((2 * m, teeth), 2)


@pytest.mark.parametrize("slope", [0, Fraction(1, 4)])
@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_chains_of_width_one_reach_their_maximum_and_never_more(depth, slope):
    """All weights of ±1, ±2 and biases of -3 … 3 where they are few, samples of them where not."""
    numbers, shifts = (-2, -1, 1, 2), (-3, -2, -1, 0, 1, 2, 3)
    choices = [*product(numbers, shifts)]
    rng = np.random.default_rng(depth)
    rows = product(choices, repeat=depth) if depth < 3 else rng.integers(0, 28, (1500, depth))
    most = Counts(0, 0, 0)
    for row in rows:
        layers = [choices[k] for k in row] if depth > 2 else row
        weights = [[[w]] for w, _ in layers] + [[[1]]]
        biases = [[b] for _, b in layers] + [[0]]
        intervals = naive.line_intervals(weights, biases, slope=slope)
        pieces = naive.line_pieces(intervals)
        most = Counts(*map(max, most, (len(intervals), pieces, pieces - 1)))
    assert most == width_one_chain(depth, float(slope))
    if slope == 0:
        assert most.activation_patterns == serra_2018_upper((1,) * depth, 1)


def test_a_chain_of_ten_has_two_breakpoints():
    """Not one: 1 - φ(x) is cut at 0 by the second layer, and the rest passes the ramp on."""
    weights = [[[1]], [[-1]]] + [[[1]]] * 9
    biases = [[0], [1]] + [[0]] * 9
    assert naive.line_pieces(naive.line_intervals(weights, biases)) == 3
    assert width_one_chain(10).breakpoints == 2


def test_without_hidden_layers_or_with_identities_there_is_one_cell():
    assert bounds((), 3)[4:] == (1, 1, 1, 1)
    assert bounds((), 3).lower == 1
    assert set(bounds((5, 5), 3, slope=1.0)) == {1}
    assert width_one_chain(5, 1.0) == Counts(1, 1, 0)
    assert width_one_chain(0) == Counts(1, 1, 0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bounds((3, 0), 2), "widths must be positive integers"),
        (lambda: bounds((3,), 0), "d_in must be an integer >= 1, got 0"),
        (lambda: arrangement(-1, 2), "n must be an integer >= 0, got -1"),
        (lambda: width_one_chain(-1), "depth must be an integer >= 0, got -1"),
        (lambda: width_one_chain(2, -0.5), "slope must not be negative, got -0.5"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
