"""The proofs of a plane's cells deny what is wrong: for each check, something that no other denies.

What is wrong is consistent otherwise: areas and the sides of edges are made anew.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from npnets_kernels import plane_forms, plane_shape
from npnets_kernels.plane_proof import all_distinct
from plane_networks import he_net, random_net

from npnets.network import Network
from npnets.regions import plane_certificate, plane_claims, plane_cutting
from npnets.regions.certificates import CertificateError
from npnets.regions.exact import ExactNetwork
from npnets.regions.patterns import unpack
from npnets.regions.plane import Cells, _cells_of, cells
from npnets.regions.plane_cutting import Subdivision
from npnets.regions.plane_domain import plane_of, rectangle


def subdivision(net) -> Subdivision:
    exact = ExactNetwork(net)
    return Subdivision(exact, plane_of(None, 2), rectangle(-1, 1), 1, 1 << 30)


def made(net) -> tuple[Subdivision, Cells]:
    made_by = subdivision(net)
    found = _cells_of(made_by, made_by.cut())
    assert plane_certificate.prove(made_by, found).certified
    return made_by, found


def remade(made_by, found, **changes):
    """The cells with some fields changed, and those that follow from them."""
    wrong = replace(found, **changes)
    sides, areas = np.empty((len(wrong.edges), 2), np.int32), np.empty(len(wrong.cell_offsets) - 1)
    rings = wrong.cell_offsets, wrong.cell_vertices, made_by.levels[-1].corner_edges
    plane_shape.describe(plane_forms.Cells(wrong.edges, *rings), wrong.vertices, sides, areas)
    return replace(wrong, edge_cells=sides, areas=areas)


def assert_denied(made_by, wrong, message):
    with pytest.raises(CertificateError, match=message):
        plane_certificate.prove(made_by, wrong)


def flipped(words, row, bit):
    words = words.copy()
    words[row, bit // 64] ^= np.uint64(1 << bit % 64)
    return words


def with_flipped(made_by, found, layer, cell, neuron):
    """The cells where a neuron has the other state on one cell of a layer, and on all its parts."""
    level = made_by.levels[layer + 1]
    made_by.levels[layer + 1] = level._replace(words=flipped(level.words, cell, neuron))
    return replace(found, words=made_by.words())


# Rings and edges


@pytest.mark.parametrize("field", ["cell_vertices", "edge_cells", "areas"])
def test_cells_and_edges_that_disagree_are_denied(field):
    made_by, found = made(he_net((2, 6, 6, 1)))
    turned = found.cell_vertices.copy()
    turned[:2] = turned[1::-1]
    wrong = {"cell_vertices": turned, "edge_cells": found.edge_cells[:, ::-1]}
    wrong["areas"] = found.areas + 1e-3
    assert_denied(made_by, replace(found, **{field: wrong[field]}), "cells and edges don't agree")


def test_an_inner_edge_that_passes_for_the_border_is_denied():
    made_by, found = made(he_net((2, 6, 6, 1)))
    neurons = found.edge_neurons.copy()
    neurons[np.flatnonzero(neurons >= 0)[0]] = -1
    wrong = replace(found, edge_neurons=neurons)
    assert_denied(made_by, wrong, "an edge has the wrong number of cells")


def test_an_edge_of_no_cell_is_denied():
    made_by, found = made(he_net((2, 6, 6, 1)))
    more = {"edges": [[0, 1]], "edge_neurons": [-1], "edge_cells": [[-1, -1]]}
    changes = {
        name: np.concatenate([getattr(found, name), np.array(last, np.int32)])
        for name, last in more.items()
    }
    assert_denied(made_by, replace(found, **changes), "an edge has the wrong number of cells")


@pytest.mark.parametrize("parent", [-1, "count"])
@pytest.mark.parametrize("layer", [1, 2])
def test_a_cell_whose_parent_does_not_exist_is_denied(layer, parent):
    made_by, found = made(he_net((2, 6, 6, 1)))
    count = len(made_by.levels[layer - 1].parents)
    parents = made_by.levels[layer].parents.copy()
    parents[-1] = count if parent == "count" else parent
    made_by.levels[layer] = made_by.levels[layer]._replace(parents=parents)
    assert_denied(made_by, found, f"cells of layer {layer} aren't in the order of their parents")


def test_a_state_of_a_neuron_that_does_not_exist_is_denied():
    made_by, found = made(he_net((2, 6, 6, 1)))
    wrong = with_flipped(made_by, found, 1, 3, 10)
    assert_denied(made_by, wrong, "cell 3 of layer 2 has a wrong state")


def test_a_vertex_of_no_cell_is_denied():
    made_by, found = made(he_net((2, 6, 6, 1)))
    vertices = np.concatenate([found.vertices, [[0.1, 0.1]]])
    errors = np.append(found.vertex_errors, 0.0)
    wrong = replace(found, vertices=vertices, vertex_errors=errors)
    assert_denied(made_by, wrong, "V - E \\+ F must be 1, got 2")


def test_an_edge_on_a_side_that_it_leaves_is_denied():
    made_by, found = made(he_net((2, 6, 6, 1)))
    of_edges = made_by.lines.of_edges.copy()
    border = np.flatnonzero(found.edge_neurons < 0)
    edge = border[of_edges[border] == 0][0]
    of_edges[edge] = 2
    made_by.lines = made_by.lines._replace(of_edges=of_edges)
    assert_denied(made_by, found, "an edge on side 2 leaves it")


def test_a_border_with_a_gap_is_denied():
    made_by, found = made(he_net((2, 6, 6, 1)))
    neurons = found.edge_neurons.copy()
    neurons[np.flatnonzero(neurons < 0)[0]] = 0
    # in a proof the rings would be denied first
    with pytest.raises(CertificateError, match="don't lead round"):
        plane_certificate._check_border(made_by, replace(found, edge_neurons=neurons))


# Patterns


def test_equal_rows_are_found_among_many():
    words = np.random.default_rng(0).integers(0, 1 << 60, (5000, 3)).astype(np.uint64)
    assert all_distinct(words)
    words[4321] = words[17]
    assert not all_distinct(words)


def test_two_cells_of_one_pattern_are_denied():
    made_by, found = made(he_net((2, 6, 6, 1)))
    words = found.words.copy()
    words[3] = words[40]
    assert_denied(made_by, replace(found, words=words), "two cells have one pattern")


def test_an_edge_of_a_neuron_that_keeps_its_state_is_denied():
    made_by, found = made(he_net((2, 6, 6, 1)))
    neurons = found.edge_neurons.copy()
    inner = np.flatnonzero(neurons >= 0)[0]
    neurons[inner] = (neurons[inner] + 1) % 12
    wrong = replace(found, edge_neurons=neurons)
    assert_denied(made_by, wrong, "an edge's neuron doesn't change its state")


def test_patterns_that_are_not_those_of_the_layers_are_denied():
    made_by, found = made(he_net((2, 6, 6, 1)))
    wrong = replace(found, words=found.words ^ np.uint64(1 << 3))  # distinct, and change at edges
    assert_denied(made_by, wrong, "patterns aren't those of the layers")


@pytest.mark.parametrize("layer", [0, 1])
@pytest.mark.parametrize("seed", range(5))
def test_one_wrong_state_is_denied(seed, layer):
    made_by, found = made(he_net((2, 6, 6, 1), seed))
    cell = int(np.random.default_rng(seed).integers(len(made_by.levels[layer + 1].parents)))
    inside = np.arange(len(found.areas)) == cell
    if layer == 0:
        inside = made_by.levels[2].parents == cell
    around = found.edge_neurons[inside[found.edge_cells].any(axis=1)] - 6 * layer
    neuron = np.setdiff1d(np.arange(6), around)[0]  # that no edge of the cell tells of
    wrong = with_flipped(made_by, found, layer, cell, int(neuron))
    assert_denied(made_by, wrong, f"of layer {layer + 1} has a wrong state")


def test_a_neuron_that_is_zero_all_over_a_cell_is_not_active_there():
    # the second layer sees max(0, x) only, and is zero for all x < 0
    net = Network([[[1.0, 0.0]], [[1.0]], [[1.0]]], [[0.0], [0.0], [0.0]])
    made_by, found = made(net)
    cell = int(np.flatnonzero(~found.patterns[:, 1])[0])
    wrong = with_flipped(made_by, found, 1, cell, 0)
    assert_denied(made_by, wrong, f"cell {cell} of layer 2 has a wrong state")


@pytest.mark.parametrize("seed", range(10))
def test_two_vertices_in_each_others_places_are_denied(seed):
    rng = np.random.default_rng(seed)
    made_by, found = made(he_net((2, 6, 6, 1), seed))
    one, other = rng.choice(np.arange(4, len(found.vertices)), 2, replace=False)
    vertices = found.vertices.copy()
    vertices[[one, other]] = vertices[[other, one]]
    wrong = remade(made_by, found, vertices=vertices)
    assert_denied(made_by, wrong, "has a wrong state|areas must sum")


def test_a_corner_that_came_about_elsewhere_is_denied():
    made_by, found = made(he_net((2, 6, 6, 1)))
    on_edges = made_by.exact.made[2]
    assert (on_edges.layer, len(on_edges.parents)) == (1, 41)
    parents = on_edges.parents.copy()
    parents[20] = [0, 2]  # two corners of the square, and no small cell has both
    made_by.exact.made[2] = on_edges._replace(parents=parents)
    assert_denied(made_by, found, "of layer 2 has a wrong state, or a corner out of place")


# Areas


def test_a_cell_without_area_is_denied():
    made_by, found = made(he_net((2, 6, 6, 1)))
    wrong = replace(
        found,
        cell_offsets=np.append(found.cell_offsets, found.cell_offsets[-1] + 2),
        cell_vertices=np.append(found.cell_vertices, found.edges[50]),
        areas=np.append(found.areas, 0.0),
    )
    # in a proof its pattern would be denied first, which can't be true of both sides
    with pytest.raises(CertificateError, match=f"cell {len(found.areas)} has no area"):
        plane_certificate._check_areas(made_by, wrong)


def test_areas_that_do_not_sum_to_the_domain_are_denied():
    made_by, found = made(he_net((2, 6, 6, 1)))
    vertices = found.vertices.copy()
    vertices[0] -= 1e-9  # a corner of the square
    assert_denied(made_by, remade(made_by, found, vertices=vertices), "areas must sum")


@pytest.mark.parametrize("most", [1, 50])
def test_few_doubts_at_a_time_prove_and_deny_as_many_do(most, monkeypatch):
    net = he_net((2, 6, 6, 2))
    silent = (
        [net.weights[0], 0 * net.weights[1], net.weights[2]],
        [net.biases[0], *[[0.0] * 6, [0.0] * 2]],
    )
    made_by, found = made(Network(*silent))  # floats leave all of the second layer open
    known, judged, judge = found.map_errors, [], plane_claims.Claims._judge

    def watched(claims, doubts):
        judged.append(len(doubts))
        judge(claims, doubts)

    monkeypatch.setattr(plane_claims, "DOUBTS", most)
    monkeypatch.setattr(plane_claims.Claims, "_judge", watched)
    proven = plane_certificate.prove(made_by, found)
    assert (proven.map_errors <= 2 * known + 1e-14).all()
    corners = np.diff(found.cell_offsets)
    assert max(judged) <= max(most, 2 * 6 * corners.max())
    assert sum(judged) == 6 * corners.sum()
    for cell in (0, len(corners) - 1):
        made_by, found = made(Network(*silent))
        wrong = with_flipped(made_by, found, 1, cell, 5)
        assert_denied(made_by, wrong, f"cell {cell} of layer 2 has a wrong state")


# Maps


@pytest.mark.parametrize("net", [he_net((2, 6, 6, 2)), random_net((2, 2), 0)], ids=["deep", "flat"])
@pytest.mark.parametrize("column", range(3))
def test_one_wrong_number_of_a_map_is_denied(net, column):
    made_by, found = made(net)
    maps = found.maps.copy()
    maps[len(maps) // 2, 1, column] += 1e-11
    wrong = replace(found, maps=maps)
    assert_denied(made_by, wrong, f"cell {len(maps) // 2} has a wrong map")


def test_the_proof_takes_the_weights_from_the_network():
    made_by = subdivision(he_net((2, 6, 6, 2)))
    made_by.floats.layers[-1].weights[0, 0] += 1e-3
    found = _cells_of(made_by, made_by.cut())
    assert_denied(made_by, found, "has a wrong map")


@pytest.mark.parametrize("slope", [0.0, 2.0])
def test_forms_are_as_large_as_the_proof_and_the_run_say_and_no_larger(slope, monkeypatch):
    net = random_net((2, 9, 70, 9, 2), 1, "leaky_relu", slope)
    made_by = subdivision(net)
    told, sweep, check = [], plane_cutting.sweep, plane_claims.Claims.check

    def swept(floats, layer, vertices, cells, forms, threads):
        result = sweep(floats, layer, vertices, cells, forms, threads)
        told.append((layer, result.sizes, forms.size_bounds))
        return result

    def checked(claims, *arguments):
        known = check(claims, *arguments)
        told.append((claims.layer, known.sizes, known.size_bounds))
        return known

    monkeypatch.setattr(plane_cutting, "sweep", swept)
    monkeypatch.setattr(plane_claims.Claims, "check", checked)
    plane_certificate.prove(made_by, _cells_of(made_by, made_by.cut()))
    assert len(told) == 6
    for layer, sizes, bounds in told:
        np.testing.assert_allclose(sizes, largest_forms(net, made_by, layer), rtol=1e-9)
        assert (sizes <= bounds).all()


def largest_forms(net, made_by, layer):
    """The largest coefficients of a layer's preactivations on any cell of those before."""
    widths, cells = net.widths[1 : layer + 1], len(made_by.levels[layer].parents)
    of_cells, states = np.arange(cells), []
    for k in range(layer, 0, -1):
        states.insert(0, unpack(made_by.levels[k].words[of_cells], widths[k - 1]))
        of_cells = made_by.levels[k].parents[of_cells]
    largest = np.zeros(3)
    for cell in range(cells):
        forms = np.column_stack([net.weights[0], net.biases[0]])
        for k in range(layer):
            forms = net.weights[k + 1] @ (forms * np.where(states[k][cell], 1, net.slope)[:, None])
            forms[:, 2] += net.biases[k + 1]
        largest = np.maximum(largest, np.abs(forms).max(axis=0))
    return largest


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "identity"])
def test_proven_bounds_on_the_maps_errors_hold_even_if_the_claimed_ones_are_large(activation):
    made_by, found = made(random_net((2, 7, 6, 5, 2), 0, activation, 2.0))
    rough = found.maps + np.random.default_rng(0).uniform(-1e-3, 1e-3, found.maps.shape)
    for maps, error in ((found.maps, 1e-9), (rough, 1.1e-3)):
        claimed = replace(found, maps=maps, map_errors=np.ones(3))
        proven = plane_certificate.prove(made_by, claimed).map_errors
        assert (proven < error).all()
        for cell in range(0, len(maps), 11):
            active = found.patterns[cell] if found.neurons else np.ones(18, bool)
            states = [some.tolist() for some in np.split(active, [7, 13])]
            exact = found.exact.exact.maps(states)[-1]
            for row, numbers in zip(maps[cell].tolist(), exact.numerators.tolist(), strict=True):
                for value, number, most in zip(row, numbers, proven, strict=True):
                    assert abs(Fraction(value) - Fraction(number, exact.denominator)) <= most


def test_certified_cells_are_the_others_with_proven_bounds_on_their_maps():
    net = he_net((2, 20, 20, 3))
    plain, certified = cells(net, -1, 1), cells(net, -1, 1, certify=True)
    assert certified.certified
    assert not plain.certified
    assert certified.maps.tobytes() == plain.maps.tobytes()
    assert (certified.pieces == plain.pieces).all()
    assert (certified.map_errors < 1e-11).all()
