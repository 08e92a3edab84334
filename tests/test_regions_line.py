from __future__ import annotations

import json
import sys
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import naive_regions
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from npnets_kernels.error_free import product_error, sum_error

from npnets.network import Network
from npnets.regions import line_search
from npnets.regions.certificates import CertificateError
from npnets.regions.exact import slope_below
from npnets.regions.line import along, breakpoints, breakpoints_of, count_breakpoints, polyline
from npnets.regions.line_certificate import prove
from npnets.regions.line_exact import ExactLine, interval
from npnets.regions.line_search import kernel_net, search_line
from npnets.regions.pieces import Pieces
from npnets.shapes import compositions

INF = np.inf
LARGEST = Fraction(sys.float_info.max)
DOMAINS = [(-5, 5), (-INF, INF), (0, 1), (-INF, 1.5), (-0.1, INF), (-1, 1)]
SLOPES = [0.0, 0.01, 0.3, 1.0, 2.5]
KINDS = {
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "float32": lambda rng, shape: rng.standard_normal(shape).astype(np.float32).astype(float),
    "whole": lambda rng, shape: rng.integers(-2, 3, shape).astype(float),
    "halves": lambda rng, shape: rng.integers(-3, 4, shape) / 2,
    "tenths": lambda rng, shape: rng.integers(-3, 4, shape) / 10,
    "wild": lambda rng, shape: rng.choice([0, 1, -1, 0.1, 1e-9, 3e8, -1 / 3, 1e-30], shape),
    "extreme": lambda rng, shape: rng.choice([0, 1, -1, 1e-200, 1e200, -1e-300, 5e-324], shape),
}


def make(rng, widths, kind, slope=0.0) -> Network:
    """A network of such numbers; often without biases, or of neurons that are all alike."""
    draw = KINDS[kind]
    weights = [draw(rng, (b, a)) for a, b in pairwise(widths)]
    biases = [draw(rng, b) for b in widths[1:]]
    if rng.random() < 0.3:
        biases = [0 * b for b in biases]
    if rng.random() < 0.2:
        weights = [np.repeat(w[:1], len(w), axis=0) for w in weights]
        biases = [np.repeat(b[:1], len(b)) for b in biases]
    return network(weights, biases, slope)


def make_plain(seed, widths, kind) -> Network:
    """A network of such numbers, as they come."""
    rng = np.random.default_rng(seed)
    shapes = list(pairwise(widths))
    weights = [KINDS[kind](rng, (b, a)) for a, b in shapes]
    return Network(weights, [KINDS[kind](rng, b) for _, b in shapes])


def network(weights, biases, slope=0.0) -> Network:
    if slope == 0:
        return Network(weights, biases, "relu")
    return Network(weights, biases, "leaky_relu", slope)


def naive(net: Network, low, high, first=None):
    """The oracle's intervals; ``first`` are the first layer's weights and biases as Fractions."""
    weights = [w.tolist() for w in net.weights]
    biases = [b.tolist() for b in net.biases]
    if first is not None:
        weights[0], biases[0] = first
    ends = (None if np.isinf(end) else end for end in (low, high))
    return naive_regions.line_intervals(weights, biases, *ends, slope_below(net))


def check(found: Pieces, expected, states=True) -> None:
    """Compare pieces with the oracle's intervals."""
    patterns = [list(pattern) if states else [] for _, _, pattern, *_ in expected]
    assert found.patterns.tolist() == patterns
    places = [start for start, *_ in expected[1:]]
    assert len(places) == len(found.positions)
    for k, (place, position) in enumerate(zip(places, found.positions.tolist(), strict=True)):
        gaps = [abs(places[i] - place) for i in (k - 1, k + 1) if 0 <= i < len(places)]
        error = abs(Fraction(position) - place)
        near = error <= Fraction(1, 10**9) * max(abs(place), min(gaps, default=0))
        assert near or position == float(place)
    assert (np.diff(found.positions) >= 0).all()
    assert found.kinks.tolist() == [a[3:] != b[3:] for a, b in pairwise(expected)]
    assert found.counts.affine_pieces == naive_regions.line_pieces(expected)
    assert found.counts.activation_patterns == len(expected)
    assert found.counts.breakpoints == found.counts.affine_pieces - 1 == len(found.breakpoints)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("certify", [False, True])
