"""Parity and XOR by networks built by hand: right on all inputs, and their exact region counts."""

from __future__ import annotations

import re

import naive_regions as naive
import numpy as np
import pytest
from click.testing import CliRunner
from networks import as_lists

from npnets.commands import main
from npnets.constructions.parities import KINDS, binary_inputs, parity, parity_error, xor
from npnets.network import Network


def cube_counts(net):
    n = net.widths[0]
    bounds = ([0] * n, [1] * n)
    return len(naive.box_cells(*as_lists(net), *bounds)), naive.box_pieces(*as_lists(net), *bounds)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", range(1, 11))
def test_parity_is_exact_on_all_inputs(n, kind):
    assert parity_error(parity(n, kind)) == 0.0


@pytest.mark.parametrize(
    ("kind", "neurons"), [("sum", 20), ("zigzag", 19), ("tree", 40), ("folds", 10)]
)
def test_parity_of_twenty_bits_is_exact_on_all_million_inputs(kind, neurons):
    net = parity(20, kind)
    assert sum(net.widths[1:-1]) == neurons
    assert parity_error(net) == 0.0


def test_minterms_are_half_of_all_inputs():
    assert [parity(n, "minterms").widths[1] for n in (2, 3, 4, 12)] == [2, 4, 8, 2048]
    net = parity(5, "minterms")
    active = net.forward(binary_inputs(5)).preactivations[0] > 0
    assert np.array_equal(active.sum(axis=1), binary_inputs(5).sum(axis=1) % 2)


def test_minterms_of_twenty_bits_are_right_on_all_inputs_as_each_fires_at_one_odd_input():
    """2^20 inputs of 2^19 neurons are too many to run, so all are looked at by the weights.

    Weights are ±1 and sums whole numbers: a neuron is 1 where x_j = 1 just where its weight is +1,
    and 0 elsewhere, where it is 1 less at least.
    """
    net = parity(20, "minterms")
    weights, (biases, last_bias) = net.weights[0], net.biases
    assert np.all(np.abs(weights) == 1)
    assert np.all(biases + np.count_nonzero(weights > 0, axis=1) == 1)
    own = (weights > 0) @ (1 << np.arange(20))
    numbers = np.arange(2**20)
    odd = sum(numbers >> j & 1 for j in range(20)) % 2
    assert np.array_equal(np.bincount(own, minlength=2**20), odd)
    assert np.all(net.weights[1] == 1)
    assert last_bias == 0
    some = np.random.default_rng(0).integers(0, 2**20, 8)
    inputs = np.concatenate([binary_inputs(20, k, k + 1) for k in some])
    assert np.array_equal(net(inputs)[:, 0], odd[some])


@pytest.mark.parametrize("n", range(1, 15))
def test_a_zigzag_takes_one_neuron_less_than_there_are_bits(n):
    assert parity(n, "zigzag").widths == (n, n if n < 4 else n - 1, 1)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_cells_of_the_cube_are_those_the_table_says(n):
    middle = 2 ** (n - 1) + 1 if n >= 3 else n
    assert cube_counts(parity(n, "minterms")) == (middle, middle)
    assert cube_counts(parity(n, "sum")) == (n, n)
    assert cube_counts(parity(n, "zigzag")) == (n, n)
    assert cube_counts(parity(n, "folds")) == (n, n)
    assert cube_counts(parity(n, "tree")) == (2 ** (n - 1), 2 ** (n - 1))


@pytest.mark.parametrize(("n", "widths"), [(2, (2,)), (3, (3, 2)), (5, (5, 3, 2)), (8, (8, 4, 2))])
def test_trees_halve_the_numbers_and_carry_an_odd_one(n, widths):
    assert parity(n, "tree").widths == (n, *widths, 1)


def test_help_lists_the_kinds_of_parity():
    kinds = CliRunner().invoke(main, ["construct", "parity", "--help"]).stdout
    told = kinds.replace("\n", " ")
    assert [kind for kind in KINDS if re.search(rf"\b{kind} +\(", told)] == list(KINDS)


def test_xor_by_two_and_three_neurons():
    for neurons, cells in ((2, 3), (3, 6)):
        assert parity_error(xor(neurons)) == 0.0
        assert xor(neurons).widths == (2, neurons, 1)
        assert len(naive.box_cells(*as_lists(xor(neurons)))) == cells


def test_a_wrong_parity_is_found_wherever_it_is():
    right = parity(6, "minterms")
    for neuron in (0, 13, 31):
        weights = [w.copy() for w in right.weights]
        weights[1][0, neuron] = 0.0
        assert parity_error(Network(weights, right.biases)) == 1.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: parity(0), "n must be an integer >= 1, got 0"),
        (lambda: parity(3, "wide"), r"kind must be one of .*, folds, got 'wide'"),
        (lambda: parity(21, "minterms"), "n must be an integer from 1 to 20, got 21"),
        (lambda: xor(1), "neurons must be an integer from 2 to 3, got 1"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
