"""Polished networks: minima by torch's gradient, scipy's least squares and 40 digits."""

import json

import numpy as np
import pytest

from npnets.backprop import gradient, loss
from npnets.curvature import hessian
from npnets.initializers import initialize
from npnets.landscape.polish import polish, polish_all
from npnets.network import Network
from npnets.training import train

LINE = np.linspace(-3, 3, 40)


def trained(shapes, target, activation="relu"):
    """One network of each shape after the source's protocol, of seeds 0, 1, …"""
    found = train(shapes, target, activation=activation, seeds=range(len(shapes)))
    return [found.network(k) for k in range(len(shapes))]


def sample(n=1000):
    return np.random.default_rng(0).standard_normal(n)


def torch_gradient_norm(net, x, y):
    torch = pytest.importorskip("torch")
    activation = {"relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid}[net.activation]
    layers = [torch.tensor(p) for pair in zip(net.weights, net.biases, strict=True) for p in pair]
    for p in layers:
        p.requires_grad_()
    a = torch.tensor(x.reshape(len(x), -1))
    for k in range(0, len(layers), 2):
        a = a @ layers[k].T + layers[k + 1]
        a = activation(a) if k + 2 < len(layers) else a
    torch.nn.functional.mse_loss(a, torch.tensor(y.reshape(len(y), -1))).backward()
    return float(torch.cat([p.grad.ravel() for p in layers]).norm())


def lower_nearby(found, x, y, radius, tries=200):
    """How many random steps of that length lead to a loss that is lower by more than rounding."""
    random = np.random.default_rng(1)
    net, base = found.network, found.network(x) - y.reshape(len(y), -1)
    lower = 0
    for _ in range(tries):
        step = random.standard_normal(len(net.parameters))
        theta = net.parameters + radius * step / np.linalg.norm(step)
        other = Network.from_parameters(net.widths, theta, net.activation, net.slope)
        residual = other(x) - y.reshape(len(y), -1)
        lower += np.mean((residual - base) * (residual + base)) < -1e-15
    return lower


@pytest.mark.parametrize("shape", [(16,), (5, 7, 4), (4, 4, 4, 4), (2,)])
def test_relu_networks_reach_a_gradient_of_1e_12_on_a_line(shape):
    x = sample()
    every = polish_all(trained([shape] * 4, "linear"), x, 2 * x + 1)
    minima = [found for found in every if found.converged]
    assert len(minima) >= 3  # a valley may be too long
    for found in minima:
        assert found.reason == "minimum"
        assert found.gradient_norm <= 1e-12
        norm = torch_gradient_norm(found.network, x, 2 * x + 1)
        assert norm <= (1.1e-12 if found.kinks == 0 else 1e-10)
        # Either an exact fit, or all neurons of a layer are dead and a constant is the best.
        assert found.loss < 1e-19 or found.loss == pytest.approx(np.var(2 * x), rel=1e-12)


@pytest.mark.parametrize(
    ("shape", "target", "activation"),
    [((2,), "sin(x)", "tanh"), ((3,), "sin(2*x)", "tanh"), ((3,), "exp(-x*x)", "sigmoid")],
)
def test_minima_are_those_of_scipys_least_squares(shape, target, activation):
    from scipy.optimize import least_squares

    from npnets.targets import get_target

    x = sample(200)
    y = get_target(target)(x[:, None])[:, 0]
    found = [f for f in polish_all(trained([shape] * 4, target, activation), x, y) if f.converged]
    assert found
    for one in found:
        theta = one.network.parameters

        def residuals(theta, net=one.network):
            moved = Network.from_parameters(net.widths, theta, activation)
            return (moved(x)[:, 0] - y) / np.sqrt(len(x))

        start = theta + 1e-4 * np.random.default_rng(0).standard_normal(len(theta))
        peer = least_squares(residuals, start, method="lm", xtol=1e-15, ftol=1e-15, gtol=1e-15)
        assert 2 * peer.cost >= one.loss * (1 - 1e-10)
        np.testing.assert_allclose(2 * peer.cost, one.loss, rtol=1e-9)
        # Finite differences leave scipy some way off along the flattest direction.
        assert np.linalg.norm(peer.x - theta) <= 1e-8 / np.sqrt(one.smallest_eigenvalue)
        assert torch_gradient_norm(one.network, x, y) <= 1.1e-12


def test_a_minimum_holds_in_40_digits():
    """The gradient of a network of one neuron, summed by mpmath, and Newton's next step."""
    mpmath = pytest.importorskip("mpmath")
    mpmath.mp.dps = 40
    x = np.array([-2.0, -1.0, 0.25, 1.0, 1.5])
    y = np.array([-1.0, -0.5, 0.5, 0.75, 0.5])
    found = polish(Network([[[0.5]], [[0.5]]], [[0.0], [0.0]], "tanh"), x, y)

    def objective(w, b, v, c):
        outputs = (v * mpmath.tanh(w * mpmath.mpf(a) + b) + c for a in x)
        return sum((o - mpmath.mpf(t)) ** 2 for o, t in zip(outputs, y, strict=True)) / len(x)

    at = [mpmath.mpf(p) for p in found.network.parameters]
    slopes = [mpmath.diff(objective, at, tuple(int(i == k) for i in range(4))) for k in range(4)]
    norm = float(mpmath.sqrt(sum(s**2 for s in slopes)))
    assert norm == pytest.approx(found.gradient_norm, abs=1e-15)
    assert norm <= 1e-12
    assert found.smallest_eigenvalue > 1e-3


def test_a_linear_model_takes_one_step_to_the_least_squares_solution():
    x = np.random.default_rng(0).standard_normal((60, 3))
    y = np.random.default_rng(1).standard_normal((60, 2))
    found = polish(initialize((3, 2), seed=1), x, y)
    exact = np.linalg.lstsq(np.c_[x, np.ones(60)], y, rcond=None)[0]
    assert found.iterations == 1
    assert found.reason == "minimum"
    np.testing.assert_allclose(found.network.weights[0], exact[:3].T, atol=1e-13)
    np.testing.assert_allclose(found.network.biases[0], exact[3], atol=1e-13)


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "selu", "tanh", "identity"])
def test_an_all_zero_network_is_at_a_saddle_and_not_at_a_minimum(activation):
    """Nothing pulls at a weight between two zeros; together they fall."""
    found = polish(Network.from_parameters((1, 3, 1), np.zeros(10), activation), LINE, 2 * LINE + 1)
    assert found.gradient_norm <= 1e-12
    assert found.reason == "saddle"
    assert not found.converged
    assert found.smallest_eigenvalue < -1e-3


