"""One network's steps: the model of the loss against the loss, across and along its edges."""

import numpy as np
import pytest

from npnets.backprop import gradient, loss
from npnets.curvature import gauss_newton, hessian
from npnets.initializers import initialize
from npnets.landscape.descent import Descent, Point, has_negative
from npnets.landscape.kinks import Place, bend, convex_kinks
from npnets.network import Network

X = np.random.default_rng(0).standard_normal((30, 1))
Y = np.sin(2 * X)


def on_a_kink(seed):
    """A network with a neuron of its second layer at z = 0 for a sample, the edge convex."""
    net = initialize((1, 4, 4, 1), "normal", seed=seed)
    for place in (Place(1, neuron, sample) for neuron in range(4) for sample in range(seed, 30)):
        biases = [b.copy() for b in net.biases]
        biases[1][place.neuron] -= net.forward(X).preactivations[1][place.sample, place.neuron]
        moved = Network(net.weights, biases)
        if bend(moved, X, place).any() and convex_kinks(moved, X, Y, [place]).places:
            return moved, place
    raise AssertionError


@pytest.mark.parametrize("seed", range(6))
def test_the_hessian_along_an_edge_is_the_losss_second_difference_on_it(seed):
    net, place = on_a_kink(seed)
    descent = Descent(Point.of(net, X, Y, [place]), X, Y, exact=True)
    kinks = descent.here.kinks
    normal = kinks.normals[0]
    below = kinks.below(descent.here.gradient)
    multiplier = -below @ normal / (normal @ normal)
    descent.multipliers = {place: multiplier}
    descent.set_matrix(hessian(net, X, Y))
    direction = np.random.default_rng(seed).standard_normal(len(normal))
    direction -= (direction @ normal) / (normal @ normal) * normal
    direction /= np.linalg.norm(direction)
    curve = -(direction @ bend(net, X, place) @ direction) * normal / (normal @ normal)
    # Straight across from z < 0 by a hair, so that the edge is met from the side of ``below``.
    start = net.parameters - 1e-9 * normal / (normal @ normal)
    t = 3e-5
    path = [start + s * direction + s * s / 2 * curve for s in (-t, 0, t)]
    ends = [loss(net.with_parameters(theta), X, Y) for theta in path]
    measured = (ends[0] - 2 * ends[1] + ends[2]) / t**2
    expected = direction @ descent.matrix @ direction
    assert abs(measured - expected) <= 1e-3 * max(1.0, abs(expected))


@pytest.mark.parametrize("seed", range(5))
def test_a_step_falls_by_what_the_model_with_kinks_says(seed):
    net = initialize((1, 6, 1), "normal", seed=seed)
    places = [Place(0, neuron, sample) for neuron in range(6) for sample in range(0, 30, 3)]
    descent = Descent(Point.of(net, X, Y, places), X, Y, damping=0.1)
    descent.set_matrix(gauss_newton(net, X, Y))
    descent.eigenpairs = np.linalg.eigh(descent.matrix)
    step, predicted, multipliers = descent._step()
    kinks = descent.here.kinks
    z, after = kinks.values, kinks.values + kinks.normals @ step
    smooth = gradient(net, X, Y) - (kinks.jumps * (z > 0)) @ kinks.normals
    edges = kinks.jumps @ (np.maximum(after, 0) - np.maximum(z, 0))
    rise = smooth @ step + step @ descent.matrix @ step / 2 + edges
    assert predicted == pytest.approx(-rise, rel=1e-9)
    assert predicted > 0
    assert len(multipliers) == len(z)
    assert ((z > 0) != (after > 0)).any()


def test_a_short_step_falls_by_what_is_predicted():
    net = initialize((1, 6, 1), "normal", seed=1, activation="tanh")
    descent = Descent(Point.of(net, X, Y), X, Y, damping=1e4)
    descent.set_matrix(hessian(net, X, Y))
    descent.eigenpairs = np.linalg.eigh(descent.matrix)
    step, predicted, _ = descent._step()
    fall = loss(net, X, Y) - loss(net.with_parameters(net.parameters + step), X, Y)
    assert fall == pytest.approx(predicted, rel=1e-4)


def test_a_negative_eigenvalue_has_to_stand_out_from_rounding():
    assert has_negative(np.array([-1e-6, 0.0, 100.0]))
    assert not has_negative(np.array([-1e-9, 0.0, 100.0]))
