"""The loss along straight lines against closed forms, plain loops and rates of convergence."""

import json

import naive
import numpy as np
import pytest

from npnets.backprop import gradient, loss
from npnets.curvature import hessian
from npnets.initializers import initialize
from npnets.landscape.directions import scaling_directions
from npnets.landscape.spectrum import spectrum
from npnets.landscape.walk import FlatDistance, flat_distance, walk
from npnets.network import Network, parameter_count


def line_case(seed=0):
    """A linear model, whose loss is a parabola along every line: L + s t + c t²/2."""
    random = np.random.default_rng(seed)
    x, y = random.standard_normal((30, 2)), random.standard_normal((30, 1))
    return initialize((2, 1), seed=seed), x, y, random.standard_normal(3)


def curved_case(activation="tanh", widths=(1, 4, 3, 1)):
    random = np.random.default_rng(5)
    theta = random.standard_normal(parameter_count(widths))
    net = Network.from_parameters(widths, theta, activation)
    return net, random.standard_normal(40), random.standard_normal(40)


@pytest.mark.parametrize("kind", ["mse", "binary_cross_entropy"])
def test_the_loss_is_that_of_the_moved_network(kind):
    net, x, y = curved_case("relu")
    y, direction, t = np.abs(y) / 5, np.arange(1.0, 28.0), [-3.0, 0.0, 0.5, 40.0]
    found = walk(net, direction, t, x, y, kind)
    for step, measured in zip(t, found.loss, strict=True):
        theta = net.parameters + step * direction / np.sqrt((direction**2).sum())
        moved = Network.from_parameters(net.widths, theta)
        assert measured == pytest.approx(loss(moved, x, y, kind), rel=1e-12)


def test_the_measured_loss_is_the_oracles():
    net, x, y = curved_case("tanh")
    unit = np.zeros(27)
    unit[4] = 1
    found = walk(net, unit, [0.7], x, y).loss[0]
    layers = naive.split((net.parameters + 0.7 * unit).tolist(), net.widths)
    samples, targets = x[:, None].tolist(), y[:, None].tolist()
    assert found == pytest.approx(naive.loss(*layers, samples, targets, "mse", "tanh"), rel=1e-12)


@pytest.mark.parametrize("distance", [1e-3, 1.0, 1e3])
def test_the_prediction_is_exact_for_a_linear_model(distance):
    net, x, y, direction = line_case()
    found = walk(net, direction, np.linspace(-distance, distance, 11), x, y)
    np.testing.assert_allclose(found.predicted, found.loss, rtol=1e-12)


@pytest.mark.parametrize("activation", ["tanh", "gelu", "sigmoid"])
def test_the_prediction_misses_by_the_third_power_of_the_distance(activation):
    net, x, y = curved_case(activation)
    found = walk(net, np.cos(np.arange(27.0)), 2.0 ** -np.arange(2, 9), x, y)
    misses = np.abs(found.loss - found.predicted)
    np.testing.assert_allclose(misses[3:-1] / misses[4:], 8, rtol=0.1)


def test_along_an_eigenvector_the_curvature_is_its_eigenvalue():
    net, x, y = curved_case("relu")
    found = spectrum(net, x, y)
    for eigenvalue, eigenvector in zip(found.eigenvalues, found.eigenvectors.T, strict=True):
        steps = walk(net, eigenvector, [0.0], x, y)
        assert steps.curvature == pytest.approx(eigenvalue, abs=10 * found.floor)
        assert steps.gradient == pytest.approx(gradient(net, x, y) @ eigenvector, abs=1e-13)


def test_only_the_direction_of_a_direction_matters():
    net, x, y = curved_case()
    direction, t = np.cos(np.arange(27.0)), np.linspace(-2, 2, 9)
    one = walk(net, direction, t, x, y)
    for length in (1e-300, 1e-5, 1e300):
        np.testing.assert_allclose(
            walk(net, length * direction, t, x, y).loss, one.loss, rtol=1e-12
        )
    other = walk(net, -direction, -t, x, y)
    np.testing.assert_allclose(other.loss, one.loss, rtol=1e-13)
    assert other.gradient == pytest.approx(-one.gradient)


