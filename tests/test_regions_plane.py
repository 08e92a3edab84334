"""Cells in the plane, against rational arithmetic, known arrangements and a peer."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import comb

import naive_regions as naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plane_networks import (
    SQUARE,
    as_set,
    assert_like_rational_arithmetic,
    he_net,
    one_layer,
    patterns,
    random_net,
)

from npnets.network import Network
from npnets.regions.float_network import spectral_norm
from npnets.regions.plane import cells
from npnets.regions.plane_domain import convex_polygon
from npnets.shapes import compositions

SMALL = [shape for n in range(1, 7) for shape in compositions(n)]


@pytest.mark.parametrize("kind", ["normal", "signs", "integers", "quarters"])
@pytest.mark.parametrize("activation", ["relu", "leaky_relu"])
def test_all_shapes_of_up_to_six_neurons_are_as_rational_arithmetic_has_them(kind, activation):
    for seed, shape in enumerate(SMALL):
        slope = (0.25, 2.0, 0.0, 0.01)[seed % 4]
        net = random_net((2, *shape, 1 + seed % 2), seed, activation, slope, kind)
        assert_like_rational_arithmetic(net)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_thousands_of_small_networks_are_as_rational_arithmetic_has_them(seed):
    rng = np.random.default_rng(seed)
    for k in range(100):
        shape = tuple(rng.integers(1, 5, rng.integers(1, 4)))
        kind = ("normal", "signs", "integers", "quarters")[k % 4]
        activation = ("relu", "leaky_relu")[k % 3 == 0]
        net = random_net((2, *shape, 1), int(rng.integers(1 << 30)), activation, 0.5, kind)
        assert_like_rational_arithmetic(net)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_small_weights_are_as_rational_arithmetic_has_them(data):
    shape = data.draw(st.sampled_from(SMALL[:40]))
    number = st.one_of(
        st.integers(-2, 2).map(float),
        st.sampled_from([0.1, 1 / 3, 2.0**-60, 1e-30, -(2.0**-30)]),
        st.floats(-2, 2, width=16),
    )
    widths = (2, *shape, 1)
    weights = [
        np.reshape(data.draw(st.lists(number, min_size=b * a, max_size=b * a)), (b, a))
        for a, b in pairwise(widths)
    ]
    biases = [data.draw(st.lists(number, min_size=b, max_size=b)) for b in widths[1:]]
    assert_like_rational_arithmetic(Network(weights, biases))


@pytest.mark.parametrize(
    ("weights", "biases"),
    [
        ([[[0.0, 0.0]], [[-1e300]], [[1.0]]], [[-5e-324], [-1e-25], [0.0]]),
        (
            [[[0.0, 0.0], [1.0, 0.0], [-1.0, 0.0]], [[-1e308, 1e-16, -1e-16]], [[1.0]]],
            [[-5e-324, 0.0, 0.0], [0.0], [0.0]],
        ),
    ],
)
def test_slopes_that_underflow_decide_nothing(weights, biases):
    """A quarter of the smallest float is 0 as a float, but a weight makes it larger than 1e-25."""
    assert_like_rational_arithmetic(Network(weights, biases, "leaky_relu", 0.25))


@pytest.mark.filterwarnings("error")
def test_where_floats_overflow_cells_are_proven_and_gradients_have_no_bounds():
    weights = [[[1e200, 0.0], [1e200, 0.0]], [[1e200, -1e200]], [[1.0]]]
    net = Network(weights, [[0.0, 0.0], [-1.0], [0.0]])
    found = cells(net, -1, 1, certify=True)
    assert sorted(patterns(found)) == [(False, False, False), (True, True, False)]
    assert (found.maps == 0).all()
    assert np.isinf(found.map_errors[:2]).all()


@pytest.mark.parametrize("n", [1, 2, 3, 10, 64, 65, 100])
def test_lines_in_general_position_make_all_cells_that_there_can_be(n):
    rng = np.random.default_rng(n)
    angles = rng.uniform(0, np.pi, n)
    lines = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    found = cells(one_layer(lines, rng.uniform(-0.1, 0.1, n)), -1e7, 1e7, certify=True)
    assert len(found.areas) == 1 + n + comb(n, 2)


@pytest.mark.parametrize("n", [1, 2, 3, 17, 70])
def test_lines_through_one_point_make_two_cells_each(n):
    angles = np.arange(n) * np.pi / n + 0.1
    lines = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    found = cells(one_layer(lines, np.zeros(n)), -1, 1, certify=True)
    assert len(found.areas) == 2 * n
    assert (found.fallbacks > 0) == (n > 2)
    assert (np.abs(found.vertices).max(axis=1) < 1e-12).sum() == (n > 1)


@pytest.mark.parametrize("n", [1, 5, 33])
def test_grids_have_a_cell_for_each_row_and_column(n):
    places = np.arange(1, n + 1) / (n + 1)
    lines = np.repeat(np.eye(2), n, axis=0)
    found = cells(one_layer(lines, -np.tile(places, 2)), 0, 1, certify=True)
    assert len(found.areas) == (n + 1) ** 2
    np.testing.assert_allclose(found.areas, 1 / (n + 1) ** 2)


def test_three_lines_meet_at_every_point_of_a_lattice():
    lines = np.repeat([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], 15, axis=0)
    found = cells(one_layer(lines, np.tile(np.arange(-7, 8) / 4, 3)), -1, 1, certify=True)
    assert len(found.areas) == 2 * 64  # every square in two; the border's lines cut nothing
    assert len(found.vertices) == 81


TIES = {
    "duplicates": ([[1, 2], [1, 2], [-1, -2], [2, 4]], [0.5, 0.5, -0.5, 1], 2),
    "parallel": ([[1, 2], [1, 2], [1, 2]], [0, 0.25, -0.5], 4),
    "along the border": ([[1, 0], [0, 1], [-1, 0]], [1, 1, 1], 1),
    "through corners": ([[1, 1], [1, -1]], [0, 0], 4),
    "touching a corner": ([[1, 1], [1, 1]], [2, -2], 1),
    "dead": ([[0, 0], [0, 0], [0, 0]], [1, -1, 0], 1),
    "outside": ([[1, 0], [0, 1]], [5, -5], 1),
}


@pytest.mark.parametrize("case", TIES)
def test_ties_follow_the_convention(case):
    weights, biases, count = TIES[case]
    net = one_layer(weights, biases)
    assert len(assert_like_rational_arithmetic(net).areas) == count


def test_a_neuron_that_is_zero_on_a_whole_cell_is_inactive_there_and_cuts_nothing():
    # the second layer sees max(0, x) only, and is zero for all x < 0
    net = Network([[[1.0, 0.0]], [[1.0], [-1.0]], [[1.0, 1.0]]], [[0.0], [0.0, 0.0], [0.0]])
    found = assert_like_rational_arithmetic(net)
    assert sorted(patterns(found)) == [(False, False, False), (True, True, False)]


def test_vertices_lie_exactly_on_the_lines_of_later_layers():
    # |x| + |y| - 1 on the corners of the diamond's square
    fold = [[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]]
    net = Network([fold, np.ones((2, 4)), [[1.0, 1.0]]], [np.zeros(4), [-1.0, -2.0], [0.0]])
    found = assert_like_rational_arithmetic(net)
    assert len(found.areas) == 8


def test_neurons_of_identity_layers_have_no_states():
    for activation, slope in (("identity", 0.01), ("leaky_relu", 1.0)):
        net = random_net((2, 5, 4, 3), 0, activation, slope)
        found = cells(net, -1, 1, certify=True)
        assert found.words.shape == (1, 0)
        assert found.counts[:2] == (1, 1)
        points = np.random.default_rng(0).uniform(-1, 1, (9, 2))
        got = points @ found.maps[0, :, :2].T + found.maps[0, :, 2]
        np.testing.assert_allclose(got, net(points), rtol=1e-12, atol=1e-12)


def test_a_network_without_hidden_layers_is_one_cell():
    found = cells(random_net((2, 3), 0), -1, 1, certify=True)
    assert found.counts[:2] == (1, 1)
    assert found.areas.tolist() == [4.0]


@pytest.mark.parametrize(
    "widths",
    [
        (2, 64, 64, 1),
        (2, 65, 30, 2),
        (2, 7, 130, 3, 1),
        (2, 8, 8, 130, 1),
        (2, 8, 70, 2),
        (2, 20, 20, 20, 9),
        (2, *[4] * 20, 1),
    ],
)
def test_proofs_hold_and_maps_are_the_network_for_wide_and_deep_networks(widths):
    net = he_net(widths, seed=1)
    found = cells(net, -1, 1, certify=True)
    assert found.certified
    assert found.fallbacks < 1e-3 * found.decisions
    rng = np.random.default_rng(0)
    for cell in rng.choice(len(found.areas), min(200, len(found.areas)), replace=False):
        ring = found.cell_vertices[found.cell_offsets[cell] : found.cell_offsets[cell + 1]]
        point = rng.dirichlet(np.ones(len(ring))) @ found.vertices[ring]
        wide = Network([w.astype(float) for w in net.weights], net.biases)
        got = found.maps[cell] @ [*point, 1.0]
        np.testing.assert_allclose(got, wide(point[None])[0], rtol=1e-10, atol=1e-10)


def test_vertices_are_within_their_errors_of_the_exact_ones():
    found = cells(he_net((2, 12, 12, 12, 1)), -1, 1)
    assert found.vertex_errors.max() < 1e-6
    for vertex in range(0, len(found.vertices), 7):
        exact = found.exact.position(vertex)
        apart = [
            abs(Fraction(x) - y)
            for x, y in zip(found.vertices[vertex].tolist(), exact, strict=True)
        ]
        assert max(apart) <= found.vertex_errors[vertex]


def test_maps_are_within_their_errors_of_the_exact_ones():
    found = cells(he_net((2, 12, 12, 12, 2)), -1, 1)
    exact = found.exact.exact
    assert found.map_errors.max() < 1e-10
    for cell in range(0, len(found.areas), 9):
        states = np.split(found.patterns[cell], 3)
        maps = exact.maps([layer.tolist() for layer in states])[-1]
        for got, numerators in zip(found.maps[cell], maps.numerators, strict=True):
            for column, (value, number) in enumerate(zip(got.tolist(), numerators, strict=True)):
                apart = abs(Fraction(value) - Fraction(int(number), maps.denominator))
                assert apart <= found.map_errors[column]


@pytest.mark.parametrize("seed", range(3))
def test_regioncam_finds_the_same_cells(seed):
    regioncam = pytest.importorskip("regioncam")
    net = he_net((2, 24, 24, 1), seed)
    found = cells(net, -1, 1, certify=True)
    camera = regioncam.Regioncam(size=1.0)
    camera.linear(np.ascontiguousarray(net.weights[0].T), net.biases[0])
    camera.relu()
    camera.linear(np.ascontiguousarray(net.weights[1].T), net.biases[1])
    camera.relu()
    assert camera.num_faces == len(found.areas)
    assert camera.num_vertices == len(found.vertices)
    assert camera.num_edges == len(found.edges)


@pytest.mark.parametrize("kind", ["normal", "integers"])
def test_permuting_neurons_permutes_patterns(kind):
    net = random_net((2, 6, 5, 1), 3, kind=kind)
    order, n = np.random.default_rng(0).permutation(6), 11
    (w1, w2, w3), (b1, b2, b3) = net.weights, net.biases
    other = Network([w1[order], w2[:, order], w3], [b1[order], b2, b3])
    columns = np.arange(n)
    columns[:6] = np.argsort(order)
    assert as_set(cells(net, -1, 1)) == as_set(cells(other, -1, 1), columns)


@pytest.mark.parametrize("kind", ["normal", "integers"])
def test_rescaling_neurons_by_powers_of_two_changes_nothing(kind):
    net = random_net((2, 6, 5, 1), 4, kind=kind)
    scale = 2.0 ** np.array([3, -2, 0, 7, -20, 30])
    (w1, w2, w3), (b1, b2, b3) = net.weights, net.biases
    other = Network([w1 * scale[:, None], w2 / scale, w3], [b1 * scale, b2, b3])
    assert as_set(cells(net, -1, 1)) == as_set(cells(other, -1, 1))


def test_moving_the_inputs_by_a_dyadic_amount_moves_the_cells():
    net = random_net((2, 6, 5, 1), 5, kind="integers")
    move = np.array([0.5, -0.25])
    biases = [net.biases[0] - net.weights[0] @ move, *net.biases[1:]]
    other = Network(net.weights, biases)
    assert as_set(cells(net, -1, 1)) == as_set(cells(other, -1 + move, 1 + move))


def test_a_slice_has_the_cells_of_the_network_composed_with_it():
    net = random_net((3, 5, 4, 2), 0, kind="quarters")
    origin, u, v = np.array([[0.25, 0.5, -1.0], [1.0, 0.5, 0.0], [0.0, -0.25, 2.0]])
    flat = np.stack([u, v], axis=1)
    (w1, *weights), (b1, *biases) = net.weights, net.biases
    composed = Network([w1 @ flat, *weights], [w1 @ origin + b1, *biases])  # exact in quarters
    found = cells(net, -1, 1, plane=(origin, u, v), certify=True)
    assert as_set(found) == as_set(cells(composed, -1, 1))
    assert found.counts == cells(composed, -1, 1).counts
    inside = found.vertices[::3]
    got = level_values(found, inside)
    np.testing.assert_allclose(got, net(origin + inside @ flat.T)[:, 0], atol=1e-12)


def test_a_slice_is_the_exact_one_where_composing_it_would_round():
    # x + y + z is 0 all along (1/10, 2/10, -3/10) s only if 0.1 + 0.2 - 0.3 were, which it isn't
    net = Network([[[1.0, 1.0, 1.0]], [[1.0]]], [[0.0], [0.0]])
    plane = ([0.0, 0.0, 0.0], [0.1, 0.2, -0.3], [1.0, -1.0, 0.0])
    found = cells(net, -1, 1, plane=plane, certify=True)
    assert len(found.areas) == 2


def level_values(found, points):
    """The first output at vertices, by any cell's map around."""
    values = np.full(len(points), np.nan)
    for cell in range(len(found.areas)):
        ring = found.cell_vertices[found.cell_offsets[cell] : found.cell_offsets[cell + 1]]
        for k, point in enumerate(points):
            if (found.vertices[ring] == point).all(axis=1).any():
                values[k] = found.maps[cell, 0] @ [*point, 1.0]
    return values


