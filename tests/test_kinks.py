"""Kinks of a loss: jumps and normals against torch, the dual problem against its conditions."""

import numpy as np
import pytest

from npnets.backprop import gradient
from npnets.curvature import hessian
from npnets.initializers import initialize
from npnets.landscape.kinks import (
    Kinks,
    Place,
    bend,
    convex_kinks,
    entangled,
    flipped,
    kinks_at,
    kinks_between,
)
from npnets.network import Network

KINKED = ("relu", "leaky_relu", "selu")


def random_case(seed, widths=(2, 4, 3, 2)):
    """A network with random biases and data, and every kink of it that is convex."""
    random = np.random.default_rng(seed)
    net = initialize(widths, "normal", seed=seed, activation=KINKED[seed % 3], slope=0.1)
    theta = net.parameters + 0.1 * random.standard_normal(len(net.parameters))
    net = Network.from_parameters(widths, theta, net.activation, net.slope)
    x, y = random.standard_normal((12, widths[0])), random.standard_normal((12, widths[-1]))
    places = [
        Place(layer, neuron, sample)
        for layer in range(net.depth)
        for neuron in range(widths[layer + 1])
        for sample in range(len(x))
    ]
    return net, x, y, convex_kinks(net, x, y, places)


def random_kinks(seed, m=5, size=9):
    random = np.random.default_rng(seed)
    places = tuple((Place(0, 0, k),) for k in range(m))
    values = 0.1 * random.standard_normal(m)
    return Kinks(places, values, random.standard_normal((m, size)), random.random(m) + 0.1), random


def moved(net, place, amount):
    """The network with one neuron's bias raised."""
    biases = [b.copy() for b in net.biases]
    biases[place.layer][place.neuron] += amount
    return Network(net.weights, biases, net.activation, net.slope)


@pytest.mark.parametrize("seed", range(6))
def test_a_jump_is_the_difference_of_the_gradients_on_both_sides_of_a_kink(seed):
    net, x, y, kinks = random_case(seed)
    for shared, z in zip(kinks.places, kinks.values, strict=True):
        place = shared[0]
        sides = [moved(net, place, -z + side * 1e-11) for side in (-1, 1)]
        jump = np.subtract(*(gradient(side, x, y) for side in sides[::-1]))
        here = convex_kinks(sides[0], x, y, shared)
        if here.places:  # the kink may be concave by the time it is reached
            np.testing.assert_allclose(jump, here.jumps[0] * here.normals[0], atol=1e-8)
            below = here.below(gradient(sides[0], x, y))
            np.testing.assert_allclose(below, gradient(sides[0], x, y), atol=1e-14)