def test_single_precision_networks_are_walked_in_double_precision():
    net, x, y = curved_case()
    single = Network.from_parameters(net.widths, net.parameters.astype("float32"), "tanh")
    double = Network.from_parameters(net.widths, single.parameters.astype("float64"), "tanh")
    one, other = (walk(n, np.ones(27), [1e-9, 1.0], x, y) for n in (single, double))
    assert one.loss.tolist() == other.loss.tolist()


def test_the_weights_of_a_dead_neuron_lead_nowhere():
    net = Network([[[1.0], [1.0]], [[1.0, 2.0]]], [[0.0, -100.0], [0.5]])
    x = np.linspace(-1, 1, 20)
    outgoing = np.eye(7)[5]
    found = walk(net, outgoing, [-50.0, 0.0, 1e6], x, x**2)
    assert len(set(found.loss)) == 1
    assert (found.gradient, found.curvature) == (0, 0)
    far = flat_distance(net, outgoing, x, x**2, found.loss[0], 1e6)
    assert (far.passed, far.distance) == (False, 1e6)
    assert far.share == pytest.approx(1e6 / np.linalg.norm(net.parameters))


@pytest.mark.parametrize("seed", range(5))
def test_a_flat_distance_is_the_root_of_a_parabola(seed):
    net, x, y, direction = line_case(seed)
    unit = direction / np.linalg.norm(direction)
    level, s = loss(net, x, y), gradient(net, x, y) @ unit
    c = unit @ hessian(net, x, y) @ unit
    for rise in (1e-3, 1.0, 50.0):
        expected = (-s + np.sqrt(s**2 + 2 * c * rise)) / c
        found = flat_distance(net, direction, x, y, level + rise, 100.0)
        assert found.passed
        assert found.distance == pytest.approx(expected, rel=1e-9)
        assert found.share == pytest.approx(expected / np.linalg.norm(net.parameters), rel=1e-9)
        assert found.bound == level + rise


def test_the_loss_keeps_to_the_bound_up_to_the_flat_distance_and_no_further():
    net, x, y = curved_case("relu")
    for direction in spectrum(net, x, y).eigenvectors.T:
        bound = loss(net, x, y) + 0.1
        found = flat_distance(net, direction, x, y, bound, 10.0)
        if found.passed:
            ends = [found.distance, found.distance * (1 + 1e-9)]
            within, past = walk(net, direction, ends, x, y).loss
            assert within <= bound * (1 + 1e-12)
            assert past >= bound * (1 - 1e-12)
        before = walk(net, direction, np.linspace(0, found.distance, 50), x, y).loss
        assert before.max() <= bound * (1 + 1e-12)


def test_the_first_crossing_counts_though_the_loss_comes_back():
    """relu(x + b) and -relu(x + b) cancel but for their last biases: a hill of loss, then none."""
    net = Network([[[1.0]], [[-1.0]], [[1.0]]], [[0.0], [1.0], [0.0]])
    x, y = [0.5], [0.0]  # output relu(1 - relu(0.5 + b)), a slope from 0.5 down to 0
    uphill = [0.0, -1.0, 0.0, 0.0, 0.0, 0.0]
    found = flat_distance(net, uphill, x, y, 0.49, 10.0)
    assert found.distance == pytest.approx(0.2)  # (0.5 + 0.2)² = 0.49
    downhill = flat_distance(net, [0.0, 1.0, 0, 0, 0, 0], x, y, 0.25, 10.0)
    assert (downhill.passed, downhill.distance) == (False, 10.0)


def test_finer_steps_see_a_crossing_that_coarse_ones_pass_over():
    """The loss is 1 but for a rise between distances 4.9 and 5.1."""
    weights = [np.ones((3, 1)), [[1.0, -2.0, 1.0]]]
    tent = Network(weights, [[0.1, 0.0, -0.1], [1.0]])  # 1 + a tent on |x| < 0.1
    moving = np.array([0, 0, 0, 1.0, 1, 1, 0, 0, 0, 0])
    coarse, fine = (
        flat_distance(tent, moving, [-5 / np.sqrt(3)], [0.0], 1.0, 10.0, steps=steps)
        for steps in (3, 1000)
    )
    assert not coarse.passed
    assert fine.distance == pytest.approx(5 - 0.1 * np.sqrt(3), abs=1e-9)


