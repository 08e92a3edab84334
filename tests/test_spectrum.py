"""Spectra and tiers against 40-digit arithmetic, closed forms and what must not change them."""

import json

import numpy as np
import pytest
from jets import Precise
from jets import hessian as jet_hessian

from npnets.curvature import hessian
from npnets.initializers import initialize
from npnets.landscape import spectrum as module
from npnets.landscape.spectrum import TIER_THRESHOLDS, Spectrum, spectra, spectrum, tiers_of
from npnets.network import Network, parameter_count

EPS = 2.0**-52


def exact_eigenvalues(mpmath, net, x, y, kind):
    exact = mpmath.matrix(jet_hessian(net, x, y, kind, Precise(mpmath)).tolist())
    values = mpmath.mp.eigsy(exact, eigvals_only=True)
    return sorted(values, reverse=True)


ORACLE_CASES = [
    ((1, 1), "relu", "mse"),
    ((1, 1, 1), "relu", "mse"),
    ((1, 3, 1), "leaky_relu", "mse"),
    ((1, 2, 2, 1), "relu", "mse"),
    ((1, 3, 1), "tanh", "mse"),
    ((2, 2, 2), "gelu", "mse"),
    ((1, 2, 1), "sigmoid", "binary_cross_entropy"),
    ((1, 2, 2), "tanh", "softmax_cross_entropy"),
]


@pytest.mark.parametrize("fitted", [False, True])
@pytest.mark.parametrize(("widths", "activation", "kind"), ORACLE_CASES)
def test_eigenvalues_are_exact_to_the_floor_and_tiers_outside_its_band(
    widths, activation, kind, fitted
):
    """Fitted networks have no residuals and their eigenvalues reach through all tiers."""
    mpmath = pytest.importorskip("mpmath")
    random = np.random.default_rng(len(widths))
    theta = random.standard_normal(parameter_count(widths))
    net = Network.from_parameters(widths, theta, activation, slope=0.1)
    x = random.standard_normal((6, widths[0]))
    y = random.random((6, widths[-1]))
    y = net(x) if fitted and kind == "mse" else y / y.sum(axis=1, keepdims=True)
    found = spectrum(net, x, y, kind)
    with mpmath.workdps(40):
        exact = exact_eigenvalues(mpmath, net, x, y, kind)
        errors = [abs(mpmath.mpf(a) - b) for a, b in zip(found.eigenvalues, exact, strict=True)]
    assert float(max(errors)) <= found.floor
    sure = ~found.uncertain
    assert (found.tier_of[sure] == tiers_of([float(value) for value in exact])[sure]).all()
    assert sure.mean() >= 0.5


def test_a_linear_model_has_the_squared_singular_values_of_its_data():
    x = np.random.default_rng(0).standard_normal((50, 3))
    expected = 2 / 50 * np.linalg.svd(np.c_[x, np.ones(50)], compute_uv=False) ** 2
    found = spectrum(initialize((3, 1), seed=1), x, x[:, 0])
    np.testing.assert_allclose(found.eigenvalues, expected, rtol=1e-13)
    assert found.functional_fraction == 1


def test_no_hidden_neuron_on_a_line_has_the_eigenvalues_of_two_moments():
    """H = 2 [[m2, m1], [m1, 1]], whatever the weights."""
    x = np.random.default_rng(0).standard_normal(1000)
    m1, m2 = x.mean(), np.mean(x**2)
    spread = np.hypot(m2 - 1, 2 * m1)
    found = spectrum(initialize((1, 1), seed=3), x, 2 * x + 1)
    np.testing.assert_allclose(found.eigenvalues, [m2 + 1 + spread, m2 + 1 - spread], rtol=1e-13)
    assert found.tiers == (2, 0, 0, 0, 0)


@pytest.mark.parametrize("widths", [(1, 16, 1), (2, 3, 2, 1), (1, 1)])
def test_eigenvectors_are_orthonormal_columns_that_diagonalise_the_hessian(widths):
    random = np.random.default_rng(1)
    x, y = random.standard_normal((30, widths[0])), random.standard_normal((30, 1))
    net = initialize(widths, seed=2)
    found = spectrum(net, x, y)
    q, size = found.eigenvectors, parameter_count(widths)
    np.testing.assert_allclose(q.T @ q, np.eye(size), rtol=0, atol=size * 4 * EPS)
    error = hessian(net, x, y) @ q - q * found.eigenvalues
    assert np.abs(error).max() <= found.floor
    assert (np.diff(found.eigenvalues) <= 0).all()