@pytest.mark.parametrize("seed", range(3))
def test_normals_and_bends_are_torchs_derivatives_of_a_preactivation(seed):
    torch = pytest.importorskip("torch")
    net, x, _, kinks = random_case(seed)
    phi = [torch.relu, lambda z: torch.nn.functional.leaky_relu(z, 0.1), torch.selu][seed % 3]

    def preactivation(theta, place):
        a, start = torch.tensor(x[place.sample]), 0
        for layer, w in enumerate(net.weights):
            middle, stop = start + w.size, start + w.size + len(w)
            z = theta[start:middle].reshape(w.shape) @ a + theta[middle:stop]
            if layer == place.layer:
                return z[place.neuron]
            a, start = phi(z), stop
        raise AssertionError

    theta = torch.tensor(net.parameters)
    for (place, *_), value, normal in zip(kinks.places, kinks.values, kinks.normals, strict=True):
        z = preactivation(theta, place)
        slope = torch.func.grad(preactivation)(theta, place)
        second = torch.func.hessian(preactivation)(theta, place)
        np.testing.assert_allclose(value, z, atol=1e-14)
        np.testing.assert_allclose(normal, slope, atol=1e-13)
        np.testing.assert_allclose(bend(net, x, place), second, atol=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_multipliers_satisfy_the_conditions_of_the_minimum_with_kinks(seed):
    """λ = 0 where the step leads below a kink, e above it, and onto it in between."""
    kinks, random = random_kinks(seed)
    stiffness, gradient_ = random.random(9) + 0.05, random.standard_normal(9)
    vectors = np.linalg.qr(random.standard_normal((9, 9)))[0]
    multipliers = kinks.multipliers(gradient_, stiffness, vectors)
    force = kinks.below(gradient_) + multipliers @ kinks.normals
    after = kinks.values - kinks.normals @ (vectors @ (vectors.T @ force / stiffness))
    assert (multipliers >= 0).all()
    assert (multipliers <= kinks.jumps).all()
    below, above = multipliers == 0, multipliers == kinks.jumps
    assert (after[below] <= 1e-9).all()
    assert (after[above] >= -1e-9).all()
    np.testing.assert_allclose(after[~below & ~above], 0, atol=1e-9)


@pytest.mark.parametrize("seed", range(10))
def test_the_smallest_subgradient_is_shorter_than_all_others(seed):
    kinks, random = random_kinks(seed, m=2)
    gradient_ = random.standard_normal(9)
    found = np.linalg.norm(kinks.smallest_subgradient(gradient_))
    shares = np.linspace(0, 1, 101)
    first, second = np.meshgrid(shares * kinks.jumps[0], shares * kinks.jumps[1])
    every = np.stack([first.ravel(), second.ravel()], axis=1) @ kinks.normals
    lengths = np.linalg.norm(kinks.below(gradient_) + every, axis=1)
    assert found <= lengths.min() + 1e-12
    assert found >= lengths.min() - 0.02 * np.linalg.norm(kinks.normals, axis=1).max()


def test_a_rise_is_what_the_kinks_add_to_the_loss():
    kinks = Kinks((), np.array([-1.0, 2.0]), np.array([[1.0], [1.0]]), np.array([10.0, 100.0]))
    assert kinks.rise(np.array([3.0])) == 10 * 2 + 100 * 3
    assert kinks.rise(np.array([-3.0])) == -100 * 2


def test_samples_that_share_a_kink_make_one():
    """Both inputs of the second layer's neuron are off at x < 0: z is its bias."""
    net = Network([[[1.0]], [[1.0]], [[1.0]]], [[0.0], [-0.5], [0.0]])
    x = np.array([[-1.0], [-2.0], [-3.0], [4.0]])
    places = [Place(1, 0, k) for k in range(4)]
    kinks = convex_kinks(net, x, np.full((4, 1), -1.0), places)
    assert sorted(map(len, kinks.places)) == [1, 3]
    shared = [len(members) for members in kinks.places].index(3)
    np.testing.assert_allclose(kinks.jumps[shared], 3 * 2 / 4)


def test_kinks_between_two_networks_are_where_a_neuron_turns_on_or_off():
    net = Network([[[1.0]], [[1.0]]], [[0.0], [0.0]])
    other = Network([[[1.0]], [[1.0]]], [[-1.5], [0.0]])
    x = np.array([[-1.0], [1.0], [2.0], [0.5], [0.5]])
    assert kinks_between(net, other, x, most=2) == [Place(0, 0, 1), Place(0, 0, 3), Place(0, 0, 4)]
    assert kinks_between(net, other, x, most=1) is None
    assert kinks_between(net, net, x, most=0) == []


def test_flipping_crosses_a_kink_and_leaves_other_neurons_alone():
    net = Network([[[1.0], [1.0]], [[1.0, 1.0]]], [[-2.0, 5.0], [0.0]])
    x = np.array([[2.0], [3.0]])
    assert kinks_at(net, x) == [Place(0, 0, 0)]
    other = flipped(net, x, kinks_at(net, x))
    assert net.forward(x).preactivations[0][0, 0] == 0
    assert 0 < other.forward(x).preactivations[0][0, 0] < 1e-14
    assert other.biases[0][1] == 5.0
    back = flipped(other, x, kinks_at(other, x))
    assert back.forward(x).preactivations[0][0, 0] <= 0


def test_smooth_networks_and_the_output_have_no_kinks():
    net = Network([[[1.0]], [[1.0]]], [[-2.0], [-1.0]])
    x = np.array([[2.0], [3.0]])
    assert net(x)[1, 0] == 0
    assert kinks_at(net, x) == [Place(0, 0, 0)]
    assert kinks_at(Network(net.weights, net.biases, "tanh"), x) == []


def test_a_kink_nearer_than_any_pocket_counts_as_reached():
    net = Network([[[1.0]], [[1.0]]], [[-2.0], [-1.0]])
    assert kinks_at(net, np.array([[2.0 + 5e-12], [3.0]])) == [Place(0, 0, 0)]
    assert kinks_at(net, np.array([[2.0 + 5e-6], [3.0]])) == []


def test_kinks_are_entangled_if_a_neuron_may_turn_on_for_some_samples_or_feeds_another():
    net = Network([[[1.0], [0.0]], [[1.0, 0.0]], [[1.0]]], [[0.0, 0.0], [0.0], [0.0]])
    x = np.array([[-1.0], [0.0], [0.0]])
    at = kinks_at(net, x)
    assert Place(0, 0, 1) in at
    assert Place(0, 1, 0) in at
    assert Place(1, 0, 2) in at
    assert not entangled(net, x, [])
    assert not entangled(net, x, [Place(0, 0, 1), Place(0, 0, 2)])
    assert entangled(net, x, [Place(0, 1, 0), Place(0, 1, 1)])
    assert entangled(net, x, [Place(0, 0, 1), Place(1, 0, 1)])


def test_concave_kinks_are_left_out():
    net = Network([[[1.0]], [[2.0]]], [[-3.0], [0.0]])
    x = np.array([[3.0]])
    assert len(convex_kinks(net, x, np.array([[-1.0]]), [Place(0, 0, 0)]).places) == 1
    assert convex_kinks(net, x, np.array([[1.0]]), [Place(0, 0, 0)]).places == ()


def test_a_preactivation_of_the_first_layer_does_not_bend():
    net, x, y, _ = random_case(0)
    assert not bend(net, x, Place(0, 1, 2)).any()
    assert bend(net, x, Place(1, 0, 2)).any()
    assert hessian(net, x, y).shape == bend(net, x, Place(1, 0, 2)).shape