@pytest.mark.parametrize("sides", [3, 5, 12])
def test_polygons_in_either_direction_are_filled(sides):
    angles = 2 * np.pi * np.arange(sides) / sides + 0.3
    polygon = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    net = he_net((2, 10, 10, 1), 2)
    found = cells(net, polygon=polygon, certify=True)
    assert found.areas.sum() == pytest.approx(sides / 2 * np.sin(2 * np.pi / sides), rel=1e-12)
    assert as_set(found) == as_set(cells(net, polygon=polygon[::-1], certify=True))
    assert_like_rational_arithmetic(random_net((2, 3, 2, 1), 1), polygon.tolist())


def test_areas_of_a_rectangle_sum_to_it_exactly_in_rational_arithmetic():
    found = cells(he_net((2, 9, 9, 1)), (-1, 0.1), (0.7, 2))
    exact = [tuple(map(Fraction, point)) for point in found.vertices.tolist()]
    rings = np.split(found.cell_vertices, found.cell_offsets[1:-1])
    areas = [naive.area([exact[v] for v in ring.tolist()]) for ring in rings]
    assert min(areas) > 0
    assert sum(areas) == (Fraction(0.7) + 1) * (2 - Fraction(0.1))


def test_edges_lie_between_cells_that_differ_in_their_neuron():
    found = cells(random_net((2, 5, 5, 1), 3, kind="integers"), -2, 2)
    inner = found.edge_neurons >= 0
    assert ((found.edge_cells < 0).any(axis=1) == ~inner).all()
    left, right = found.edge_cells[inner].T
    differ = found.patterns[left] != found.patterns[right]
    assert differ[np.arange(inner.sum()), found.edge_neurons[inner]].all()
    assert len(found.adjacency) == inner.sum()


