"""Directions in parameter space against fitted lines, finite moves and counts by theory."""

import json
from itertools import pairwise

import numpy as np
import pytest

from npnets.backprop import gradient
from npnets.curvature import hessian, jacobian
from npnets.initializers import initialize
from npnets.landscape import directions as module
from npnets.landscape.directions import (
    alignment,
    intercept_direction,
    scaling_directions,
    slope_direction,
    symmetry_space,
)
from npnets.landscape.spectrum import spectrum
from npnets.network import Network, join_parameters, parameter_count
from npnets.samples import held_out, uniform_grid

EPS = 2.0**-52
DEEP = [(1, 1, 1), (1, 6, 1), (2, 4, 3, 2), (1, 3, 4, 2, 1), (3, 2, 2, 2, 2, 1)]


def random_network(widths, activation="relu", seed=0, slope=0.1):
    theta = np.random.default_rng(seed).standard_normal(parameter_count(widths))
    return Network.from_parameters(widths, theta, activation, slope)


def shallow_network(activation):
    """Three neurons that change slope at -1, 0 and 1."""
    return Network(
        [[[1.0], [-2.0], [0.5]], [[1.0, 2.0, -1.0]]], [[1.0, 0, -0.5], [0.3]], activation
    )


def moved(net, theta):
    return Network.from_parameters(net.widths, theta, net.activation, net.slope)


def random_data(net, n=40):
    random = np.random.default_rng(9)
    return random.standard_normal((n, net.widths[0])), random.standard_normal((n, net.widths[-1]))


# The line


@pytest.mark.parametrize("x", [uniform_grid(1) + 1.5, held_out(1)[:500]], ids=["uniform", "normal"])
@pytest.mark.parametrize(
    ("widths", "activation"), [((1, 6, 1), "tanh"), ((1, 5, 4, 1), "gelu"), ((1, 1), "relu")]
)
def test_line_directions_are_the_differences_of_fitted_lines(widths, activation, x):
    net, step = random_network(widths, activation), 1e-5
    directions = (slope_direction(net, x), intercept_direction(net, x))
    for i, unit in enumerate(np.eye(parameter_count(widths))):
        up, down = (
            np.polyfit(x[:, 0], moved(net, net.parameters + sign * step * unit)(x)[:, 0], 1)
            for sign in (1, -1)
        )
        difference = (up - down) / (2 * step)
        np.testing.assert_allclose([d[i] for d in directions], difference, rtol=0, atol=1e-8)


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "selu"])
def test_line_directions_of_a_kinked_network_too(activation):
    """Few points, so that no step crosses a kink."""
    net, x, step = random_network((1, 4, 3, 1), activation), np.array([-1.3, 0.4, 0.9, 2.1]), 1e-6
    directions = (slope_direction(net, x), intercept_direction(net, x))
    v = np.random.default_rng(1).standard_normal(parameter_count(net.widths))
    up, down = (
        np.polyfit(x, moved(net, net.parameters + s * step * v)(x)[:, 0], 1) for s in (1, -1)
    )
    found = [d @ v for d in directions]
    np.testing.assert_allclose(found, (up - down) / (2 * step), rtol=0, atol=1e-7)


def test_the_line_of_a_line_is_its_weight_and_bias():
    for x in (uniform_grid(1), held_out(1), [3.0, 4.0, 6.0]):
        net = initialize((1, 1), seed=1)
        np.testing.assert_allclose(slope_direction(net, x), [1, 0], rtol=0, atol=1e-13)
        np.testing.assert_allclose(intercept_direction(net, x), [0, 1], rtol=0, atol=1e-13)


def test_a_far_interval_keeps_its_digits():
    x = np.linspace(1e6, 1e6 + 1, 100)
    np.testing.assert_allclose(slope_direction(initialize((1, 1)), x), [1, 0], rtol=0, atol=1e-8)


def test_single_precision_networks_have_double_precision_directions():
    single = Network([np.ones((1, 1), "float32")], [np.zeros(1, "float32")])
    assert slope_direction(single, [0.0, 1.0]).dtype == np.float64
    relu = Network([np.ones((2, 1), "f4"), np.ones((1, 2), "f4")], [np.ones(2, "f4")] * 1 + [[0.5]])
    assert scaling_directions(relu).dtype == np.float64


