"""Loss and gradient: against the oracle, finite differences and PyTorch, on random shapes."""

from itertools import pairwise

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from npnets.activations import ACTIVATIONS
from npnets.backprop import gradient, loss, loss_and_gradient
from npnets.losses import LOSSES
from npnets.network import Network, parameter_count

WIDTHS = st.lists(st.integers(1, 4), min_size=2, max_size=5)
SMOOTH = ("gelu", "gelu_tanh", "tanh", "sigmoid", "identity")


def problem(widths, activation, kind, seed, n=3, dtype=np.float64):
    """A random network of these widths, and samples and targets that suit the loss."""
    rng = np.random.default_rng(seed)
    theta = rng.standard_normal(parameter_count(widths)).astype(dtype)
    net = Network.from_parameters(widths, theta, activation, 0.2)
    x = rng.standard_normal((n, widths[0])).astype(dtype)
    y = rng.uniform(0, 1, (n, widths[-1])).astype(dtype)
    return net, x, y / y.sum(axis=1, keepdims=True) if kind == "softmax_cross_entropy" else y


@pytest.mark.parametrize("kind", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@settings(max_examples=10, deadline=None)
@given(WIDTHS, st.integers(0, 1000), st.integers(1, 5))
def test_loss_and_gradient_equal_the_oracle(activation, kind, widths, seed, n):
    net, x, y = problem(widths, activation, kind, seed, n)
    weights, biases = naive.split(net.parameters, widths)
    expected = naive.loss(weights, biases, x, y, kind, activation, 0.2)
    slopes = naive.gradient(weights, biases, x, y, kind, activation, 0.2)
    assert loss(net, x, y, kind) == pytest.approx(expected, rel=1e-9, abs=1e-12)
    np.testing.assert_allclose(gradient(net, x, y, kind), slopes, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("kind", LOSSES)
@pytest.mark.parametrize("activation", SMOOTH)
def test_gradient_matches_central_differences(activation, kind):
    net, x, y = problem((2, 3, 4, 2), activation, kind, seed=1)
    theta, h = net.parameters, 1e-5

    def along(step):
        return loss(Network.from_parameters(net.widths, theta + step, activation), x, y, kind)

    slopes = [(along(h * e) - along(-h * e)) / (2 * h) for e in np.eye(len(theta))]
    np.testing.assert_allclose(gradient(net, x, y, kind), slopes, atol=1e-8)


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "selu"])
def test_gradient_matches_central_differences_off_the_kinks(activation):
    net, x, y = problem((2, 3, 3, 1), activation, "mse", seed=4)
    z = np.concatenate([layer.ravel() for layer in net.forward(x).preactivations[:-1]])
    assert np.abs(z).min() > 1e-3
    theta, h = net.parameters, 1e-6

    def along(step):
        return loss(Network.from_parameters(net.widths, theta + step, activation, 0.2), x, y)

    slopes = [(along(h * e) - along(-h * e)) / (2 * h) for e in np.eye(len(theta))]
    np.testing.assert_allclose(gradient(net, x, y), slopes, atol=1e-7)


@pytest.mark.parametrize("kind", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@settings(max_examples=5, deadline=None)
@given(widths=WIDTHS, seed=st.integers(0, 1000))
def test_loss_and_gradient_equal_pytorch(activation, kind, widths, seed):
    torch = pytest.importorskip("torch")
    nn = torch.nn
    hidden = {
        "relu": nn.ReLU(),
        "leaky_relu": nn.LeakyReLU(0.2),
        "gelu": nn.GELU(),
        "gelu_tanh": nn.GELU(approximate="tanh"),
        "tanh": nn.Tanh(),
        "sigmoid": nn.Sigmoid(),
        "selu": nn.SELU(),
        "identity": nn.Identity(),
    }[activation]
    function = {
        "mse": nn.MSELoss(),
        "binary_cross_entropy": nn.BCEWithLogitsLoss(),
        "softmax_cross_entropy": nn.CrossEntropyLoss(),
    }[kind]
    net, x, y = problem(widths, activation, kind, seed)
    layers = []
    for fan_in, fan_out in pairwise(widths):
        layers += [nn.Linear(fan_in, fan_out, dtype=torch.float64), hidden]
    model = nn.Sequential(*layers[:-1])
    nn.utils.vector_to_parameters(torch.tensor(net.parameters), model.parameters())
    value = function(model(torch.tensor(x)), torch.tensor(y))
    value.backward()
    slopes = nn.utils.parameters_to_vector([p.grad for p in model.parameters()])
    ours, ours_gradient = loss_and_gradient(net, x, y, kind)
    assert ours == pytest.approx(value.item(), rel=1e-10)
    np.testing.assert_allclose(ours_gradient, slopes, rtol=1e-8, atol=1e-11)


@pytest.mark.parametrize("kind", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_nothing_promotes_float32(activation, kind):
    net, x, y = problem((2, 3, 2), activation, kind, seed=0, dtype=np.float32)
    for samples, targets in [(x, y), (x.astype(np.float64), y.astype(np.float64))]:
        single = gradient(net, samples, targets, kind)
        assert single.dtype == np.float32
    double = Network.from_parameters(
        net.widths, net.parameters.astype(np.float64), activation, net.slope
    )
    np.testing.assert_allclose(single, gradient(double, x, y, kind), rtol=1e-4, atol=1e-6)


def test_least_squares_solution_of_a_linear_network_has_no_gradient():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((20, 3)), rng.standard_normal((20, 2))
    solution = np.linalg.lstsq(np.c_[x, np.ones(20)], y, rcond=None)[0].T
    net = Network([solution[:, :3]], [solution[:, 3]])
    np.testing.assert_allclose(gradient(net, x, y), 0, atol=1e-15)


def test_a_dead_neuron_has_no_gradient():
    net = Network([[[1.0], [-1.0]], [[1.0, 1.0]]], [[1.0, -5.0], [0.0]])
    slopes = gradient(net, [1.0, 2.0], [0.0, 0.0])
    assert slopes[1] == slopes[3] == slopes[5] == 0
    assert slopes[0] != 0


@pytest.mark.parametrize("function", [loss, gradient])
def test_bad_data_is_refused(function):
    net = Network([[[1.0]]], [[0.0]])
    with pytest.raises(ValueError, match="kind must be one of"):
        function(net, [1.0], [1.0], "l1")
    with pytest.raises(ValueError, match="x must have shape"):
        function(net, [[1.0, 2.0]], [1.0])
    with pytest.raises(ValueError, match="y must have one row per sample: 1"):
        function(net, [1.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="at least one sample"):
        function(net, [], [])
