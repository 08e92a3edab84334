"""Jacobian, Gauss-Newton, Hessian and Hessian-vector product against torch and closed forms."""

import numpy as np
import pytest

from npnets.activations import ACTIVATIONS
from npnets.backprop import gradient
from npnets.curvature import gauss_newton, hessian, hvp, jacobian
from npnets.initializers import initialize
from npnets.losses import LOSSES
from npnets.network import Network, parameter_count


def random_case(seed):
    """A network of depth 0 to 6 and its data; every activation and loss comes round."""
    random = np.random.default_rng(seed)
    depth = int(random.integers(0, 7))
    hidden = random.integers(1, 6, depth).tolist()
    widths = (int(random.integers(1, 4)), *hidden, int(random.integers(1, 4)))
    # Biases too are drawn: behind a dead layer, a bias of 0 would sit on the kink.
    theta = random.standard_normal(parameter_count(widths))
    activation = ACTIVATIONS[seed % len(ACTIVATIONS)]
    net = Network.from_parameters(widths, theta, activation, slope=0.1)
    x = random.standard_normal((20, widths[0]))
    y = random.random((20, widths[-1]))
    return net, x, y / y.sum(axis=1, keepdims=True), LOSSES[seed % len(LOSSES)]


def torch_output(torch, net, x):
    """The network as a function of its parameter vector, with torch's own activations."""
    functional = torch.nn.functional
    activation = {
        "relu": torch.relu,
        "leaky_relu": lambda z: functional.leaky_relu(z, net.slope),
        "gelu": functional.gelu,
        "gelu_tanh": lambda z: functional.gelu(z, approximate="tanh"),
        "tanh": torch.tanh,
        "sigmoid": torch.sigmoid,
        "selu": torch.selu,
        "identity": lambda z: z,
    }[net.activation]

    def output(theta):
        a, start = torch.tensor(x), 0
        for layer, w in enumerate(net.weights):
            middle = start + w.size
            stop = middle + len(w)
            a = a @ theta[start:middle].reshape(w.shape).T + theta[middle:stop]
            a = activation(a) if layer < net.depth else a
            start = stop
        return a

    return output


def torch_loss(torch, net, x, y, kind):
    functional, output = torch.nn.functional, torch_output(torch, net, x)
    loss = {
        "mse": functional.mse_loss,
        "binary_cross_entropy": functional.binary_cross_entropy_with_logits,
        "softmax_cross_entropy": functional.cross_entropy,
    }[kind]
    return lambda theta: loss(output(theta), torch.tensor(y))


def assert_near(actual, expected, tolerance):
    assert np.linalg.norm(actual - expected) <= tolerance * max(np.linalg.norm(expected), 1e-300)


def check_against_torch(seeds):
    torch = pytest.importorskip("torch")
    for seed in seeds:
        net, x, y, kind = random_case(seed)
        theta = torch.tensor(net.parameters)
        expected = torch.func.hessian(torch_loss(torch, net, x, y, kind))(theta).numpy()
        actual = hessian(net, x, y, kind)
        assert_near(actual, expected, 1e-13)
        assert (actual == actual.T).all()
        of_output = torch.func.jacfwd(torch_output(torch, net, x))(theta).numpy()
        assert_near(jacobian(net, x), of_output.reshape(-1, len(theta)), 1e-13)


def test_a_hessian_and_a_jacobian_are_torchs():
    check_against_torch(range(72))


@pytest.mark.slow
def test_500_hessians_and_jacobians_are_torchs():
    check_against_torch(range(500))


@pytest.mark.parametrize("seed", range(24))
def test_the_hessian_is_the_gradients_finite_difference(seed):
    net, x, y, kind = random_case(seed)
    if net.activation in ("relu", "leaky_relu", "selu"):
        x, y = x[:3], y[:3]  # few samples, so that a small step crosses no kink
    v = np.random.default_rng(seed).standard_normal(parameter_count(net.widths))
    step = 1e-6 / np.linalg.norm(v)
    ends = [
        Network.from_parameters(net.widths, net.parameters + s * v, net.activation, net.slope)
        for s in (step, -step)
    ]
    difference = (gradient(ends[0], x, y, kind) - gradient(ends[1], x, y, kind)) / (2 * step)
    scale = np.linalg.norm(hessian(net, x, y, kind), 2) * np.linalg.norm(v)
    assert np.linalg.norm(hessian(net, x, y, kind) @ v - difference) <= 1e-8 * max(1, scale)


