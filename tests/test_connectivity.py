"""Matched neurons against all permutations, barriers against closed forms and plain loops."""

from __future__ import annotations

from itertools import permutations

import naive
import numpy as np
import pytest

from npnets.initializers import initialize
from npnets.landscape.connectivity import (
    barrier,
    loss_barrier,
    losses_between,
    match_neurons,
    reorder,
)
from npnets.network import Network


def pair(widths=(1, 5, 1), scheme="torch", activation="relu"):
    nets = [initialize(widths, scheme, seed) for seed in (0, 1)]
    return [Network(net.weights, net.biases, activation) for net in nets]


def samples(d_in=1, n=200):
    return np.random.default_rng(3).standard_normal((n, d_in))


def correlation_by_hand(a, b):
    """np.corrcoef, which knows nothing of neurons; 0 where it says NaN."""
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return np.corrcoef(a, b)[0, 1]


def correlations_by_hand(one, other, x):
    a, b = (np.maximum(x @ net.weights[0].T + net.biases[0], 0) for net in (one, other))
    width = a.shape[1]
    return [[correlation_by_hand(a[:, i], b[:, j]) for j in range(width)] for i in range(width)]


@pytest.mark.parametrize("matcher", ["greedy", "assignment", "nearest"])
def test_a_shuffled_network_is_put_back_in_order(matcher):
    net = initialize((1, 8, 1), "torch", 4)
    order = np.random.default_rng(1).permutation(8)
    shuffled = reorder(net, [order])
    found = match_neurons(net, shuffled, samples(), matcher)
    assert reorder(shuffled, found).parameters.tolist() == net.parameters.tolist()
    assert order[found[0]].tolist() == list(range(8))


@pytest.mark.parametrize("matcher", ["greedy", "assignment"])
def test_every_layer_of_a_deep_network_is_put_back_in_order(matcher):
    net = initialize((2, 6, 5, 7, 3), "he_normal", 2)
    net = Network(net.weights, net.biases, "tanh")
    random = np.random.default_rng(0)
    orders = [random.permutation(width) for width in (6, 5, 7)]
    shuffled = reorder(net, orders)
    x = samples(2)
    np.testing.assert_allclose(shuffled(x), net(x), rtol=1e-12)
    back = reorder(shuffled, match_neurons(net, shuffled, x, matcher))
    assert back.parameters.tolist() == net.parameters.tolist()