def test_a_split_neuron_is_at_a_saddle():
    """Half the best neuron twice is critical, too, but two different neurons fit better."""
    y = np.tanh(LINE) + np.sin(4 * LINE) / 3
    one = polish(Network([[[1.0]], [[1.0]]], [[0.0], [0.0]], "tanh"), LINE, y)
    w, b, v, c = one.network.parameters
    half = Network.from_parameters((1, 2, 1), [w, w, b, b, v / 2, v / 2, c], "tanh")
    found = polish(half, LINE, y)
    assert one.reason == "minimum"
    assert found.reason == "saddle"
    assert found.iterations == 0
    assert found.smallest_eigenvalue < -1e-3
    theta = half.parameters + 1e-3 * np.array([1, -1, 1, -1, 1, -1, 0])
    beyond = polish(Network.from_parameters((1, 2, 1), theta, "tanh"), LINE, y)
    assert beyond.reason == "minimum"
    assert beyond.loss < 0.9 * found.loss


def test_a_minimum_may_lie_on_a_kink_where_the_gradient_jumps():
    x = np.linspace(-2, 2, 15)
    every = polish_all([initialize((1, 3, 1), seed=k) for k in range(60)], x, x**2)
    found = [one for one in every if one.converged]
    assert len(found) >= 50
    assert all(lower_nearby(one, x, x**2, radius) == 0 for one in found for radius in (1e-5, 1e-7))
    smooth = [one for one in found if one.kinks == 0]
    assert max(torch_gradient_norm(one.network, x, x**2) for one in smooth) <= 1.1e-12
    kinked = [one for one in found if one.kinks > 0]
    assert kinked
    for one in kinked:
        assert one.gradient_norm <= 1e-12
        assert np.abs(one.network.forward(x).preactivations[0]).min() < 1e-11
    assert max(torch_gradient_norm(one.network, x, x**2) for one in kinked) > 1e-4