def test_eigenvalues_alone_are_those_that_come_with_eigenvectors():
    net, x = initialize((1, 16, 1), seed=2), np.linspace(-2, 2, 100)
    whole, alone = spectrum(net, x, x**2), spectrum(net, x, x**2, eigenvectors=False)
    assert alone.eigenvectors is None
    np.testing.assert_allclose(alone.eigenvalues, whole.eigenvalues, rtol=0, atol=whole.floor)


def test_the_order_of_the_neurons_leaves_the_spectrum():
    net, x = initialize((1, 6, 1), seed=2), np.linspace(-2, 2, 100)
    order = [3, 1, 5, 0, 2, 4]
    (w, v), (b, c) = net.weights, net.biases
    permuted = Network([w[order], v[:, order]], [b[order], c])
    one, other = spectrum(net, x, x**2), spectrum(permuted, x, x**2)
    np.testing.assert_allclose(one.eigenvalues, other.eigenvalues, rtol=0, atol=one.floor)


def test_a_dead_neuron_brings_three_zeros():
    net = initialize((1, 6, 1), seed=2)
    (w, v), (b, c) = net.weights, net.biases
    x = np.linspace(-2, 2, 100)
    alive = spectrum(net, x, x**2)
    grown = Network([np.append(w, [[1.0]], 0), np.append(v, [[0.7]], 1)], [np.append(b, -50), c])
    assert spectrum(grown, x, x**2).tiers == alive.tiers._replace(zero=alive.tiers.zero + 3)


def plain_tier(value, t1, t2, t3):
    if value > t1:
        return 0
    if value > t2:
        return 1
    if value > t3:
        return 2
    return 3 if value >= -t3 else 4


def test_tiers_open_and_close_at_their_thresholds():
    thresholds = (0.5, 0.02, 1e-4)
    values = [v for t in (*thresholds, -1e-4) for v in (t, np.nextafter(t, 9), np.nextafter(t, -9))]
    values += [7.0, -7.0, 0.0, 0.1, -5e-5]
    expected = [plain_tier(value, *thresholds) for value in values]
    assert tiers_of(values, thresholds).tolist() == expected
    assert tiers_of(np.reshape(values[:16], (4, 4)), thresholds).shape == (4, 4)
    assert sum(Spectrum(np.sort(values)[::-1], None, thresholds).tiers) == len(values)


@pytest.mark.parametrize("edge", [0.1, 1e-3, 1e-6, -1e-6])
def test_eigenvalues_within_the_floor_of_a_threshold_are_flagged(edge):
    floor = 4 * EPS * 100
    for shift, flagged in ((0, 1), (0.9, 1), (-0.9, 1), (1.2, 0), (-1.2, 0)):
        found = Spectrum(np.array([100.0, 5e-2, edge + shift * floor, -1.0]))
        assert found.near_thresholds == flagged
        assert found.uncertain.tolist() == [False, False, bool(flagged), False]
        assert found.floor == floor


def test_the_floor_is_that_of_the_largest_eigenvalue_of_either_sign():
    assert Spectrum(np.array([1.0, -8.0])).floor == 2 * EPS * 8
    assert Spectrum(np.array([8.0, -1.0])).floor == 2 * EPS * 8


def test_other_thresholds_count_otherwise():
    net, x = initialize((1, 8, 1), seed=1), np.linspace(-2, 2, 50)
    values = spectrum(net, x, x**2).eigenvalues
    found = spectrum(net, x, x**2, tier_thresholds=(values[3], 1e-5, 1e-9))
    assert found.tiers.steep == 3
    assert found.near_thresholds >= 1


def mixed_networks():
    shapes = [(16,), (5, 7, 4), (3,), (), (2,) * 5, (4, 4)] * 4
    activations = ["relu", "tanh", "leaky_relu", "gelu"]
    return [
        initialize((1, *shape, 1), seed=k, activation=activations[k % 4])
        for k, shape in enumerate(shapes)
    ]


