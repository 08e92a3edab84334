"""Initial parameters: spreads against their formulas and PyTorch, streams, and bad schemes."""

import math

import numpy as np
import pytest

from npnets.initializers import SCHEMES, initial_parameters, initialize
from npnets.network import split_parameters

WIDE = (40, 300, 100)


def standard_deviations(scheme, **options):
    weights, _ = split_parameters(initial_parameters(WIDE, scheme, 0, **options), WIDE)
    return [w.std() for w in weights]


@pytest.mark.parametrize(
    ("scheme", "options", "expected"),
    [
        ("torch", {}, lambda fan_in, fan_out: 1 / math.sqrt(3 * fan_in)),
        ("he_normal", {}, lambda fan_in, fan_out: math.sqrt(2 / fan_in)),
        ("he_uniform", {}, lambda fan_in, fan_out: math.sqrt(2 / fan_in)),
        (
            "he_normal",
            {"activation": "leaky_relu", "slope": 0.5},
            lambda fan_in, fan_out: math.sqrt(2 / 1.25 / fan_in),
        ),
        (
            "he_uniform",
            {"activation": "tanh", "slope": 0.5},
            lambda fan_in, fan_out: math.sqrt(2 / fan_in),
        ),
        ("xavier_normal", {}, lambda fan_in, fan_out: math.sqrt(2 / (fan_in + fan_out))),
        ("xavier_uniform", {}, lambda fan_in, fan_out: math.sqrt(2 / (fan_in + fan_out))),
        ("lecun_normal", {}, lambda fan_in, fan_out: math.sqrt(1 / fan_in)),
        ("lecun_uniform", {}, lambda fan_in, fan_out: math.sqrt(1 / fan_in)),
        ("normal", {}, lambda fan_in, fan_out: 1.0),
        ("normal:0.1", {}, lambda fan_in, fan_out: 0.1),
    ],
)
def test_each_layers_standard_deviation_is_the_formulas(scheme, options, expected):
    # 12,000 and 30,000 weights: the sample's standard deviation is off by less than 3 %.
    measured = standard_deviations(scheme, **options)
    np.testing.assert_allclose(measured, [expected(40, 300), expected(300, 100)], rtol=0.03)


@pytest.mark.parametrize("scheme", ["torch", "he_uniform", "xavier_uniform", "lecun_uniform"])
def test_uniform_schemes_fill_their_interval_and_never_leave_it(scheme):
    for w, std in zip(initialize(WIDE, scheme).weights, standard_deviations(scheme), strict=True):
        bound = math.sqrt(3) * std
        assert 0.95 * bound < np.abs(w).max() < 1.03 * bound
        assert abs(w.mean()) < 0.05 * bound


def test_torch_scheme_has_the_bounds_of_pytorchs_linear_layer():
    torch = pytest.importorskip("torch")
    net = initialize(WIDE, "torch")
    for w, b in zip(net.weights, net.biases, strict=True):
        layer = torch.nn.Linear(w.shape[1], w.shape[0])
        for ours, theirs in [(w, layer.weight), (b, layer.bias)]:
            assert np.abs(ours).max() <= 1 / math.sqrt(w.shape[1])
            assert np.abs(ours).max() == pytest.approx(float(theirs.detach().abs().max()), rel=0.05)
            assert ours.std() == pytest.approx(float(theirs.detach().std()), rel=0.2)


@pytest.mark.parametrize("scheme", [s for s in SCHEMES if s != "torch"])
def test_biases_are_positive_zeros_but_for_torch(scheme):
    for b in initialize((3, 5, 2), scheme).biases:
        assert not b.any()
        assert not np.signbit(b).any()


@pytest.mark.parametrize("widths", [(3, 7), (7, 3), (4, 4), (1, 5, 1)])
def test_orthogonal_weights_have_orthonormal_rows_or_columns(widths):
    for w in initialize(widths, "orthogonal").weights:
        gram = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
        np.testing.assert_allclose(gram, np.eye(len(gram)), atol=1e-12)


def test_orthogonal_signs_are_not_fixed_by_the_qr():
    draws = [initialize((2, 2), "orthogonal", seed).weights[0] for seed in range(40)]
    assert 5 < sum(w[0, 0] > 0 for w in draws) < 35
    assert 5 < sum(np.linalg.det(w) > 0 for w in draws) < 35


def test_constant_weights():
    assert initialize((1, 2, 1), "constant").parameters.tolist() == [0.5, 0.5, 0, 0, 0.5, 0.5, 0]
    assert initialize((1, 1), "constant:-2").parameters.tolist() == [-2.0, 0.0]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_initialize_wraps_initial_parameters(scheme):
    net = initialize((2, 3, 1), scheme, 5, "leaky_relu", 0.2)
    assert (net.activation, net.slope, net.dtype) == ("leaky_relu", 0.2, np.float64)
    theta = initial_parameters((2, 3, 1), scheme, 5, "leaky_relu", 0.2)
    np.testing.assert_array_equal(net.parameters, theta)


def test_streams_depend_on_seed_and_widths_and_repeat():
    one = initial_parameters((1, 4, 1), seed=0)
    assert one.tobytes() == initial_parameters([1, np.int64(4), 1], seed=0).tobytes()
    assert one.tobytes() != initial_parameters((1, 4, 1), seed=1).tobytes()
    assert one[0] != initial_parameters((1, 5, 1), seed=0)[0]


@pytest.mark.parametrize("scheme", ["", "he", "uniform", "Torch", ":1", None, 3])
def test_an_unknown_scheme_lists_the_choices(scheme):
    with pytest.raises(ValueError, match=r"scheme must be one of torch, he_normal, .*, got"):
        initialize((1, 1), scheme)


@pytest.mark.parametrize(
    ("scheme", "message"),
    [
        ("torch:1", "scheme torch takes no number, got 'torch:1'"),
        ("normal:", "scheme normal takes a positive number, got 'normal:'"),
        ("normal:0", "scheme normal takes a positive number"),
        ("normal:-1", "scheme normal takes a positive number"),
        ("normal:nan", "scheme normal takes a positive number"),
        ("constant:inf", "scheme constant takes a finite number"),
        ("constant:x", "scheme constant takes a finite number"),
    ],
)
def test_a_bad_number_is_refused(scheme, message):
    with pytest.raises(ValueError, match=message):
        initialize((1, 1), scheme)


def test_bad_widths_and_seeds_are_refused():
    with pytest.raises(ValueError, match=r"widths must be positive integers, got \(1, 0, 1\)"):
        initialize((1, 0, 1))
    with pytest.raises(ValueError, match="seed must be a non-negative integer, got -1"):
        initialize((1, 1), seed=-1)