@pytest.mark.parametrize("seed", range(24))
def test_a_hessian_vector_product_is_the_hessian_times_the_vector(seed):
    net, x, y, kind = random_case(seed)
    v = np.random.default_rng(seed).standard_normal(parameter_count(net.widths))
    assert_near(hvp(net, x, y, v, kind), hessian(net, x, y, kind) @ v, 1e-12)


def test_a_linear_model_has_twice_the_second_moments_of_its_data():
    x = np.random.default_rng(0).standard_normal((50, 3))
    moments = np.c_[x, np.ones(50)]
    net = initialize((3, 1), seed=1)
    expected = 2 / 50 * moments.T @ moments
    np.testing.assert_allclose(hessian(net, x, x[:, 0]), expected, atol=1e-14)
    np.testing.assert_allclose(gauss_newton(net, x, x[:, 0]), expected, atol=1e-14)


def test_gauss_newton_is_the_jacobian_squared_and_the_hessian_at_an_exact_fit():
    net = initialize((2, 4, 3, 1), "he_normal", seed=2, activation="tanh")
    x = np.random.default_rng(0).standard_normal((30, 2))
    j = jacobian(net, x)
    np.testing.assert_allclose(gauss_newton(net, x, net(x)), 2 / 30 * j.T @ j, atol=1e-13)
    np.testing.assert_allclose(hessian(net, x, net(x)), gauss_newton(net, x, net(x)), atol=1e-13)


def test_rescaling_a_neuron_is_flat_but_for_the_gradient():
    """Along w → αw, b → αb, v → v/α the loss is constant: H d = -(the gradient's own change)."""
    net = initialize((1, 1, 1), "normal", seed=4)
    x = np.linspace(-2, 2, 40)
    w, b, v, _ = net.parameters
    direction = np.array([w, b, -v, 0.0])
    g = gradient(net, x, 2 * x + 1)
    # d/dα of gradient(θ(α)) at α = 1: each entry scales inversely to its parameter.
    expected = g * np.array([-1.0, -1.0, 1.0, 0.0])
    np.testing.assert_allclose(hessian(net, x, 2 * x + 1) @ direction, expected, atol=1e-13)


def test_a_dead_neuron_has_rows_of_zeros():
    net = Network([[[1.0], [1.0]], [[1.0, 2.0]]], [[0.0, -100.0], [0.5]])
    x = np.random.default_rng(0).standard_normal(200)
    h = hessian(net, x, x**2)
    dead = [1, 3, 5]  # its weight, its bias, and the weight that reads it
    assert (h[dead] == 0).all()
    assert (h[:, dead] == 0).all()
    assert np.count_nonzero(h) > 0


def test_samples_in_pieces_add_up(monkeypatch):
    net, x, y, kind = random_case(5)
    whole = hessian(net, x, y, kind)
    monkeypatch.setattr("npnets.curvature.PIECE_BYTES", 1)
    assert_near(hessian(net, x, y, kind), whole, 1e-14)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([[1.0], [2.0]], [[1.0]], "y must have one row per sample: 2, got shape"),
        ([[1.0, 2.0]], [[1.0]], r"x must have shape \(n, 1\), got \(1, 2\)"),
        ([[np.nan]], [[1.0]], "x must be finite, got nan"),
        ([[1.0]], [[np.inf]], "y must be finite, got inf"),
        (np.empty((0, 1)), np.empty((0, 1)), "x must hold at least one sample, got none"),
        (["a"], [[1.0]], "x must hold real numbers"),
    ],
)
def test_bad_data_are_named(x, y, message):
    with pytest.raises(ValueError, match=message):
        hessian(initialize((1, 2, 1)), x, y)


def test_bad_parameters_vectors_and_sizes_are_named():
    net = initialize((1, 2, 1))
    broken = Network.from_parameters((1, 2, 1), np.full(7, np.nan))
    with pytest.raises(ValueError, match="parameters must be finite, got nan"):
        hessian(broken, [1.0], [1.0])
    with pytest.raises(ValueError, match=r"v must have shape \(7,\), got \(3,\)"):
        hvp(net, [1.0], [1.0], [1.0, 2.0, 3.0])
    wide = Network([np.ones((20_000, 1)), np.ones((1, 20_000))], [np.ones(20_000), np.ones(1)])
    with pytest.raises(ValueError, match=r"would take 26\.8: use hvp"):
        hessian(wide, [1.0], [1.0])
    assert hvp(wide, [1.0], [1.0], np.ones(60_001)).shape == (60_001,)