@pytest.mark.parametrize("eigenvectors", [True, False])
@pytest.mark.parametrize("threads", [1, 2, None])
def test_many_spectra_are_those_of_each_alone_to_the_last_bit(monkeypatch, threads, eigenvectors):
    monkeypatch.setattr(module, "CHUNK", 17)
    monkeypatch.setattr(module, "STACK", 2)
    nets, x = mixed_networks(), np.random.default_rng(0).standard_normal(101)
    found = spectra(nets, x, x**2, eigenvectors=eigenvectors, threads=threads)
    assert len(found) == len(nets)
    for net, one in zip(nets, found, strict=True):
        alone = spectrum(net, x, x**2, eigenvectors=eigenvectors)
        assert one.eigenvalues.tobytes() == alone.eigenvalues.tobytes()
        assert np.array_equal(one.eigenvectors, alone.eigenvectors)


def test_no_networks_have_no_spectra():
    assert spectra([], [1.0], [1.0]) == []


def test_json_holds_the_fields_and_the_counts():
    net, x = initialize((1, 2, 1), seed=2), np.linspace(-2, 2, 10)
    found = spectrum(net, x, x**2)
    read = json.loads(found.to_json())
    assert read["eigenvalues"] == found.eigenvalues.tolist()
    assert read["eigenvectors"] == found.eigenvectors.tolist()
    assert read["tier_thresholds"] == list(TIER_THRESHOLDS)
    assert read["tiers"] == dict(
        zip(("steep", "moderate", "weak", "zero", "negative"), found.tiers, strict=True)
    )
    assert (read["floor"], read["near_thresholds"]) == (found.floor, found.near_thresholds)
    assert read["functional_fraction"] == found.tiers.steep / 7
    assert json.loads(Spectrum(found.eigenvalues).to_json())["eigenvectors"] is None


@pytest.mark.parametrize(
    "thresholds",
    [
        (1e-6, 1e-3, 0.1),
        (0.1, 0.1, 1e-6),
        (0.1, 1e-3, 0.0),
        (0.1, 1e-3, -1.0),
        (0.1, np.nan, 1e-6),
        (np.inf, 1e-3, 1e-6),
        (0.1, 1e-3),
        (1.0, 0.1, 1e-3, 1e-6),
        0.1,
        (),
    ],
)
def test_bad_thresholds_are_named(thresholds):
    rule = "tier_thresholds must be 3 positive numbers, descending, got "
    for call in (
        lambda: spectrum(initialize((1, 1)), [1.0], [1.0], tier_thresholds=thresholds),
        lambda: spectra([], [1.0], [1.0], tier_thresholds=thresholds),
        lambda: tiers_of([1.0], thresholds),
    ):
        with pytest.raises(ValueError, match=rule):
            call()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of overflow, on the way to the error
def test_bad_arguments_are_named():
    net = initialize((1, 2, 1))
    with pytest.raises(ValueError, match="tier_thresholds must hold real numbers"):
        spectrum(net, [1.0], [1.0], tier_thresholds=("a", "b", "c"))
    with pytest.raises(ValueError, match="threads must be an integer >= 1, got 0"):
        spectra([net], [1.0], [1.0], threads=0)
    with pytest.raises(ValueError, match="x must be finite, got nan"):
        spectra([net], [np.nan], [1.0])
    with pytest.raises(ValueError, match="y must have one row per sample: 2, got shape"):
        spectrum(net, [1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="eigenvalues must be finite, got nan"):
        tiers_of([1.0, np.nan])
    huge = Network([[[1e200]], [[1e200]]], [[0.0], [0.0]])
    with pytest.raises(ValueError, match=r"nets\[0\] must have a finite Hessian on x and y"):
        spectrum(huge, [1.0], [1.0])
    wide = Network([np.ones((20_000, 1)), np.ones((1, 20_000))], [np.ones(20_000), np.ones(1)])
    with pytest.raises(ValueError, match="use hvp"):
        spectrum(wide, [1.0], [1.0])