# Scaling


def scaling_signs(net):
    """D of every hidden neuron, (neurons, P): +1 on what comes in, -1 on what goes out."""
    rows = []
    for layer, width in enumerate(net.widths[1:-1]):
        for j in range(width):
            weights = [np.zeros(w.shape) for w in net.weights]
            biases = [np.zeros(b.shape) for b in net.biases]
            weights[layer][j] = biases[layer][j] = 1
            weights[layer + 1][:, j] = -1
            rows.append(join_parameters(weights, biases))
    return np.array(rows)


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "identity"])
@pytest.mark.parametrize("widths", DEEP)
def test_the_hessian_takes_a_scaling_direction_to_minus_the_gradient_with_its_signs(
    widths, activation
):
    """s = Dθ and s·g = 0 at every θ, so H s + D g = 0."""
    for seed in range(5):
        net = random_network(widths, activation, seed)
        x, y = random_data(net)
        h, g, signs = hessian(net, x, y), gradient(net, x, y), scaling_signs(net)
        s = scaling_directions(net)
        assert np.array_equal(s, (signs * net.parameters).T)
        rounding = 100 * EPS * np.linalg.norm(net.parameters) * np.linalg.norm(h, 2)
        np.testing.assert_allclose(g @ s, 0, rtol=0, atol=rounding)
        np.testing.assert_allclose(h @ s, -(signs * g).T, rtol=0, atol=rounding)


@pytest.mark.parametrize("kind", ["binary_cross_entropy", "softmax_cross_entropy"])
def test_scaling_is_flat_for_every_loss(kind):
    net = random_network((2, 4, 3, 2))
    x, y = random_data(net)
    y = np.abs(y) / np.abs(y).sum(axis=1, keepdims=True)
    expected = -(scaling_signs(net) * gradient(net, x, y, kind)).T
    found = hessian(net, x, y, kind) @ scaling_directions(net)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13)


def test_at_an_exact_fit_scaling_directions_are_eigenvectors_of_eigenvalue_zero():
    net = Network([[[1.3]], [[0.7]]], [[0.4], [0.2]])
    x = np.linspace(-3, 3, 50)
    found = spectrum(net, x, net(x))
    assert found.tiers == (3, 0, 0, 1, 0)
    cosines = alignment(found.eigenvectors, scaling_directions(net)).cosines[:, 0]
    assert abs(cosines[3]) > 1 - 1e-13
    assert np.abs(cosines[:3]).max() < 1e-7


@pytest.mark.parametrize("activation", ["tanh", "gelu", "gelu_tanh", "sigmoid", "selu"])
def test_activations_without_a_scaling_are_refused_and_have_no_symmetry_space(activation):
    net = random_network((1, 3, 1), activation)
    rule = f"activation that scales, one of relu, leaky_relu, identity, got '{activation}'"
    with pytest.raises(ValueError, match=rule):
        scaling_directions(net)
    assert symmetry_space(net).shape == (10, 0)
    spread = shallow_network(activation)
    assert np.linalg.matrix_rank(jacobian(spread, np.linspace(-3, 3, 301))) == 10


# The space of all symmetries


def free_moves(widths):
    """Dimensions of an affine map of the network's lowest rank, out of all parameters."""
    rank = min(widths)
    of_map = rank * (widths[0] + widths[-1] - rank) + widths[-1]
    return parameter_count(widths) - of_map


def check_basis(net, basis, x):
    m = basis.shape[1]
    np.testing.assert_allclose(basis.T @ basis, np.eye(m), rtol=0, atol=1e-13)
    j = jacobian(net, x)
    assert np.abs(j @ basis).max(initial=0) <= 1e-13 * np.linalg.norm(j, 2)


@pytest.mark.parametrize("activation", ["relu", "leaky_relu"])
@pytest.mark.parametrize("widths", DEEP)
def test_a_kinked_network_has_one_symmetry_for_each_hidden_neuron(widths, activation):
    net = random_network(widths, activation)
    basis = symmetry_space(net)
    assert basis.shape[1] == sum(widths[1:-1])
    check_basis(net, basis, random_data(net)[0])