def test_pieces_of_all_small_shapes_are_the_oracles(kind, certify):
    rng = np.random.default_rng([list(KINDS).index(kind), certify])
    shapes = [shape for neurons in range(1, 7) for shape in compositions(neurons)]
    for k, shape in enumerate(shapes):
        slope, (low, high) = SLOPES[k % len(SLOPES)], DOMAINS[rng.integers(len(DOMAINS))]
        net = make(rng, (1, *shape, 1 + k % 2), kind, slope)
        expected = naive(net, low, high)
        if any(abs(start) > LARGEST for start, *_ in expected[1:]):
            with pytest.raises(ValueError, match="a breakpoint lies beyond all floats"):
                breakpoints(net, low, high)
            continue
        found = breakpoints(net, low, high, certify=certify)
        assert found.certified == certify
        check(found, expected, states=slope != 1)


@st.composite
def small_networks(draw):
    widths = (1, *draw(st.lists(st.integers(1, 3), min_size=1, max_size=4)), 1)
    numbers = st.integers(-3, 3)
    weights = [
        [[draw(numbers) / 2 for _ in range(a)] for _ in range(b)] for a, b in pairwise(widths)
    ]
    biases = [[draw(numbers) / 2 for _ in range(b)] for b in widths[1:]]
    return network(weights, biases, draw(st.sampled_from(SLOPES)))


@settings(max_examples=150, deadline=None)
@given(small_networks(), st.sampled_from(DOMAINS))
def test_ties_of_small_numbers_are_decided_as_the_oracle_does(net, domain):
    check(
        breakpoints(net, *domain, certify=True), naive(net, *domain), states=slope_below(net) != 1
    )


def tents(k: int, c: float) -> Network:
    """(x + 1)/2, then k times the tent over [0, 1] of peak c; weights as float32."""
    up, down = np.float32(1 / c), np.float32(1 / c + 1 / (1 - c))
    halves, hinge = ([[0.5]], [0.5]), [0, -np.float32(c)]
    first, fold = ([[1], [1]], hinge), ([[up, -down], [up, -down]], hinge)
    layers = [halves, first, *[fold] * (k - 1), ([[up, -down]], [0])]
    return Network(*zip(*layers, strict=True))


@pytest.mark.parametrize(("k", "count"), [(6, 94), (8, 382), (10, 1534), (11, 3070)])
def test_tents_whose_peaks_are_rounded_have_the_pieces_that_exact_arithmetic_finds(k, count):
    assert breakpoints(tents(k, 0.3), -1, 1).counts.activation_patterns == count


def test_rounded_tents_are_proven_and_are_the_oracles():
    check(breakpoints(tents(6, 0.3), -1, 1, certify=True), naive(tents(6, 0.3), -1, 1))


def test_tents_too_deep_for_floats_follow_the_same_law():
    found = breakpoints(tents(13, 0.3), -1, 1)
    assert found.fallbacks > 0
    assert found.counts.activation_patterns == 3 * 2**12 - 2


@pytest.mark.parametrize("k", [1, 5, 11, 16])
def test_a_sawtooth_is_exact_without_rational_numbers(k):
    found = breakpoints(tents(k, 0.5), -1, 1, certify=True)
    assert found.fallbacks == 0
    assert found.positions.tolist() == (np.arange(1, 2**k) * 2.0 ** (1 - k) - 1).tolist()
    assert np.abs(found.slopes).tolist() == [[2.0 ** (k - 1)]] * 2**k
    assert found.kinks.all()


# Conventions


def single_layer(weights, biases, outputs) -> Network:
    return Network([np.reshape(weights, (-1, 1)), [outputs]], [biases, [0]])


def test_neurons_that_switch_at_one_point_make_one_position():
    found = breakpoints(single_layer([1, 1, -2, 3], [1, 1, -2, 3], [1, 1, 1, 1]))
    assert found.positions.tolist() == [-1]
    assert found.patterns.tolist() == [[False, False, True, False], [True, True, False, True]]