def test_results_are_json():
    import json

    record = json.loads(cells(random_net((2, 3, 1), 0), -1, 1).to_json())
    assert (
        record["counts"]["activation_patterns"] == len(record["cells"]) == len(record["patterns"])
    )
    assert len(record["patterns"][0]) == 3


# What must be refused

#: for a limaçon, which goes round twice, from within
ROUND = np.pi + 2 * np.pi * np.arange(24) / 24

BAD = {
    "low must be below high, got 1 and -1": {"low": 1, "high": -1},
    "low must be below high": {"low": 0, "high": (1, 0)},
    "low must be finite": {"low": -np.inf, "high": 1},
    "high must be finite": {"low": 0, "high": np.nan},
    "low must be one number or two": {"low": (1, 2, 3), "high": 1},
    "low and high must both be given": {"low": 0},
    "polygon must be given alone": {"low": 0, "high": 1, "polygon": SQUARE},
    "polygon must have shape": {"polygon": [[0, 0], [1, 1]]},
    "polygon must be convex": {"polygon": [[0, 0], [1, 0], [0.2, 0.2], [0, 1]]},
    "polygon must hold finite": {"polygon": [[0, 0], [1, 0], [0, np.nan]]},
    "max_cells must be an integer": {"low": 0, "high": 1, "max_cells": 0},
    "threads must be an integer": {"low": 0, "high": 1, "threads": 0},
    "plane must be .origin, u, v.": {"low": 0, "high": 1, "plane": ([0, 0], [1, 0])},
    "plane's v must have shape": {"low": 0, "high": 1, "plane": ([0, 0], [1, 0], [1])},
    "plane's u and v must not be parallel": {
        "low": 0,
        "high": 1,
        "plane": ([0, 0], [1, 2], [2, 4]),
    },
    "plane's u must hold finite": {"low": 0, "high": 1, "plane": ([0, 0], [np.inf, 2], [2, 4])},
}