def test_a_scaling_direction_is_flatter_than_its_neighbours():
    net = Network([[[1.3]], [[0.7]]], [[0.4], [0.2]])
    x = np.linspace(-3, 3, 50)
    flat = flat_distance(net, scaling_directions(net)[:, 0], x, net(x), 1e-3, 10.0)
    steep = flat_distance(net, np.eye(4)[0], x, net(x), 1e-3, 10.0)
    assert flat.distance > 5 * steep.distance


def test_a_network_of_zeros_has_no_share():
    nothing = Network([[[0.0]]], [[0.0]])
    found = flat_distance(nothing, [0.0, 1.0], [0.0], [0.0], 1.0, 5.0)
    assert found.share == np.inf
    assert json.loads(found.to_json())["share"] is None


@pytest.mark.filterwarnings("ignore:overflow")
def test_json_holds_the_fields():
    net, x, y, direction = line_case()
    found = walk(net, direction, [0.0, 1.0, 1e200], x, y)
    read = json.loads(found.to_json())
    assert read["distances"] == [0.0, 1.0, 1e200]
    assert read["loss"] == [*found.loss[:2].tolist(), None]
    assert read["predicted"][:2] == found.predicted[:2].tolist()
    assert (read["gradient"], read["curvature"]) == (found.gradient, found.curvature)
    read = json.loads(FlatDistance(2.0, True, 0.5, 4.0).to_json())
    assert read == {
        "distance": 2.0,
        "passed": True,
        "bound": 0.5,
        "weight_norm": 4.0,
        "share": 0.5,
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"direction": np.ones(6)}, r"direction must have shape \(7,\), got \(6,\)"),
        ({"direction": np.ones((7, 1))}, r"direction must have shape \(7,\), got \(7, 1\)"),
        ({"direction": np.zeros(7)}, "direction must not be zero, got a vector of zeros"),
        ({"direction": [np.nan] * 7}, "direction must be finite, got nan"),
        ({"distances": [[1.0]]}, r"distances must have shape \(T,\), got \(1, 1\)"),
        ({"distances": [np.inf]}, "distances must be finite, got inf"),
        ({"x": [[1.0, 2.0]]}, r"x must have shape \(n, 1\), got \(1, 2\)"),
        ({"y": [1.0, 2.0]}, "y must have one row per sample: 1, got shape"),
        ({"y": [np.nan]}, "y must be finite, got nan"),
        ({"kind": "mae"}, "kind must be one of mse"),
    ],
)
def test_bad_walks_are_named(change, message):
    arguments = {"direction": np.ones(7), "distances": [0.0], "x": [1.0], "y": [1.0]} | change
    with pytest.raises(ValueError, match=message):
        walk(initialize((1, 2, 1)), **arguments)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bound": -1.0}, "bound must be finite, at least the network's loss 1.0, got -1.0"),
        ({"bound": np.nan}, "bound must be finite, at least the network's loss 1.0, got nan"),
        ({"bound": np.inf}, "bound must be finite, at least the network's loss 1.0, got inf"),
        ({"bound": "high"}, "bound must be finite, at least the network's loss 1.0, got 'high'"),
        ({"furthest": 0.0}, "furthest must be a positive finite number, got 0.0"),
        ({"furthest": np.inf}, "furthest must be a positive finite number, got inf"),
        ({"furthest": None}, "furthest must be a positive finite number, got None"),
        ({"steps": 0}, "steps must be an integer >= 1, got 0"),
        ({"y": [np.nan]}, "y must be finite, got nan"),
        ({"direction": np.zeros(2)}, "direction must not be zero"),
    ],
)
def test_bad_flat_distances_are_named(change, message):
    arguments = {"direction": [1.0, 0.0], "x": [1.0], "y": [1.0], "bound": 2.0, "furthest": 1.0}
    with pytest.raises(ValueError, match=message):
        flat_distance(Network([[[0.0]]], [[0.0]]), **arguments | change)