def test_zeros_on_the_boundary_divide_nothing():
    net = single_layer([1, -1], [-2, -2], [1, 1])
    assert breakpoints(net, -2, 2).positions.tolist() == []
    assert breakpoints(net, -2, 2).patterns.tolist() == [[False, False]]
    assert breakpoints(net, 2, 3).patterns.tolist() == [[True, False]]


def test_a_neuron_that_is_zero_all_over_is_inactive():
    net = Network([[[0], [0], [1]], [[1, 1, 1]]], [[0, 1, 0], [0]])
    assert breakpoints(net, -1, 1).patterns.tolist() == [[False, True, False], [False, True, True]]


def test_a_neuron_that_only_touches_zero_divides_nothing():
    # |x| by two neurons, and one that is -|x|, zero at a position that the others make
    net = Network([[[1], [-1]], [[-1, -1]], [[1]]], [[0, 0], [0], [1]])
    found = breakpoints(net, certify=True)
    assert found.positions.tolist() == [0]
    assert found.patterns[:, 2].tolist() == [False, False]
    assert found.kinks.tolist() == [False]


def test_a_switch_that_the_output_does_not_see_is_a_position_but_no_kink():
    net = single_layer([1, 1, 1], [0, -1, -2], [1, 0, 2])
    found = breakpoints(net, -5, 5)
    assert found.positions.tolist() == [0, 1, 2]
    assert found.kinks.tolist() == [True, False, True]
    assert found.counts == (4, 3, 2)


def test_switches_that_cancel_are_no_kink():
    third = 1 / 3
    found = breakpoints(single_layer([third, -third], [0.1, -0.1], [0.7, -0.7]), certify=True)
    assert found.kinks.tolist() == [False]
    assert found.slopes[0] == found.slopes[1]


def test_switches_before_a_dead_layer_are_no_kinks_and_need_no_rational_numbers():
    rng = np.random.default_rng(0)
    net = Network(
        [rng.standard_normal((8, 1)), -np.ones((1, 8)), [[1.0]]],
        [rng.standard_normal(8), [-0.1], [0.0]],
    )
    found = breakpoints(net)
    assert (len(found.positions), found.kinks.sum(), found.fallbacks) == (8, 0, 0)


@pytest.mark.parametrize("depth", [1, 5, 16])
def test_a_chain_of_width_one_has_at_most_one_kink_after_its_hidden_layers(depth):
    for seed in range(10):
        rng = np.random.default_rng(seed)
        net = make(rng, (1,) * (depth + 2), "normal")
        check(breakpoints(net, certify=True), naive(net, -INF, INF))


@pytest.mark.parametrize("activation", ["identity", "relu"])
def test_without_states_there_is_one_piece(activation):
    widths = (1, 3, 3, 2) if activation == "identity" else (1, 2)
    rng = np.random.default_rng(0)
    weights = [rng.standard_normal((b, a)) for a, b in pairwise(widths)]
    net = Network(weights, [np.ones(b) for b in widths[1:]], activation)
    for low, high in DOMAINS:
        found = breakpoints(net, low, high, certify=True)
        assert found.patterns.shape == (1, 0)
        assert found.counts == (1, 1, 0)
        np.testing.assert_allclose(found([0.5, 0.7]), net([0.5, 0.7]), rtol=1e-14)


# Numbers


@pytest.mark.parametrize("slope", [0.0, 0.3, 2.5])
def test_a_pieces_map_is_the_network_at_random_points_of_it(slope):
    rng = np.random.default_rng(1)
    net = make_plain(1, (1, 30, 40, 30, 3), "normal")
    net = network(net.weights, net.biases, slope)
    found = breakpoints(net, -3, 3, certify=True)
    assert (len(found.positions) > 60) & (found.words.shape[1] == 2)
    ends = np.concatenate([[-3], found.positions, [3]])
    x = ends[:-1] + rng.random(len(ends) - 1) * np.diff(ends)
    np.testing.assert_allclose(found(x), net(x), rtol=1e-11, atol=1e-11)
    apart = np.diff(ends) > 1e-6
    states = [z > 0 for z in net.forward(x).preactivations[:-1]]
    assert (np.concatenate(states, axis=1) == found.patterns)[apart].all()


