"""Exact arithmetic of networks against Fractions by hand."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npnets.initializers import initialize
from npnets.network import Network
from npnets.regions.exact import ExactNetwork, check_piecewise_linear, slope_below

FINITE = st.floats(-1e6, 1e6)
TINY = st.sampled_from([5e-324, 1e-300, -(2.0**-60), 0.1, -0.3, 0.0, 1e300])


def by_hand(net, x):
    """The definition, number by number."""
    values, found = [Fraction(value) for value in x], []
    slope = Fraction(slope_below(net))
    for weights, biases in zip(net.weights, net.biases, strict=True):
        z = [
            sum((Fraction(float(w)) * a for w, a in zip(row, values, strict=True)), Fraction(0))
            + Fraction(float(b))
            for row, b in zip(weights, biases, strict=True)
        ]
        found.append(z)
        values = [value if value > 0 else slope * value for value in z]
    return found


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("activation", "slope"),
    [("relu", 0.01), ("leaky_relu", 0.01), ("leaky_relu", 2.5), ("identity", 0.01)],
)
def test_preactivations_are_the_definitions(activation, slope, dtype):
    rng = np.random.default_rng(0)
    net = initialize((2, 3, 1, 4, 2), "he_normal", seed=1)
    net = Network(
        [dtype(w) for w in net.weights],
        [dtype(rng.standard_normal(len(b))) for b in net.biases],
        activation,
        slope,
    )
    for x in [(0.1, -3.0), (Fraction(1, 3), Fraction(-22, 7)), (0, 5)]:
        found = [z.fractions() for z in ExactNetwork(net).preactivations(x)]
        assert found == by_hand(net, x)


@given(st.lists(st.one_of(FINITE, TINY), min_size=9, max_size=9), st.one_of(FINITE, TINY))
def test_no_size_of_a_weight_is_lost(parameters, x):
    net = Network.from_parameters((1, 2, 1, 1), parameters, "leaky_relu", 1e-300)
    assert [z.fractions() for z in ExactNetwork(net).preactivations([x])] == by_hand(net, [x])


def test_a_map_is_the_network_on_its_cell():
    net = initialize((3, 4, 5, 2), "normal", seed=0)
    exact = ExactNetwork(net)
    x = [Fraction(1, 7), Fraction(-2, 3), Fraction(5, 11)]
    z = exact.preactivations(x)
    maps = exact.maps([layer.numerators > 0 for layer in z[:-1]])
    for layer, affine in zip(z, maps, strict=True):
        at_x = affine.numerators @ np.array([*x, Fraction(1)], dtype=object)
        assert [value / affine.denominator for value in at_x] == layer.fractions()


def test_only_the_layers_asked_for_are_computed():
    exact = ExactNetwork(initialize((2, 3, 3, 1), seed=0))
    assert len(exact.preactivations([0.5, 0.25], layers=2)) == 2
    assert len(exact.maps([[True] * 3], layers=2)) == 2
    assert exact.maps([[True] * 3], layers=2)[1].numerators.shape == (3, 3)


def test_what_has_no_linear_regions_is_refused():
    net = initialize((1, 3, 1), activation="gelu")
    with pytest.raises(ValueError, match="activation must be one of relu, leaky_relu, identity"):
        ExactNetwork(net)
    weights = [np.array([[1.0], [np.inf]]), np.ones((1, 2))]
    with pytest.raises(ValueError, match=r"weights\[0\] must be finite numbers, got inf"):
        check_piecewise_linear(Network(weights, [np.zeros(2), np.zeros(1)]))
    with pytest.raises(ValueError, match=r"biases\[1\] must be finite numbers, got nan"):
        check_piecewise_linear(Network([[[1.0]], [[1.0]]], [[0.0], [np.nan]]))
