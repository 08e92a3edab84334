"""Cells in the plane, against rational arithmetic, known arrangements, a peer and proofs."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from math import comb

import naive_regions as naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from npnets_kernels.plane_proof import all_distinct

from npnets.network import Network
from npnets.regions import plane_certificate
from npnets.regions.certificates import CertificateError
from npnets.regions.level_sets import level_set
from npnets.regions.plane import Cells, cells
from npnets.regions.plane_cutting import Subdivision
from npnets.regions.plane_domain import convex_polygon, plane_of, rectangle
from npnets.regions.plane_forms import spectral_norm
from npnets.shapes import compositions

SQUARE = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
SLOPES = {"relu": 0.0, "identity": 1.0}
FIELDS = ("vertices", "vertex_errors", "edges", "edge_neurons", "edge_cells", "cell_offsets")
FIELDS += ("cell_vertices", "words", "maps", "areas")


def random_net(widths, seed, activation="relu", slope=0.01, kind="normal"):
    rng = np.random.default_rng(seed)
    draw = {
        "normal": rng.standard_normal,
        "signs": lambda shape: rng.integers(-1, 2, shape).astype(float),
        "integers": lambda shape: rng.integers(-2, 3, shape).astype(float),
        "quarters": lambda shape: rng.integers(-3, 4, shape) / 4,
    }[kind]
    pairs = list(pairwise(widths))
    return Network(
        [draw((b, a)) for a, b in pairs], [draw((b,)) for _, b in pairs], activation, slope
    )


def he_net(widths, seed=0):
    rng = np.random.default_rng(seed)
    weights, biases = [], []
    for a, b in pairwise(widths):
        weights.append(np.float32(rng.standard_normal((b, a)) * np.sqrt(2 / a)))
        biases.append(np.float32(0.1 * rng.standard_normal(b)))
    return Network(weights, biases)


def one_layer(weights, biases):
    """The arrangement of the lines weights x + biases = 0."""
    weights = np.asarray(weights, dtype=float)
    return Network([weights, np.ones((1, len(weights)))], [np.asarray(biases, float), [0.0]])


def patterns(found):
    return [tuple(map(bool, row)) for row in found.patterns]


def assert_like_rational_arithmetic(net, polygon=SQUARE):
    """The same patterns, areas, maps and affine pieces; and the proof holds."""
    found = cells(net, polygon=polygon, certify=True)
    slope = SLOPES.get(net.activation, net.slope)
    weights, biases = ([a.tolist() for a in arrays] for arrays in (net.weights, net.biases))
    wanted = naive.plane_cells(weights, biases, polygon, slope)
    by_pattern = {pattern: (ring, maps) for ring, pattern, maps in wanted}
    assert sorted(patterns(found)) == sorted(by_pattern)
    for k, pattern in enumerate(patterns(found)):
        ring, (gradients, constants) = by_pattern[pattern]
        assert found.areas[k] == pytest.approx(float(naive.area(ring)), rel=1e-9)
        exact = [[*g, c] for g, c in zip(gradients, constants, strict=True)]
        np.testing.assert_allclose(found.maps[k], np.array(exact, float), rtol=1e-12, atol=1e-12)
    assert found.counts.activation_patterns == len(wanted)
    assert found.counts.affine_pieces == naive.plane_pieces(wanted)
    return found


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
    [(2, 64, 64, 1), (2, 65, 30, 2), (2, 7, 130, 3, 1), (2, 20, 20, 20, 9), (2, *[4] * 20, 1)],
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


def test_threads_change_no_byte():
    for net in (he_net((2, 40, 40, 1)), random_net((2, 9, 9, 1), 1, kind="signs")):
        one, two = (cells(net, -1, 1, threads=threads) for threads in (1, 2))
        for name in FIELDS:
            assert getattr(one, name).tobytes() == getattr(two, name).tobytes(), name
        assert (one.decisions, one.fallbacks) == (two.decisions, two.fallbacks)


def as_set(found, order=None):
    bits = found.patterns if order is None else found.patterns[:, order]
    return {
        (tuple(row), round(area, 9)) for row, area in zip(bits.tolist(), found.areas, strict=True)
    }


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


def test_a_budget_stops_before_the_layer_that_would_pass_it():
    net = he_net((2, 20, 20, 20, 1))
    whole = cells(net, -1, 1)
    first = cells(Network((net.weights[0], np.ones((1, 20))), (net.biases[0], [0.0])), -1, 1)
    found = cells(net, -1, 1, max_cells=len(first.areas), certify=True)
    assert not found.complete
    assert found.layers == 1
    assert as_set(found) == as_set(first)
    assert np.isnan(found.maps).all()
    assert found.counts == (len(first.areas), None, None)
    with pytest.raises(ValueError, match="must be complete"):
        level_set(found)
    assert cells(net, -1, 1, max_cells=len(whole.areas)).complete
    assert not cells(net, -1, 1, max_cells=len(whole.areas) - 1, threads=2).complete
    central = one_layer(np.stack([np.cos(np.arange(9)), np.sin(np.arange(9))], axis=1), np.zeros(9))
    assert cells(central, -1, 1, max_cells=18).complete
    assert not cells(central, -1, 1, max_cells=17).complete
    one = cells(net, -1, 1, max_cells=1)
    assert (len(one.areas), one.layers, one.words.shape) == (1, 0, (1, 0))


def test_results_are_json():
    import json

    record = json.loads(cells(random_net((2, 3, 1), 0), -1, 1).to_json())
    assert (
        record["counts"]["activation_patterns"] == len(record["cells"]) == len(record["patterns"])
    )
    assert len(record["patterns"][0]) == 3


# Level sets


def test_a_disc_like_polygon_is_one_closed_line_with_what_is_above_on_its_left():
    angles = 2 * np.pi * np.arange(7) / 7
    lines = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    # 1 - Σ max(0, n_k x - 1/2) is above 0 around the origin
    net = Network([lines, -np.ones((1, 7))], [np.full(7, -0.5), [0.25]])
    (line,) = level_set(cells(net, -3, 3))
    assert (line[0] == line[-1]).all()
    assert naive.area([tuple(point) for point in line[:-1].tolist()]) > 0
    np.testing.assert_allclose(net(line), 0, atol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_level_sets_lie_on_the_level_and_end_on_the_border(seed):
    net = he_net((2, 16, 16, 2), seed)
    found = cells(net, -1, 1)
    wide = Network([w.astype(float) for w in net.weights], net.biases)
    level = float(wide([[0.1, 0.2]])[0, 0])
    lines = level_set(found, level)
    assert lines
    for line in lines:
        np.testing.assert_allclose(wide(line)[:, 0], level, atol=1e-9)
        closed = (line[0] == line[-1]).all()
        assert closed or np.abs(line[[0, -1]]).max(axis=1).tolist() == [1.0, 1.0]
        middle = (line[1:] + line[:-1]) / 2
        np.testing.assert_allclose(wide(middle)[:, 0], level, atol=1e-9)
    for line in level_set(found, 0.0, 0, minus=1):
        np.testing.assert_allclose(wide(line) @ [1, -1], 0, atol=1e-9)


def test_a_level_through_vertices_and_along_edges_is_found_exactly():
    tent = Network([[[1.0, 0.0], [-1.0, 0.0]], [[1.0, 1.0]]], [[0.0, 0.0], [0.0]])  # |x|
    lines = level_set(cells(tent, -1, 1))  # a valley: once on each side
    assert sorted(line.tolist() for line in lines) == [
        [[0.0, -1.0], [0.0, 1.0]],
        [[0.0, 1.0], [0.0, -1.0]],
    ]
    cross = Network([[[1.0, 0.0], [0.0, 1.0]], [[1.0, -1.0]]], [[0.0, 0.0], [0.0]])
    (line,) = level_set(cells(cross, -1, 1))  # max(0, x) - max(0, y)
    assert line.tolist() == [[1.0, 1.0], [0.0, 0.0], [0.0, -1.0]]
    assert level_set(cells(cross, -1, 1), level=1.0) == []  # reached on the border only


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


def test_level_sets_refuse_outputs_that_are_not_there():
    found = cells(random_net((2, 3, 1), 0), -1, 1)
    with pytest.raises(ValueError, match="output must be an integer from 0 to 0"):
        level_set(found, output=1)
    with pytest.raises(ValueError, match="level must be a finite number"):
        level_set(found, level=np.nan)


# The parts


def test_bounds_on_spectral_norms_are_bounds_and_near():
    for shape in ((1, 1), (3, 5), (64, 64), (10, 200)):
        weights = np.random.default_rng(0).standard_normal(shape)
        norm = np.linalg.norm(weights, 2)
        assert norm <= spectral_norm(weights) <= 1.4 * norm
    assert spectral_norm(np.zeros((2, 3))) == 0
    assert np.isfinite(spectral_norm(np.full((3, 3), 1e300)))


def test_equal_rows_are_found_among_many():
    words = np.random.default_rng(0).integers(0, 1 << 60, (5000, 3)).astype(np.uint64)
    assert all_distinct(words)
    words[4321] = words[17]
    assert not all_distinct(words)


# The proof denies what is wrong


def made(net) -> tuple[Subdivision, Cells]:
    made_by = Subdivision(net, plane_of(None, 2), rectangle(-1, 1), 1, 1 << 30)
    made_by.cut()
    found = cells(net, -1, 1)
    plane_certificate.prove(made_by, found)
    return made_by, found


def flipped(words, row, bit):
    words = words.copy()
    words[row, bit // 64] ^= np.uint64(1 << bit % 64)
    return words


@pytest.mark.parametrize("seed", range(10))
def test_one_wrong_state_is_denied(seed):
    rng = np.random.default_rng(seed)
    made_by, found = made(he_net((2, 6, 6, 1), seed))
    last = made_by.levels[-1]
    row, bit = int(rng.integers(len(found.areas))), int(rng.integers(6))
    made_by.levels[-1] = last._replace(words=flipped(last.words, row, bit))
    wrong = replace(found, words=flipped(found.words, row, 6 + bit))
    with pytest.raises(CertificateError):
        plane_certificate.prove(made_by, wrong)


@pytest.mark.parametrize("seed", range(10))
def test_two_wrong_vertices_are_denied(seed):
    rng = np.random.default_rng(seed)
    made_by, found = made(he_net((2, 6, 6, 1), seed))
    one, other = rng.choice(np.arange(4, len(found.vertices)), 2, replace=False)
    vertices = found.vertices.copy()
    vertices[[one, other]] = vertices[[other, one]]
    with pytest.raises(CertificateError):
        plane_certificate.prove(made_by, replace(found, vertices=vertices))


def test_wrong_rings_edges_and_borders_are_denied():
    made_by, found = made(he_net((2, 6, 6, 1)))
    turned = found.cell_vertices.copy()
    turned[:2] = turned[1::-1]
    neurons = found.edge_neurons.copy()
    inner = np.flatnonzero(neurons >= 0)
    neurons[inner[0]] = (neurons[inner[0]] + 1) % 12
    border = found.edge_neurons.copy()
    border[inner[0]] = -1
    for wrong in (
        {"cell_vertices": turned},
        {"edge_neurons": neurons},
        {"edge_neurons": border},
        {"words": np.zeros_like(found.words)},
        {"areas": found.areas + 1e-3},
    ):
        with pytest.raises(CertificateError):
            plane_certificate.prove(made_by, replace(found, **wrong))