@pytest.mark.parametrize("widths", [*DEEP[:4], (2, 1, 2), (1, 2, 1, 2, 1), (3, 5, 4, 2), (2, 2)])
@pytest.mark.parametrize(("activation", "slope"), [("identity", 0.1), ("leaky_relu", 1)])
def test_a_linear_network_has_all_the_symmetries_that_its_rank_leaves(widths, activation, slope):
    net = random_network(widths, activation, slope=slope)
    basis = symmetry_space(net)
    assert basis.shape[1] == free_moves(widths)
    check_basis(net, basis, random_data(net)[0])


def test_a_linear_network_that_narrows_has_fewer_symmetries_than_its_rank_leaves():
    """Its first layer sees a plane; turning it about one line leaves this function, not others."""
    net = random_network((3, 2, 2, 2, 2, 1), "identity")
    assert symmetry_space(net).shape[1] == 4 * (4 + 2) == free_moves(net.widths) - 1


def test_a_shallow_network_has_no_symmetry_but_scaling():
    net = shallow_network("relu")
    assert np.linalg.matrix_rank(jacobian(net, np.linspace(-3, 3, 301))) == 10 - 3
    assert symmetry_space(net).shape == (10, 3)


def scaled(net, exponents):
    """Neurons grown by e^exponent, one array for each hidden layer, and their readers shrunk."""
    factors = [np.ones(net.widths[0]), *map(np.exp, exponents), np.ones(net.widths[-1])]
    weights = [
        w * new[:, None] / old for w, (old, new) in zip(net.weights, pairwise(factors), strict=True)
    ]
    biases = [b * new for b, new in zip(net.biases, factors[1:], strict=True)]
    return Network(weights, biases, net.activation, net.slope)


@pytest.mark.parametrize("widths", DEEP)
def test_scaling_by_any_factor_leaves_the_function_and_starts_in_the_space(widths):
    net, random = random_network(widths), np.random.default_rng(3)
    exponents = [random.standard_normal(width) for width in widths[1:-1]]
    x = 10 * random.standard_normal((50, widths[0]))
    np.testing.assert_allclose(
        scaled(net, exponents)(x), net(x), rtol=0, atol=1e-12 * np.abs(net(x)).max()
    )
    little = 1e-5
    ends = [scaled(net, [s * little * e for e in exponents]).parameters for s in (1, -1)]
    tangent = (ends[0] - ends[1]) / (2 * little)
    np.testing.assert_allclose(
        scaling_directions(net) @ np.concatenate(exponents), tangent, rtol=0, atol=1e-8
    )
    assert distance_from_span(symmetry_space(net), tangent) < 1e-8


def transformed(net, maps):
    """A linear network whose hidden layers go through invertible maps (M, c), undone after."""
    first, last = (np.eye(net.widths[k]) for k in (0, -1))
    before = [(first, np.zeros(len(first))), *maps]
    after = [*maps, (last, np.zeros(len(last)))]
    weights, biases = [], []
    for w, b, (m0, c0), (m1, c1) in zip(net.weights, net.biases, before, after, strict=True):
        weights.append(m1 @ w @ np.linalg.inv(m0))
        biases.append(m1 @ b + c1 - weights[-1] @ c0)
    return Network(weights, biases, net.activation, net.slope)


@pytest.mark.parametrize("widths", DEEP)
def test_affine_maps_of_linear_layers_leave_the_function_and_start_in_the_space(widths):
    net, random = random_network(widths, "identity"), np.random.default_rng(3)
    moves = [(random.standard_normal((k, k)), random.standard_normal(k)) for k in widths[1:-1]]

    def at(t):
        return transformed(net, [(np.eye(len(c)) + t * m, t * c) for m, c in moves])

    x = random.standard_normal((50, widths[0]))
    np.testing.assert_allclose(at(0.2)(x), net(x), rtol=0, atol=1e-11 * np.abs(net(x)).max())
    tangent = (at(1e-5).parameters - at(-1e-5).parameters) / 2e-5
    assert distance_from_span(symmetry_space(net), tangent) < 1e-7 * np.linalg.norm(tangent)


def distance_from_span(basis, vector):
    return np.linalg.norm(vector - basis @ (basis.T @ vector))