def test_an_interpolant_of_many_knots_takes_no_more_memory_than_it_has_to():
    knots = 8000
    net = single_layer(np.ones(knots), -np.arange(knots), (-1.0) ** np.arange(knots))
    found = breakpoints(net, -1, knots, certify=True)  # as many neurons as pieces
    assert found.positions.tolist() == list(range(knots))
    assert found.slopes.ravel().tolist() == [0, *[1, 0] * (knots // 2)]


def test_bounds_hold_of_the_positions_that_floats_find():
    rng = np.random.default_rng(2)
    line = interval(-INF, INF)
    for widths in [(1, 5, 5, 5, 1), (1, 3, 3, 3, 3, 3, 1), (1, 2, 2, 2, 2, 2, 2, 2, 1)]:
        for kind in ("normal", "tenths", "float32"):
            net = make(rng, widths, kind)
            exact = ExactLine(net, line)
            found, _ = search_line(exact, kernel_net(net, line))
            for k, (position, error) in enumerate(
                zip(found.positions, found.position_errors, strict=True)
            ):
                place = exact.position(found.words[k], found.words[k + 1])
                assert abs(Fraction(float(position)) - place) <= Fraction(float(error))


@settings(max_examples=200)
@given(*[st.floats(-1e100, 1e100).filter(lambda x: x == 0 or abs(x) > 1e-100)] * 2)
def test_errors_of_sums_and_products_are_exact(a, b):
    total, product = a + b, a * b
    assert Fraction(total) + Fraction(sum_error(a, b, total)) == Fraction(a) + Fraction(b)
    assert Fraction(product) + Fraction(product_error(a, b, product)) == Fraction(a) * Fraction(b)


def test_breakpoints_closer_than_floats_are_all_there_in_order():
    tiny = 2.0**-60
    net = single_layer([1, 1, 1], [-1, -1 - 2.0**-52, -1], [1, 1, 1])
    assert len(breakpoints(net).positions) == 2
    # The second layer switches where the first neuron is tiny and 2 tiny, beyond 1 + tiny.
    net = Network([[[1]], [[1], [1]], [[1, 1]]], [[-1], [-tiny, -2 * tiny], [0]])
    found = breakpoints(net, certify=True)
    assert found.patterns.tolist() == [
        [False, False, False],
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]
    assert found.positions.tolist() == [1, 1, 1]
    assert found.kinks.tolist() == [False, True, True]


def test_a_breakpoint_beyond_all_floats_is_one_clear_error():
    net = single_layer([1e-200], [-1e200], [1])
    assert len(breakpoints(net, -1, 1).positions) == 0
    with pytest.raises(ValueError, match="a breakpoint lies beyond all floats"):
        breakpoints(net)


def test_maps_that_overflow_on_the_way_are_still_the_nearest_floats():
    huge, small = 2.0**380, 2.0**-380
    weights = [[[huge]], [[huge]], [[huge]], [[small]], [[small]], [[small]]]
    net = Network(weights, [[0.0]] * 6)
    found = breakpoints(net, -1, 1, certify=True)
    assert found.positions.tolist() == [0]
    assert found.slopes.ravel().tolist() == [0, 1]


# Invariances


@pytest.mark.parametrize("kind", ["normal", "halves", "tenths"])
def test_permuted_neurons_make_the_same_pieces(kind):
    rng = np.random.default_rng(3)
    net = make(rng, (1, 4, 4, 1), kind)
    orders = [rng.permutation(4) for _ in range(2)]
    (w1, w2, w3), (b1, b2, b3) = net.weights, net.biases
    permuted = Network(
        [w1[orders[0]], w2[orders[1]][:, orders[0]], w3[:, orders[1]]],
        [b1[orders[0]], b2[orders[1]], b3],
    )
    a, b = breakpoints(net), breakpoints(permuted)
    assert a.patterns[:, np.concatenate([orders[0], 4 + orders[1]])].tolist() == b.patterns.tolist()
    assert a.kinks.tolist() == b.kinks.tolist()
    np.testing.assert_allclose(a.positions, b.positions, rtol=1e-12)


@pytest.mark.parametrize("kind", ["normal", "halves", "tenths"])
def test_rescaling_by_powers_of_two_changes_no_bit(kind):
    rng = np.random.default_rng(4)
    net = make(rng, (1, 4, 4, 1), kind)
    (w1, w2, w3), (b1, b2, b3) = net.weights, net.biases
    c, d = (2.0 ** rng.integers(-20, 20, 4) for _ in range(2))
    rescaled = Network(
        [w1 * c[:, None], w2 * d[:, None] / c, w3 / d],
        [b1 * c, b2 * d, b3],
    )
    for domain in DOMAINS:
        a, b = breakpoints(net, *domain), breakpoints(rescaled, *domain)
        assert a.positions.tobytes() == b.positions.tobytes()
        assert a.words.tobytes() == b.words.tobytes()
        assert a.slopes.tobytes() == b.slopes.tobytes()
        assert a.kinks.tobytes() == b.kinks.tobytes()


@pytest.mark.parametrize("shift", [1.0, -0.25, 3.5])
def test_translating_the_input_translates_the_positions(shift):
    rng = np.random.default_rng(5)
    w = rng.integers(-8, 9, (6, 1)) / 4
    b = rng.integers(-8, 9, 6) / 4
    rest = rng.integers(-8, 9, (3, 6)) / 4
    last = rng.integers(-8, 9, (1, 3)) / 4
    net = Network([w, rest, last], [b, np.ones(3), [0]])
    moved = Network([w, rest, last], [b - shift * w[:, 0], np.ones(3), [0]])
    a, b = breakpoints(net, -4, 4), breakpoints(moved, -4 + shift, 4 + shift)
    assert a.words.tobytes() == b.words.tobytes()
    assert a.kinks.tobytes() == b.kinks.tobytes()
    np.testing.assert_allclose(a.positions + shift, b.positions, rtol=1e-13, atol=1e-13)


# More inputs


def restricted(net: Network, start, end):
    """The first layer of t ↦ net(start + t (end - start)), in Fractions."""
    exact = [[naive_regions.exact(v) for v in vector] for vector in (start, end)]
    origin, direction = exact[0], [b - a for a, b in zip(*exact, strict=True)]
    rows = [[naive_regions.exact(w) for w in row] for row in net.weights[0].tolist()]
    weights = [[naive_regions.dot(row, direction)] for row in rows]
    constants = [naive_regions.dot(row, origin) for row in rows]
    biases = [naive_regions.exact(b) for b in net.biases[0].tolist()]
    return weights, [b + c for b, c in zip(biases, constants, strict=True)]


@pytest.mark.parametrize("kind", ["normal", "halves", "tenths", "wild"])
@pytest.mark.parametrize("ray", [False, True])
def test_pieces_along_a_line_through_more_inputs_are_the_oracles(kind, ray):
    rng = np.random.default_rng(6)
    for k in range(12):
        net = make(rng, (3, *[(4,), (2, 2), (1, 3)][k % 3], 2), kind, SLOPES[k % len(SLOPES)])
        start, end = ([0.1, 0.2, -1e17], [1.0, 3.0, 0.7]) if k == 0 else KINDS[kind](rng, (2, 3))
        if np.array_equal(start, end):
            continue
        found = along(net, start, end, ray=ray, certify=True)
        first = restricted(net, start, end)
        expected = naive(net, 0, INF if ray else 1, first)
        check(found, expected, states=slope_below(net) != 1)


def test_a_polyline_has_the_pieces_of_its_legs():
    net = make(np.random.default_rng(7), (2, 6, 6, 1), "normal")
    corners = [[-1, 0], [1, 0], [1, 2], [0.5, 0.5]]
    legs = polyline(net, corners, certify=True)
    for leg, start, end in zip(legs, corners[:-1], corners[1:], strict=True):
        alone = along(net, start, end)
        assert leg.positions.tobytes() == alone.positions.tobytes()
        assert leg.certified
    assert sum(len(leg.positions) for leg in legs) > 3
    np.testing.assert_allclose(legs[0]([0.25]), net([[-0.5, 0]]), rtol=1e-12)


# Many networks


def mixed_networks(count: int) -> list[Network]:
    rng = np.random.default_rng(8)
    kinds = [*KINDS, "normal", "float32"]
    nets = []
    for k in range(count):
        shape = compositions(5)[k % 16]
        nets.append(make(rng, (1, *shape, 1 + k % 3), kinds[k % len(kinds)], SLOPES[k % 5]))
    return nets


@pytest.mark.parametrize("domain", [(-5, 5), (-INF, INF), (-INF, 2.0), (-1e-200, 1e200)])
@pytest.mark.parametrize("threads", [1, 2])
def test_many_networks_have_the_pieces_of_each(domain, threads):
    nets = [net for net in mixed_networks(300) if has_positions(net, *domain)]
    assert len(nets) > 250
    together = breakpoints_of(nets, *domain, threads=threads)
    for net, found in zip(nets, together, strict=True):
        alone = breakpoints(net, *domain)
        for name in ("positions", "slopes", "intercepts", "words", "kinks"):
            assert getattr(found, name).tobytes() == getattr(alone, name).tobytes()
            assert getattr(found, name).shape == getattr(alone, name).shape
        assert found.patterns.tolist() == alone.patterns.tolist()
        assert (found.decisions, found.fallbacks) == (alone.decisions, alone.fallbacks)
    counts = count_breakpoints(nets, *domain, threads=threads)
    assert counts.tolist() == [len(found.breakpoints) for found in together]


def has_positions(net, low, high) -> bool:
    try:
        breakpoints(net, low, high)
    except ValueError as error:
        return "beyond all floats" not in str(error)
    return True


def test_no_networks_have_no_pieces():
    assert breakpoints_of([], -1, 1) == []
    assert count_breakpoints([], -1, 1).tolist() == []


# What can't be


def test_what_has_no_pieces_is_one_clear_error():
    net = single_layer([1], [0], [1])
    wide = Network([np.ones((2, 3)), np.ones((1, 2))], [np.ones(2), np.ones(1)])
    for low, high in [(1, 1), (2, -1), (np.nan, 1), (0, np.nan), (INF, INF), (INF, -INF)]:
        with pytest.raises(ValueError, match="low must be below high, got"):
            breakpoints(net, low, high)
        with pytest.raises(ValueError, match="low must be below high, got"):
            count_breakpoints([net], low, high)
    with pytest.raises(ValueError, match="net must have one input, got one of 3"):
        breakpoints(wide)
    with pytest.raises(ValueError, match=r"start must have shape \(3,\), got \(2,\)"):
        along(wide, [0, 0], [1, 1])
    with pytest.raises(ValueError, match="end must be finite, got"):
        along(wide, [0, 0, 0], [1, INF, 1])
    with pytest.raises(ValueError, match="start and end must differ, got"):
        along(wide, [0, 1, 0], [0, 1, 0])
    with pytest.raises(ValueError, match="points must hold at least two points, got 1"):
        polyline(wide, [[0, 0, 0]])
    tanh = Network([[[1]], [[1]]], [[0], [0]], "tanh")
    nan = Network([[[1]], [[np.nan]]], [[0], [0]])
    for broken, message in [
        (tanh, "activation must be one of relu, leaky_relu, identity"),
        (nan, r"weights\[1\] must be finite numbers, got nan"),
        (wide, "net must have one input"),
    ]:
        for many in (breakpoints_of, count_breakpoints):
            with pytest.raises(ValueError, match=r"nets\[1\]: " + message):
                many([net, broken, broken], -1, 1)
        with pytest.raises(ValueError, match=message):
            breakpoints(broken, -1, 1)


def test_points_outside_the_domain_are_refused():
    found = breakpoints(single_layer([1], [0], [1]), -1, INF)
    assert found([-1, 2]).ravel().tolist() == [0, 2]
    for bad in (-1.1, np.nan, INF):
        with pytest.raises(ValueError, match=r"t must be finite and from -1\.0 to inf"):
            found([bad])


def test_more_pieces_than_memory_may_hold_are_refused(monkeypatch):
    monkeypatch.setattr(line_search, "MOST_NUMBERS", 1000)
    assert len(breakpoints(tents(9, 0.5), -1, 1).slopes) == 512
    with pytest.raises(ValueError, match="net must have fewer pieces on a line: 512 of its first"):
        breakpoints(tents(11, 0.5), -1, 1)


def test_json_tells_all():
    found = breakpoints(single_layer([1, 1], [0, -1], [1, -2]), -INF, 4, certify=True)
    told = json.loads(found.to_json())
    assert told["counts"] == {"activation_patterns": 3, "affine_pieces": 3, "breakpoints": 2}
    assert told["patterns"] == ["00", "10", "11"]
    assert told["positions"] == [0, 1]
    assert told["slopes"] == [[0], [1], [-1]]
    assert (told["low"], told["high"], told["certified"]) == (None, 4, True)


# Certificates


def without(found: Pieces, k: int) -> Pieces:
    """The pieces without piece k and the position after it."""
    rows = {name: np.delete(getattr(found, name), k, axis=0) for name in TABLES}
    ends = {name: np.delete(getattr(found, name), k) for name in ("positions", "kinks")}
    return replace(found, **rows, **ends)


TABLES = ("slopes", "intercepts", "words")


def swapped(found: Pieces) -> Pieces:
    return replace(found, **{name: getattr(found, name)[::-1].copy() for name in TABLES})


def twice(found: Pieces, k: int) -> Pieces:
    rows = {name: np.insert(a := getattr(found, name), k, a[k], axis=0) for name in TABLES}
    position = found.positions[k] - 1e-3
    return replace(
        found,
        **rows,
        positions=np.insert(found.positions, k, position),
        kinks=np.insert(found.kinks, k, False),
    )


def changed(found: Pieces, name: str, index, by) -> Pieces:
    array = getattr(found, name).copy()
    array[index] ^= by
    return replace(found, **{name: array})


def moved(found: Pieces, name: str, by: float) -> Pieces:
    array = getattr(found, name).copy()
    array[2] *= 1 + by
    return replace(found, **{name: array})


LIES = {
    "a piece is missing": lambda found: without(found, 3),
    "the first piece is missing": lambda found: without(found, 0),
    "a piece is there twice": lambda found: twice(found, 3),
    "pieces are in the wrong order": swapped,
    "a first neuron's state is wrong": lambda f: changed(f, "words", (3, 0), np.uint64(1)),
    "a last neuron's state is wrong": lambda f: changed(f, "words", (3, 0), np.uint64(1 << 19)),
    "a kink is denied": lambda found: changed(found, "kinks", 2, True),
    "a position is off": lambda found: moved(found, "positions", 1e-6),
    "a slope is off": lambda found: moved(found, "slopes", 1e-9),
    "an intercept is off": lambda found: moved(found, "intercepts", 1e-9),
    "an array is short": lambda found: replace(found, kinks=found.kinks[:-1]),
}


@pytest.mark.parametrize("kind", ["normal", "tenths"])
@pytest.mark.parametrize("lie", LIES)
def test_a_proof_finds_out(lie, kind):
    net = make_plain(12, (1, 10, 10, 1), kind)
    found = breakpoints(net, -5, 5)
    assert len(found.positions) > 6
    known = ExactLine(net, interval(-5, 5)), kernel_net(net, interval(-5, 5))
    prove(found, *known)
    with pytest.raises(CertificateError):
        prove(LIES[lie](found), *known)


def test_a_proof_finds_out_wherever_a_state_is_wrong():
    net = make_plain(13, (1, 3, 3, 1), "halves")
    found = breakpoints(net)
    line = interval(-INF, INF)
    known = ExactLine(net, line), kernel_net(net, line)
    assert len(found.positions) >= 2
    for piece in range(len(found.slopes)):
        for neuron in range(6):
            lie = changed(found, "words", (piece, 0), np.uint64(1 << neuron))
            with pytest.raises(CertificateError):
                prove(lie, *known)
