"""The network as a function: its parameters' order, its invariances, its dtypes and its errors."""

from itertools import pairwise

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from npnets.activations import ACTIVATIONS
from npnets.network import Network, check_widths, parameter_count

WIDTHS = st.lists(st.integers(1, 5), min_size=2, max_size=5)


def random_network(widths, seed=0, activation="relu", dtype=np.float64, slope=0.1):
    theta = np.random.default_rng(seed).standard_normal(parameter_count(widths)).astype(dtype)
    return Network.from_parameters(widths, theta, activation, slope)


@settings(deadline=None)
@given(WIDTHS, st.sampled_from(ACTIVATIONS), st.integers(0, 9))
def test_forward_equals_the_oracle(widths, activation, n):
    net = random_network(widths, seed=n, activation=activation)
    x = np.random.default_rng(n + 1).standard_normal((n, widths[0]))
    weights, biases = naive.split(net.parameters, widths)
    expected = [naive.forward(weights, biases, row, activation, 0.1) for row in x]
    expected = np.array(expected).reshape(n, widths[-1])
    np.testing.assert_allclose(net(x), expected, rtol=1e-10, atol=1e-12)


@settings(deadline=None)
@given(WIDTHS)
def test_parameters_round_trip_and_are_counted(widths):
    theta = np.arange(sum(b * (a + 1) for a, b in pairwise(widths)))
    net = Network.from_parameters(widths, theta.astype(float))
    assert net.widths == tuple(widths)
    assert net.depth == len(widths) - 2
    assert parameter_count(widths) == len(theta)
    np.testing.assert_array_equal(net.parameters, theta)


def test_parameters_are_in_pytorchs_order():
    torch = pytest.importorskip("torch")
    nn = torch.nn
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    theta = nn.utils.parameters_to_vector(model.parameters()).detach()
    net = Network.from_parameters((2, 3, 4, 2), theta.numpy())
    assert net.dtype == np.float32
    x = torch.randn(7, 2)
    np.testing.assert_allclose(net(x.numpy()), model(x).detach(), rtol=1e-5, atol=1e-6)


@settings(deadline=None)
@given(WIDTHS, st.integers(0, 100))
def test_renumbering_hidden_neurons_leaves_the_function_unchanged(widths, seed):
    net = random_network(widths, seed)
    rng = np.random.default_rng(seed)
    weights, biases = list(net.weights), list(net.biases)
    for layer in range(net.depth):
        order = rng.permutation(net.widths[layer + 1])
        weights[layer], biases[layer] = weights[layer][order], biases[layer][order]
        weights[layer + 1] = weights[layer + 1][:, order]
    x = rng.standard_normal((6, widths[0]))
    np.testing.assert_allclose(Network(weights, biases)(x), net(x), rtol=1e-9, atol=1e-10)


@settings(deadline=None)
@given(WIDTHS, st.integers(0, 100), st.sampled_from(["relu", "leaky_relu", "identity"]))
def test_scaling_a_neuron_in_and_unscaling_it_out_leaves_the_function_unchanged(
    widths, seed, activation
):
    net = random_network(widths, seed, activation)
    rng = np.random.default_rng(seed)
    weights, biases = list(net.weights), list(net.biases)
    for layer in range(net.depth):
        scale = rng.uniform(0.1, 10, net.widths[layer + 1])
        weights[layer], biases[layer] = weights[layer] * scale[:, None], biases[layer] * scale
        weights[layer + 1] = weights[layer + 1] / scale
    x = rng.standard_normal((6, widths[0]))
    scaled = Network(weights, biases, activation, 0.1)
    np.testing.assert_allclose(scaled(x), net(x), rtol=1e-9, atol=1e-10)


def test_forward_keeps_what_each_layer_was_given():
    net = random_network((2, 3, 2))
    x = np.random.default_rng(0).standard_normal((4, 2))
    forward = net.forward(x)
    np.testing.assert_array_equal(forward.inputs[0], x)
    np.testing.assert_array_equal(forward.inputs[1], np.maximum(forward.preactivations[0], 0))
    np.testing.assert_array_equal(forward.preactivations[-1], net(x))


def test_one_dimensional_x_is_n_samples_when_d_in_is_one():
    net = random_network((1, 3, 2))
    np.testing.assert_array_equal(net([0.5, 1.0]), net([[0.5], [1.0]]))
    assert net(np.zeros((0, 1))).shape == (0, 2)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_float32_stays_float32_whatever_x_is(activation):
    net = random_network((2, 3, 1), activation=activation, dtype=np.float32)
    for x in (np.zeros((3, 2)), np.zeros((3, 2), np.float32), np.zeros((3, 2), int)):
        assert net(x).dtype == np.float32
    assert net.parameters.dtype == np.float32