@pytest.mark.parametrize("message", BAD)
def test_bad_domains_are_refused(message):
    with pytest.raises(ValueError, match=message):
        cells(random_net((2, 3, 1), 0), **BAD[message])


@pytest.mark.parametrize(
    "polygon",
    [
        [[0, 0], [1, 0], [2, 0]],
        [[0, 0], [1, 0], [2, 0], [1, 1]],
        [[0, 0], [0, 0], [1, 0], [0, 1]],
        [[(1 + 2 * np.cos(t)) * np.cos(t), (1 + 2 * np.cos(t)) * np.sin(t)] for t in ROUND],
        [[np.cos(4 * np.pi * k / 5), np.sin(4 * np.pi * k / 5)] for k in range(5)],
    ],
)
def test_degenerate_polygons_and_stars_are_refused(polygon):
    with pytest.raises(ValueError, match="polygon must be convex"):
        convex_polygon(polygon)


def test_bad_networks_are_refused():
    with pytest.raises(ValueError, match="activation must be one of relu"):
        cells(random_net((2, 3, 1), 0, "tanh"), -1, 1)
    with pytest.raises(ValueError, match=r"weights.0. must be finite"):
        cells(Network([[[np.nan, 1.0]], [[1.0]]], [[0.0], [0.0]]), -1, 1)
    with pytest.raises(ValueError, match=r"plane must be given .* 3 inputs"):
        cells(random_net((3, 3, 1), 0), -1, 1)
    with pytest.raises(OverflowError, match="layer 2"):
        cells(Network([[[1e200, 0]], [[1e200]], [[1.0]]], [[0.0], [0.0], [0.0]]), -1, 1)


# The parts


def test_bounds_on_spectral_norms_are_bounds_and_near():
    for shape in ((1, 1), (3, 5), (64, 64), (10, 200)):
        weights = np.random.default_rng(0).standard_normal(shape)
        norm = np.linalg.norm(weights, 2)
        assert norm <= spectral_norm(weights) <= 1.4 * norm
    assert spectral_norm(np.zeros((2, 3))) == 0
    assert np.isfinite(spectral_norm(np.full((3, 3), 1e300)))
    assert spectral_norm(np.full((1, 2), 5e-324)) > 5e-324