@pytest.mark.parametrize("seed", range(6))
def test_an_assignment_is_the_best_of_all_permutations(seed):
    one, other = (initialize((1, 5, 1), "torch", s) for s in (seed, seed + 50))
    x = samples()
    table = correlations_by_hand(one, other, x)

    def total(order):
        return sum(table[i][j] for i, j in enumerate(order))

    (found,) = match_neurons(one, other, x, "assignment")
    assert total(found) == pytest.approx(max(map(total, permutations(range(5)))), abs=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_the_nearest_order_is_the_nearest_of_all_permutations(seed):
    one, other = (initialize((2, 5, 3), "normal", s) for s in (seed, seed + 50))

    def distance(order):
        return np.linalg.norm(one.parameters - reorder(other, [order]).parameters)

    found = match_neurons(one, other, samples(2), "nearest")
    assert distance(*found) == pytest.approx(min(map(distance, permutations(range(5)))))
    greedy = match_neurons(one, other, samples(2), "greedy")
    assert distance(*found) <= distance(*greedy)


@pytest.mark.parametrize("seed", range(6))
def test_greedy_takes_the_best_pair_of_those_left(seed):
    one, other = (initialize((1, 6, 1), "torch", s) for s in (seed, seed + 50))
    x = samples()
    table = correlations_by_hand(one, other, x)
    left, expected = [(i, j) for i in range(6) for j in range(6)], {}
    while left:
        i, j = max(left, key=lambda place: table[place[0]][place[1]])
        expected[i] = j
        left = [(a, b) for a, b in left if a != i and b != j]
    (found,) = match_neurons(one, other, x, "greedy")
    assert dict(enumerate(found.tolist())) == expected


def test_greedy_and_assignment_differ_where_the_best_pair_spoils_the_rest():
    """Kinks at 0 and -1 against kinks at -0.1 and 0.7: two middling pairs beat the best one."""
    one = Network([[[1.0], [1.0]], [[1.0, 1.0]]], [[0.0, 1.0], [0.0]])
    other = Network([[[1.0], [1.0]], [[1.0, 1.0]]], [[0.1, -0.7], [0.0]])
    x = np.linspace(-1, 1, 401)[:, None]
    (best, second), (third, worst) = correlations_by_hand(one, other, x)
    assert best > third > second > worst
    assert best + worst < second + third
    assert match_neurons(one, other, x, "greedy")[0].tolist() == [0, 1]
    assert match_neurons(one, other, x, "assignment")[0].tolist() == [1, 0]


def test_dead_neurons_are_matched_last_and_warn_of_nothing(recwarn):
    one = Network([[[0.0], [1.0], [1.0]], np.ones((1, 3))], [[-1.0, 0.0, 0.5], [0.0]])
    other = Network([[[1.0], [0.0], [1.0]], np.ones((1, 3))], [[0.5, -2.0, 0.0], [0.0]])
    for matcher in ("greedy", "assignment"):
        assert match_neurons(one, other, samples(), matcher)[0].tolist() == [1, 2, 0]
    assert not recwarn.list


def test_the_losses_between_are_the_oracles():
    first, second = pair((2, 3, 4, 1), activation="tanh")
    x, y = samples(2, 20), samples(1, 20)
    found = losses_between(first, second, x, y, points=5)
    for t, measured in zip((0, 0.25, 0.5, 0.75, 1), found, strict=True):
        ends = zip(first.parameters, second.parameters, strict=True)
        theta = [(1 - t) * a + t * b for a, b in ends]
        layers = naive.split(theta, first.widths)
        expected = naive.loss(*layers, x.tolist(), y.tolist(), "mse", "tanh")
        assert measured == pytest.approx(expected, rel=1e-12)


def test_a_linear_model_has_no_barrier():
    """The loss is convex, and so never above the line between its ends."""
    first, second = pair((3, 2))
    assert loss_barrier(first, second, samples(3), samples(2)) == 0


def test_a_network_has_no_barrier_to_itself():
    net, _ = pair()
    assert loss_barrier(net, net, samples(), samples()) == pytest.approx(0, abs=1e-15)


def test_the_barrier_between_a_line_and_its_reordering_is_known():
    """Half way the two neurons' weights cancel: net(x) = 0 there, where x is wanted."""
    net = Network([[[1.0], [-1.0]], [[1.0, -1.0]]], [[0.0, 0.0], [0.0]])
    x = samples()
    found = loss_barrier(net, reorder(net, [[1, 0]]), x, x, points=3)
    assert found == pytest.approx(np.mean(x**2), rel=1e-12)
    matched = match_neurons(net, reorder(net, [[1, 0]]), x)
    back = reorder(reorder(net, [[1, 0]]), matched)
    assert loss_barrier(net, back, x, x) == pytest.approx(0, abs=1e-15)


def test_a_barrier_is_the_excess_over_the_line_between_the_ends():
    assert barrier([0.0, 3.0, 2.0]) == 2
    assert barrier([2.0, 1.5, 1.0]) == 0
    assert barrier([4.0, 0.0, 0.0]) == 0
    assert barrier([[1.0, 1.0, 1.0], [0.0, 1.0, 0.0]]).tolist() == [0, 1]


@pytest.mark.parametrize("orders", [[], [[0, 1, 2]], [[0, 1, 1, 2, 3]], [[0, 1, 2, 3, 4]] * 2])
def test_orders_that_are_no_permutations_of_the_layers_are_refused(orders):
    with pytest.raises(ValueError, match="orders must hold one permutation for each"):
        reorder(pair()[0], orders)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"second": initialize((1, 4, 1))}, "networks must have the same form, got <Network 1-5-1"),
        ({"second": pair(activation="tanh")[0]}, "networks must have the same form"),
        ({"points": 1}, "points must be an integer >= 2, got 1"),
        ({"x": np.array([[np.nan]])}, "x must be finite, got nan"),
        ({"y": np.zeros((3, 1))}, "y must"),
        ({"kind": "mae"}, "mae"),
    ],
)
def test_bad_arguments_of_a_barrier_are_named(change, message):
    first, second = pair()
    good = {"first": first, "second": second, "x": samples(), "y": samples(), "points": 3}
    with pytest.raises(ValueError, match=message):
        loss_barrier(**{**good, **change})


def test_bad_arguments_of_a_match_are_named():
    first, second = pair()
    with pytest.raises(ValueError, match="matcher must be one of greedy, assignment, nearest"):
        match_neurons(first, second, samples(), "best")
    with pytest.raises(ValueError, match="networks must have the same form"):
        match_neurons(first, initialize((1, 4, 1)), samples())
    with pytest.raises(ValueError, match="nearest needs a single hidden layer, got <Network 1-3-2"):
        match_neurons(*pair((1, 3, 2, 1)), samples(), "nearest")
