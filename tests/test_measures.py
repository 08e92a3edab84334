"""Measures of trained networks against the oracle, NumPy and closed forms."""

import naive
import numpy as np
import pytest

from npnets.activations import ACTIVATIONS
from npnets.measures import measure
from npnets.samples import DEAD_SAMPLE, held_out, uniform_grid
from npnets.training import train

SHAPES = [(16,), (5, 7, 4), (2,) * 8, (1, 3), (1,) * 16, ()]


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_losses_and_ranges_are_those_of_the_networks_outputs(activation):
    trained = train(SHAPES, "quadratic", steps=200, activation=activation)
    measured = measure(trained)
    for x, losses, normalized, ranges in (
        (held_out(1), measured.loss, measured.normalized_loss, measured.output_range),
        (uniform_grid(1), measured.grid_loss, measured.normalized_grid_loss, measured.grid_range),
    ):
        for k in range(len(SHAPES)):
            net = trained.network(k)
            exact = type(net).from_parameters(
                net.widths, net.parameters.astype("float64"), activation
            )
            output = exact(x)
            loss = np.mean((output - x**2) ** 2)
            np.testing.assert_allclose(losses[k], loss, rtol=1e-11)
            np.testing.assert_allclose(normalized[k], loss / np.var(x**2), rtol=1e-11)
            np.testing.assert_allclose(ranges[k], np.ptp(output), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_dead_neurons_are_those_of_the_oracle(activation):
    trained = train(SHAPES, "linear", steps=300, activation=activation, seeds=2)
    xs = held_out(1)[:DEAD_SAMPLE].tolist()
    for k, dead in enumerate(measure(trained).dead):
        layers = naive.split(trained.network(k).parameters, trained.widths(k))
        assert list(dead) == naive.dead_neurons(*layers, xs, activation)


def test_a_slope_reaches_the_measures():
    trained = train([(4, 3)], "quadratic", steps=50, activation="leaky_relu", slope=0.4)
    output = trained.network(0)(held_out(1)).astype("float64")
    expected = np.mean((output - held_out(1) ** 2) ** 2)
    np.testing.assert_allclose(measure(trained).loss[0], expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("weight", "kink", "collapsed"),
    [(1.0, 0.0, False), (1e-4, 0.0, False), (1e-9, 0.0, True), (1.0, 4.8, True), (0.0, 0.0, True)],
)
def test_collapsed_is_constant_where_it_was_trained_and_nowhere_else(weight, kink, collapsed):
    """relu(x - 4.8) is constant on all held-out samples, but not on the grid."""
    net = [1.0, -kink, weight, 0.5]
    measured = measure(train([(1,)], "linear", steps=0, initial=net, dtype="float64"))
    assert measured.collapsed[0] == collapsed
    assert (measured.grid_range[0] > 0) == (weight > 0)


def test_a_neuron_is_dead_if_silent_on_the_first_1000_samples():
    assert DEAD_SAMPLE == 1000
    highest = held_out(1)[:1000].max()
    assert highest < held_out(1).max()
    for kink, dead in ((highest - 1e-9, (0,)), (highest + 1e-9, (1,))):
        net = [1.0, -kink, 1.0, 0.0]
        trained = train([(1,)], "linear", steps=0, initial=net, dtype="float64")
        assert measure(trained).dead == [dead]


def test_a_chain_of_single_neurons_collapses_and_a_wide_layer_does_not():
    measured = measure(train([(1,) * 16, (16,)], "linear", steps=300))
    assert measured.collapsed.tolist() == [True, False]
    assert measured.output_range[0] == 0.0
    assert measured.normalized_loss[0] == pytest.approx(1, abs=0.1)


def test_domains_of_two_and_five_dimensions():
    for d_in, target in ((2, "interaction-2d"), (5, "mean-square")):
        trained = train([(4,)], target, steps=10, d_in=d_in)
        x = uniform_grid(d_in)
        assert x.shape[1] == d_in
        assert np.abs(x).max() <= 5
        output = trained.network(0)(x).astype("float64")
        expected = np.mean((output - trained.protocol.target(x)) ** 2)
        np.testing.assert_allclose(measure(trained).grid_loss[0], expected, rtol=1e-5)


def test_a_network_may_be_measured_on_another_target():
    trained = train([(8,)], "linear", steps=500)
    assert measure(trained, "quadratic").loss[0] > 100 * measure(trained).loss[0]


def test_a_diverged_network_has_no_finite_loss_and_no_range():
    wild = np.full(7, np.nan)
    measured = measure(train([(2,)], "linear", steps=0, initial=wild))
    assert np.isnan([measured.loss[0], measured.output_range[0], measured.grid_range[0]]).all()
    assert not measured.collapsed[0]


def test_no_networks():
    measured = measure(train([], "linear"))
    assert measured.loss.shape == (0,)
    assert measured.dead == []


def test_the_grid_has_the_figure_that_the_source_gives_for_a_constant():
    """The constant 1 for 2x + 1 costs 33.4 on [-5, 5]: 4 times the variance of x there."""
    np.testing.assert_allclose(np.mean((2 * uniform_grid(1)) ** 2), 33.4, atol=0.05)