def test_neurons_with_nothing_but_each_other_count_one_less():
    """Scaling both at once then moves nothing: the rank of a graph's incidence matrix."""
    net = random_network((1, 2, 2, 1))
    (w1, w2, w3), (b1, b2, b3) = (
        [a.copy() for a in arrays] for arrays in (net.weights, net.biases)
    )
    w1[0], b1[0], w2[0, 1], w2[1, 0], w3[0, 0], b2[0] = 0, 0, 0, 0, 0, 0
    apart = Network([w1, w2, w3], [b1, b2, b3])  # a pair, 0 to 0, beside the neurons 1 and 1
    assert symmetry_space(apart).shape[1] == 3
    assert symmetry_space(Network([w1, w2, w3], [b1 + 1e-6, b2, b3])).shape[1] == 4
    nothing = Network([np.zeros((3, 1)), np.zeros((1, 3))], [np.zeros(3), np.ones(1)])
    assert symmetry_space(nothing).shape == (10, 0)
    assert (scaling_directions(nothing) == 0).all()


@pytest.mark.parametrize(("d_in", "d_out"), [(1, 1), (2, 3)])
def test_dead_neurons_set_all_their_weights_free_on_the_data(d_in, d_out):
    random = np.random.default_rng(1)
    b = np.array([0.1, -90.0, 0.2, -90.0, -90.0])
    weights = [random.standard_normal((5, d_in)), random.standard_normal((d_out, 5))]
    net = Network(weights, [b, np.zeros(d_out)])
    x = random.standard_normal((60, d_in))
    basis = symmetry_space(net, x)
    assert basis.shape[1] == 2 + 3 * (d_in + 1 + d_out)
    check_basis(net, basis, x)
    assert symmetry_space(net).shape[1] == 5
    free = 3 * (d_in + 1 + d_out)
    away = net.parameters + basis[:, :free] @ random.standard_normal(free)
    assert np.array_equal(moved(net, away)(x), net(x))


def test_a_dead_layer_frees_all_but_what_it_leaves_as_a_constant():
    net = random_network((1, 3, 2, 2, 1))
    biases = [b.copy() for b in net.biases]
    biases[1] -= 1000
    net = Network(net.weights, biases)
    x = np.linspace(-2, 2, 30)
    basis = symmetry_space(net, x)
    check_basis(net, basis, x)
    # The third layer's weights read zeros. Left are its biases and the output's weights and bias.
    alive = int((biases[2] > 0).sum())
    assert basis.shape[1] == parameter_count(net.widths) - (2 * alive + 1) + alive


# Alignment


def planes_at(angles, size=40, seed=0):
    """Two bases of spans with these principal angles, in general position and badly scaled."""
    random, k = np.random.default_rng(seed), len(angles)
    q, _ = np.linalg.qr(random.standard_normal((size, 2 * k)))
    return q[:, :k], q[:, :k] * np.cos(angles) + q[:, k:] * np.sin(angles)


@pytest.mark.parametrize("scale", [0, 4])
@pytest.mark.parametrize(("p", "q"), [(3, 5), (5, 3), (4, 4), (1, 1), (1, 6)])
def test_principal_angles_are_scipys(p, q, scale):
    """To the root of rounding: beside a large angle SciPy takes a small one from its cosine."""
    scipy_linalg = pytest.importorskip("scipy.linalg")
    random = np.random.default_rng(p + 10 * q)
    a, b = random.standard_normal((20, p)), random.standard_normal((20, q))
    b[:, -1] = a[:, 0] + 1e-6  # one direction all but shared
    a, b = a * 10.0 ** -np.linspace(0, scale, p), b * 10.0 ** np.linspace(0, scale, q)
    expected = scipy_linalg.subspace_angles(a, b)[::-1]
    np.testing.assert_allclose(alignment(a, b).principal_angles, expected, rtol=1e-10, atol=1e-8)


def test_angles_of_nearly_dependent_vectors_are_scipys():
    scipy_linalg = pytest.importorskip("scipy.linalg")
    random = np.random.default_rng(0)
    a, b = random.standard_normal((30, 3)), random.standard_normal((30, 4))
    a[:, 2] = a[:, 0] + 1e-6 * a[:, 2]  # a condition number of a million
    found = alignment(a, b).principal_angles
    np.testing.assert_allclose(found, scipy_linalg.subspace_angles(a, b)[::-1], rtol=1e-8)