@pytest.mark.parametrize("dtype", [int, bool, np.float16, np.longdouble, ">f4"])
def test_other_dtypes_become_float64(dtype):
    assert Network([np.ones((1, 1), dtype)], [np.ones(1, dtype)]).dtype == np.float64


def test_mixed_float32_and_float64_become_float64():
    assert Network([np.ones((1, 1), np.float32)], [np.ones(1)]).dtype == np.float64


def test_arrays_are_copied_and_read_only():
    w = np.ones((1, 1))
    net = Network([w], [np.zeros(1)])
    w[0, 0] = 5
    assert net.weights[0][0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        net.weights[0][0, 0] = 2
    with pytest.raises(AttributeError):
        net.activation = "tanh"
    net.parameters[0] = 3
    assert net.weights[0][0, 0] == 1


def test_a_diverged_network_can_be_kept():
    net = Network([[[np.nan]], [[np.inf]]], [[0.0], [0.0]])
    assert np.isnan(net([1.0])).all()


def test_repr_names_the_widths():
    assert repr(random_network((1, 5, 7, 4, 1))) == "<Network 1-5-7-4-1 relu float64>"


@pytest.mark.parametrize(
    "widths",
    [(1, 0, 1), (1, -2, 1), (1, 2.0, 1), (1, True, 1), ("1", "1"), "111", 5, None, np.array(3)],
)
def test_widths_must_be_positive_integers(widths):
    with pytest.raises(ValueError, match="widths must be positive integers, got"):
        check_widths(widths)


@pytest.mark.parametrize("widths", [(), (3,), []])
def test_widths_must_name_input_and_output(widths):
    with pytest.raises(ValueError, match="widths must hold at least input and output, got"):
        parameter_count(widths)


def test_the_message_shows_the_widths():
    with pytest.raises(ValueError, match=r"widths must be positive integers, got \(1, 0, 1\)"):
        Network.from_parameters((1, 0, 1), [])


ONE, TWO = np.ones((1, 1)), np.ones((2, 2))


@pytest.mark.parametrize(
    ("weights", "biases", "message"),
    [
        ([], [], "one array per layer each, got 0 and 0"),
        ([ONE], [], "one array per layer each, got 1 and 0"),
        ([np.ones(1)], [np.ones(1)], r"weights\[0\] must have shape \(fan_out, fan_in\), got"),
        ([ONE, TWO], [np.ones(1), np.ones(2)], r"weights\[1\] must have shape \(fan_out, 1\), got"),
        ([ONE], [np.ones(2)], r"biases\[0\] must have shape \(1,\), got \(2,\)"),
        ([ONE], [1.0], r"biases\[0\] must have shape \(1,\), got \(\)"),
        ([np.ones((0, 1))], [np.ones(0)], r"widths must be positive integers, got \(1, 0\)"),
        ([np.ones((1, 0))], [np.ones(1)], r"widths must be positive integers, got \(0, 1\)"),
        ([[["a"]]], [[1.0]], r"weights\[0\] must hold real numbers, got dtype <U1"),
        ([ONE * 1j], [[1.0]], r"weights\[0\] must hold real numbers, got dtype complex128"),
        ([[[1.0], [2.0, 3.0]]], [[1.0]], r"weights\[0\] must be an array of real numbers"),
        ([[[None]]], [[1.0]], r"weights\[0\] must hold real numbers, got dtype object"),
    ],
)
def test_layers_that_do_not_fit_are_refused(weights, biases, message):
    with pytest.raises(ValueError, match=message):
        Network(weights, biases)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((3, 1)), r"x must have shape \(n, 2\), got \(3, 1\)"),
        (np.zeros(2), r"x must have shape \(n, 2\), got \(2,\)"),
        (0.0, r"x must have shape \(n, 2\), got \(\)"),
        ([["a", "b"]], "x must hold real numbers"),
        ([[1.0], [1.0, 2.0]], "x must be an array of real numbers"),
    ],
)
def test_samples_that_do_not_fit_are_refused(x, message):
    with pytest.raises(ValueError, match=message):
        random_network((2, 3, 1))(x)


def test_theta_must_have_as_many_entries_as_the_widths_ask():
    with pytest.raises(ValueError, match=r"theta must have shape \(16,\) for widths \(1, 5, 1\)"):
        Network.from_parameters((1, 5, 1), np.zeros(15))
    with pytest.raises(ValueError, match="theta must have shape"):
        Network.from_parameters((1, 1), np.zeros((2, 1)))


def test_an_unknown_activation_is_refused():
    with pytest.raises(ValueError, match="activation must be one of"):
        Network([ONE], [np.ones(1)], activation="swish")