def test_a_deep_network_may_end_on_kinks_whose_edges_are_curved():
    x = sample()
    found = polish_all(trained([(4, 4, 4)] * 6, "quadratic"), x, x**2)
    assert [one.reason for one in found].count("minimum") >= 4
    for one in found:
        if one.converged:
            assert lower_nearby(one, x, x**2, 1e-6) == 0


def test_a_neuron_that_waits_on_its_kink_for_all_samples_is_turned_on():
    """At z = 0 torch's gradient is that of the neuron being off: flat, yet not a minimum."""
    net = Network([[[0.0]], [[1.0]]], [[0.0], [0.0]])
    y = np.full(len(LINE), 3.0) + LINE
    assert gradient(net, LINE, y)[1] == 0.0
    found = polish(net, LINE, y)
    assert found.reason == "minimum"
    assert found.loss < 1e-20


def test_eigenvalues_are_those_of_the_hessian_where_it_got_to():
    found = polish(initialize((1, 4, 1), seed=1, activation="sigmoid"), LINE, np.sin(LINE))
    values = np.linalg.eigvalsh(hessian(found.network, LINE, np.sin(LINE)))
    np.testing.assert_allclose(found.eigenvalues, values[::-1], atol=1e-12 * values[-1])
    assert found.smallest_eigenvalue == found.eigenvalues[-1]


def test_kinks_that_hide_a_way_down_are_not_called_a_minimum():
    """A neuron at z = 0 for all samples: on for all or off for all, nothing pulls at it."""
    net = Network([[[0.0]], [[1.0]]], [[0.0], [0.0]])
    y = LINE**2
    found = polish(net, LINE, y)
    assert found.reason != "minimum" or lower_nearby(found, LINE, y, 1e-3) == 0
    chain = initialize((3, 1, 1, 4, 1, 2), "he_normal", seed=80)
    x = np.random.default_rng(80).standard_normal((30, 3))
    found = polish(chain, x, x[:, :2])
    assert found.reason != "minimum" or lower_nearby(found, x, x[:, :2], 1e-5) == 0


def test_dead_parameters_stay_where_they_are():
    net = Network([[[1.0], [1.0]], [[1.0, 2.0]]], [[0.0, -100.0], [0.5]])
    found = polish(net, LINE, np.tanh(LINE))
    assert found.reason == "minimum"
    dead = [1, 3, 5]
    assert (found.network.parameters[dead] == net.parameters[dead]).all()


def test_a_batch_gives_each_network_what_it_gets_alone():
    x = sample(300)
    nets = trained([(3,), (), (8,), (2, 3), (8,), (1,)], "quadratic")
    nets += trained([(2,), (3,)], "quadratic", "tanh")
    alone = [polish(net, x, x**2, max_iterations=60) for net in nets]
    for threads in (1, 2):
        together = polish_all(nets, x, x**2, max_iterations=60, threads=threads)
        for one, other in zip(alone, together, strict=True):
            assert (one.network.parameters == other.network.parameters).all()
            assert (one.eigenvalues == other.eigenvalues).all()
            assert one.to_json() == other.to_json()


def test_polishing_never_raises_the_loss_and_starts_in_float64():
    x = sample(300)
    for net in trained([(8,), (3, 3)], "sine"):
        assert net.dtype == np.float32
        found = polish(net, x, np.sin(x), max_iterations=10)
        exact = Network.from_parameters(net.widths, net.parameters.astype(np.float64))
        assert found.network.dtype == np.float64
        assert found.loss <= loss(exact, x, np.sin(x))
        assert found.loss == loss(found.network, x, np.sin(x))


