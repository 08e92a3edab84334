"""The kernel's Jacobian, a backward pass, against curvature.jacobian, which runs forward."""

import numpy as np
import pytest
from npnets_kernels.activations import NAMES
from npnets_kernels.jacobian import jacobian as kernel
from npnets_kernels.simd import lanes

from npnets.activations import ACTIVATIONS
from npnets.backends.compiled import pad_samples, pad_weights
from npnets.curvature import jacobian
from npnets.network import Network, parameter_count

LANES = lanes("float64")
EPS = np.finfo(float).eps


def columns(net, x):
    """The kernel's (P, M): every output's samples and zeros."""
    return kernel(
        np.array(net.widths),
        net.parameters,
        NAMES.index(net.activation),
        net.slope,
        pad_samples(np.ascontiguousarray(x.T)),
        pad_weights(len(x), 1.0, x.dtype),
        len(x),
    )


def run(net, x):
    """The kernel's Jacobian in the order of curvature's, and what is behind it in each column."""
    d_out, found = net.widths[-1], columns(net, x)
    rows = len(x) * d_out
    by_sample = found[:, :rows].reshape(len(found), d_out, len(x)).transpose(2, 1, 0)
    return by_sample.reshape(rows, -1), found[:, rows:]


def random_net(seed, depth, activation):
    random = np.random.default_rng(seed)
    ends = random.integers(1, 4, 2).tolist()
    widths = (ends[0], *random.integers(1, 6, depth).tolist(), ends[1])
    theta = random.standard_normal(parameter_count(widths))
    return Network.from_parameters(widths, theta, activation, slope=0.1)


def magnitudes(net, x):
    """What rounding errors are to be measured by: each column without its cancellations."""
    sizes = [np.abs(w) for w in net.weights], [np.abs(b) for b in net.biases]
    return np.abs(jacobian(Network(*sizes, "identity"), np.abs(x))).max(axis=0)


@pytest.mark.parametrize("depth", range(7))
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_it_is_that_of_the_reference_to_a_few_units_in_the_last_place(activation, depth):
    # The numbers of samples leave every remainder modulo the lanes, some of them twice.
    first = 7 * ACTIVATIONS.index(activation) + depth
    for n in (1 + first % LANES, 1 + (first + 19) % LANES, LANES + 1 + (first + 7) % LANES):
        net = random_net(first, depth, activation)
        x = np.random.default_rng(n).standard_normal((n, net.widths[0]))
        found, padding = run(net, x)
        bound = 8 * (depth + 1) * EPS * magnitudes(net, x)
        assert (np.abs(found - jacobian(net, x)) <= bound).all()
        assert (padding == 0).all()


def test_every_number_of_samples_leaves_nothing_out():
    net = random_net(3, 2, "tanh")
    whole = np.random.default_rng(0).standard_normal((2 * LANES + 1, net.widths[0]))
    complete, _ = run(net, whole)
    d_out = net.widths[-1]
    for n in range(1, len(whole) + 1):
        found, padding = run(net, whole[:n])
        assert (found == complete[: n * d_out]).all()
        assert (padding == 0).all()


def test_columns_lie_an_odd_number_of_vectors_apart():
    net = random_net(1, 1, "relu")
    for n in (1, LANES, 4 * LANES, 1000):
        found = columns(net, np.ones((n, net.widths[0])))
        assert found.shape[1] % (2 * LANES) == LANES


def test_a_dead_neurons_columns_are_exactly_zero():
    net = Network([[[1.0], [1.0]], [[1.0, 2.0]]], [[0.0, -100.0], [0.5]])
    found, _ = run(net, np.random.default_rng(0).standard_normal((200, 1)))
    dead = [1, 3, 5]  # its weight, its bias, and the weight that reads it
    assert (found[:, dead] == 0).all()
    assert (np.abs(found).sum(axis=0) > 0).sum() == 4


def test_at_its_kink_relu_is_dead():
    net = Network([[[1.0]], [[2.0]]], [[0.0], [0.0]])
    found, _ = run(net, np.zeros((1, 1)))
    assert found.tolist() == [[0.0, 0.0, 0.0, 1.0]]


def test_it_is_a_difference_quotient_of_the_outputs():
    net = random_net(8, 3, "gelu")
    x = np.random.default_rng(0).standard_normal((5, net.widths[0]))
    found, _ = run(net, x)
    theta, step = net.parameters, 1e-6
    for p in range(len(theta)):
        ends = []
        for sign in (1, -1):
            moved = theta.copy()
            moved[p] += sign * step
            ends.append(Network.from_parameters(net.widths, moved, net.activation)(x).ravel())
        quotient = (ends[0] - ends[1]) / (2 * step)
        scale = max(1.0, np.abs(found).max())
        np.testing.assert_allclose(found[:, p], quotient, atol=1e-8 * scale)


def test_numbers_are_neither_reassociated_nor_held_to_be_finite():
    assert not kernel.dispatcher.targetoptions.get("fastmath")
    net = Network([[[1.0]], [[1e300]]], [[0.0], [0.0]], "identity")
    found, _ = run(net, np.array([[1e300], [1.0]]))
    assert np.isinf(found[0, 0])
    assert np.isfinite(found[1]).all()