def test_small_and_large_angles_are_known_to_rounding():
    angles = np.array([0.0, 1e-12, 1e-8, 1e-3, 0.5, np.pi / 4, 1.2, np.pi / 2 - 1e-9])
    found = alignment(*planes_at(angles)).principal_angles
    np.testing.assert_allclose(found, angles, rtol=0, atol=4 * EPS * 10)


def test_neither_lengths_nor_repeated_vectors_change_the_angles():
    angles = [1e-9, 0.3, 1.0]
    a, b = planes_at(angles)
    lengths = np.array([1e-200, 1.0, 1e200])
    found = alignment(np.hstack([a * lengths, a]), b * lengths[::-1]).principal_angles
    np.testing.assert_allclose(found, angles, rtol=0, atol=1e-14)


def test_cosines_are_those_of_each_pair():
    random = np.random.default_rng(0)
    a, b = random.standard_normal((7, 3)), random.standard_normal((7, 2))
    found = alignment(a, b).cosines
    for i in range(3):
        for j in range(2):
            expected = a[:, i] @ b[:, j] / np.sqrt((a[:, i] ** 2).sum() * (b[:, j] ** 2).sum())
            assert found[i, j] == pytest.approx(expected, abs=1e-15)
    assert alignment(a, -3 * a).cosines.min() == -1
    assert alignment([1.0, 1.0], [2.0, 2.0]).cosines.tolist() == [[pytest.approx(1)]]


def test_an_empty_space_has_no_angles():
    found = alignment(np.eye(10), symmetry_space(random_network((1, 3, 1), "tanh")))
    assert found.cosines.shape == (10, 0)
    assert found.principal_angles.shape == (0,)


def test_json_holds_cosines_and_angles():
    found = alignment(np.eye(3), np.ones(3))
    assert json.loads(found.to_json()) == {
        "cosines": found.cosines.tolist(),
        "principal_angles": found.principal_angles.tolist(),
    }


# Bad input


@pytest.mark.parametrize(
    ("eigenvectors", "directions", "message"),
    [
        (np.eye(3), [1.0, 2.0], "directions must have length 3, like eigenvectors, got 2"),
        (np.eye(3), [0.0, 0.0, 0.0], "directions must hold no zero vector, got one in column 0"),
        (np.diag([1.0, 0.0]), np.eye(2), "eigenvectors must hold no zero vector, got one in col"),
        (np.eye(3), [1.0, np.nan, 0.0], "directions must be finite, got nan"),
        (np.ones((2, 2, 2)), np.eye(2), r"eigenvectors must have shape \(P,\) or \(P, vectors\)"),
        (np.eye(2), ["a", "b"], "directions must hold real numbers"),
    ],
)
def test_bad_vectors_are_named(eigenvectors, directions, message):
    with pytest.raises(ValueError, match=message):
        alignment(eigenvectors, directions)


@pytest.mark.parametrize("function", [slope_direction, intercept_direction])
@pytest.mark.parametrize(
    ("widths", "x", "message"),
    [
        ((2, 3, 1), [[1.0, 2.0]], r"one input and one output, got widths \(2, 3, 1\)"),
        ((1, 3, 2), [1.0, 2.0], r"one input and one output, got widths \(1, 3, 2\)"),
        ((1, 3, 1), [2.0, 2.0], "x must hold at least two different numbers, got 2 times 2.0"),
        ((1, 3, 1), [], "x must hold at least one sample, got none"),
        ((1, 3, 1), [1.0, np.inf], "x must be finite, got inf"),
    ],
)
def test_a_line_that_cannot_be_fitted_is_refused(function, widths, x, message):
    with pytest.raises(ValueError, match=message):
        function(initialize(widths), x)


def test_networks_that_are_broken_or_too_large_are_refused(monkeypatch):
    broken = Network.from_parameters((1, 2, 1), np.full(7, np.inf))
    for function in (scaling_directions, symmetry_space):
        with pytest.raises(ValueError, match="parameters must be finite, got inf"):
            function(broken)
    monkeypatch.setattr(module, "DENSE_BYTES", 1000)
    with pytest.raises(ValueError, match=r"got widths \(1, 16, 1\) with 49 x 16 numbers"):
        scaling_directions(initialize((1, 16, 1)))