def test_without_iterations_a_network_stays_and_says_so():
    net = initialize((1, 3, 1), seed=3)
    found = polish(net, LINE, LINE**2, max_iterations=0)
    assert found.reason == "iterations"
    assert found.iterations == 0
    assert (found.network.parameters == net.parameters).all()
    assert found.gradient_norm == pytest.approx(np.linalg.norm(gradient(net, LINE, LINE**2)))


def test_a_valley_that_falls_for_ever_is_not_called_a_minimum():
    """x² is a limit of tanh networks whose weights grow without bound, and none of them."""
    net = trained([(3,)], "quadratic", "tanh")[0]
    short, long = (polish(net, LINE, LINE**2, max_iterations=n) for n in (50, 200))
    assert (short.reason, long.reason) == ("iterations", "iterations")
    assert long.loss < short.loss
    assert np.linalg.norm(long.network.parameters) > np.linalg.norm(net.parameters)


def test_what_double_precision_cannot_reach_is_not_called_a_minimum():
    found = polish(
        initialize((1, 2, 1), seed=0, activation="tanh"), LINE, np.sin(LINE) + 1, tolerance=1e-30
    )
    assert found.reason == "stalled" or found.gradient_norm == 0
    assert found.gradient_norm < 1e-13


def test_json():
    found = polish(Network([[[0.0]], [[1.0]]], [[1.0], [0.0]], "tanh"), LINE, np.tanh(LINE))
    document = json.loads(found.to_json())
    assert document["widths"] == [1, 1, 1]
    assert document["parameters"] == found.network.parameters.tolist()
    assert document["converged"] is True
    assert document["reason"] == "minimum"
    assert document["smallest_eigenvalue"] == found.smallest_eigenvalue


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "binary_cross_entropy"}, "kind must be mse, .*, got 'binary_cross_entropy'"),
        ({"kind": "nonsense"}, "kind must be mse, .*, got 'nonsense'"),
        ({"tolerance": 0.0}, "tolerance must be a positive finite number, got 0.0"),
        ({"tolerance": float("nan")}, "tolerance must be a positive finite number, got nan"),
        ({"tolerance": "small"}, "tolerance must be a positive finite number, got 'small'"),
        ({"max_iterations": -1}, "max_iterations must be an integer >= 0, got -1"),
        ({"max_iterations": 1.5}, "max_iterations must be an integer >= 0, got 1.5"),
        ({"x": [[1.0, 2.0]]}, r"x must have shape \(n, 1\), got \(1, 2\)"),
        ({"x": [np.nan, 1.0]}, "x must be finite, got nan"),
        ({"y": [np.inf, 1.0]}, "y must be finite, got inf"),
        ({"y": [1.0]}, "y must have one row per sample: 2, got shape"),
        ({"x": [], "y": []}, "x must hold at least one sample, got none"),
    ],
)
def test_bad_arguments_are_named(change, message):
    arguments = {"x": [0.0, 1.0], "y": [0.0, 1.0]} | change
    with pytest.raises(ValueError, match=message):
        polish(initialize((1, 2, 1)), **arguments)


def test_bad_networks_are_named():
    with pytest.raises(ValueError, match=r"parameters of nets\[0\] must be finite, got nan"):
        polish(Network.from_parameters((1, 2, 1), np.full(7, np.nan)), [0.0], [0.0])
    with pytest.raises(
        ValueError, match="nets must have a finite loss and gradient, got a loss of inf"
    ):
        polish(Network.from_parameters((1, 2, 1), np.full(7, 1e80)), [1.0], [0.0])
    with pytest.raises(ValueError, match=r"x must have shape \(n, 2\), got \(2, 1\)"):
        polish_all([initialize((1, 1)), initialize((2, 1))], [[0.0], [1.0]], [0.0, 1.0])
    with pytest.raises(ValueError, match="threads must be an integer >= 1, got 0"):
        polish_all([initialize((1, 1))], [0.0, 1.0], [0.0, 1.0], threads=0)
    assert polish_all([], [0.0], [0.0]) == []
