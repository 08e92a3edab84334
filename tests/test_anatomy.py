"""Replicates, their spectra, walks and Jacobians, against closed forms and one at a time."""

import json

import numpy as np
import pytest

from npnets.curvature import hessian
from npnets.initializers import initialize
from npnets.intervals import median_interval, medians
from npnets.landscape import tier_walks as tier_walks_module
from npnets.landscape.anatomy import anatomy, spectra_of_networks, spectra_of_shape
from npnets.landscape.jacobian_modes import jacobian_modes
from npnets.landscape.neurons import neuron_groups
from npnets.landscape.replicates import common_kind, replicates
from npnets.landscape.spectrum import tiers_of
from npnets.landscape.tier_walks import tier_walks
from npnets.landscape.walk import walk
from npnets.network import Network, parameter_count
from npnets.samples import held_out, uniform_grid
from npnets.training import train


def test_replicates_are_the_networks_that_train_gives():
    trained = train([(3, 2)] * 2, "sine", 50, activation="tanh", init="normal", seeds=[4, 7])
    nets = replicates((3, 2), "sine", seeds=[4, 7], steps=50, activation="tanh", init="normal")
    for k, net in enumerate(nets):
        assert (net.parameters == trained.network(k).parameters).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((3,), "linear", ()), "seeds must hold at least one seed"),
        (((300, 300), "linear", (0,)), "hessians of all seeds must take at most 4 GiB, 91,201 x"),
        (((90, 90), "linear", range(32)), "hessians of all seeds must take at most 4 GiB"),
    ],
)
def test_what_cannot_be_looked_at_is_refused_before_it_is_trained(arguments, message, monkeypatch):
    monkeypatch.setattr("npnets.landscape.replicates.train", pytest.fail)
    shape, target, seeds = arguments
    with pytest.raises(ValueError, match=message):
        replicates(shape, target, seeds=seeds)


def test_networks_that_diverge_are_refused_by_their_seed():
    with pytest.raises(ValueError, match="must stay finite, seed 3 lost them"):
        replicates((2,), "linear", seeds=[3], init="normal:1e20", steps=2)


def test_networks_of_two_kinds_are_refused():
    one, other = initialize((1, 2, 1)), initialize((1, 2, 1), activation="tanh")
    with pytest.raises(ValueError, match=r"widths \(1, 2, 1\) and activation relu.*nets\[1\]"):
        common_kind([one, other])
    with pytest.raises(ValueError, match="at least one network"):
        common_kind([])


def test_spectra_are_those_of_the_hessians_where_training_ended():
    found = spectra_of_shape((4,), "quadratic", seeds=range(3), steps=300, n=200)
    x = held_out(1)[:200]
    for k, net in enumerate(found.trained.networks):
        values = np.linalg.eigvalsh(hessian(net, x, x**2))[::-1]
        np.testing.assert_allclose(found.trained.eigenvalues[k], values, atol=1e-12 * values[0])
        assert (
            found.trained.tiers[k].tolist() == np.bincount(tiers_of(values), minlength=5).tolist()
        )
        assert found.trained.loss[k] == pytest.approx(np.mean((net(x) - x**2) ** 2), rel=1e-5)


def test_the_linear_model_is_polished_to_the_least_squares_line():
    found = spectra_of_shape((), "quadratic", seeds=[0], steps=20, n=100)
    x = held_out(1)[:100]
    design = np.column_stack([x, np.ones(100)])
    line, residual, *_ = np.linalg.lstsq(design, x[:, 0] ** 2, rcond=None)
    np.testing.assert_allclose(found.polished.networks[0].parameters, line, rtol=1e-10)
    assert found.polished.loss == pytest.approx(residual / 100)
    assert found.trained.loss > found.polished.loss
    theta = found.trained.networks[0].parameters.astype(float)
    gradient = 2 / 100 * design.T @ (design @ theta - x[:, 0] ** 2)
    assert found.trained.gradient_norm == pytest.approx(np.linalg.norm(gradient), rel=1e-9)
    assert found.polished.gradient_norm <= 1e-12
    values = np.linalg.eigvalsh(2 / 100 * design.T @ design)[::-1]
    np.testing.assert_allclose(found.polished.eigenvalues[0], values, rtol=1e-12)
    assert found.reasons == ("minimum",)


def test_thresholds_and_samples_are_checked_before_anything_is_trained(monkeypatch):
    monkeypatch.setattr("npnets.landscape.anatomy.replicates", pytest.fail)
    with pytest.raises(ValueError, match="tier_thresholds must be 3 positive numbers"):
        spectra_of_shape((2,), tier_thresholds=(1e-6, 1e-3, 0.1))
    with pytest.raises(ValueError, match="n must be an integer from 1 to 10000, got 0"):
        spectra_of_shape((2,), n=0)
    with pytest.raises(ValueError, match="90,001 x 90,001"):
        anatomy([1, 30_000])


def test_thresholds_move_the_counts():
    net = initialize((1, 3, 1))
    found = spectra_of_networks([net], n=50, tier_thresholds=(1e9, 1e8, 1e-300))
    assert found.trained.tiers[0, :2].tolist() == [0, 0]
    assert found.trained.tiers.sum() == 10


def test_networks_of_several_outputs_fit_no_target():
    with pytest.raises(ValueError, match="must have one output, as targets do"):
        spectra_of_networks([initialize((1, 2))])


def test_anatomy_is_the_spectra_of_each_width_and_its_table_has_a_row_for_each_place():
    seen = []
    found = anatomy(range(3), "sine", seeds=[1, 2], steps=30, n=60, progress=seen.append)
    assert seen == [0, 1, 2]
    alone = spectra_of_shape((2,), "sine", seeds=[1, 2], steps=30, n=60)
    assert (found.spectra[2].trained.eigenvalues == alone.trained.eigenvalues).all()
    assert (found.spectra[2].polished.loss == alone.polished.loss).all()
    rows = found.rows()
    assert [(row["neurons"], row["network"], row["at"]) for row in rows[-4:]] == [
        (2, 0, "trained"),
        (2, 1, "trained"),
        (2, 0, "polished"),
        (2, 1, "polished"),
    ]
    assert rows[-1]["reason"] == alone.reasons[1]
    tiers = [rows[-1][name] for name in ("steep", "moderate", "weak", "zero", "negative")]
    assert tiers == alone.polished.tiers[1].tolist()
    document = json.loads(found.to_json(), parse_constant=pytest.fail)
    assert document["shapes"][2]["trained"]["eigenvalues"] == alone.trained.eigenvalues.tolist()


@pytest.mark.parametrize("widths", [(1, 1), (2, 3, 1), (1, 5, 7, 4, 1), (3, 2, 2)])
def test_neuron_groups_are_a_partition_of_the_parameters(widths):
    groups = neuron_groups(widths)
    places = np.concatenate([places for _, places in groups])
    assert sorted(places.tolist()) == list(range(parameter_count(widths)))
    assert [name for name, _ in groups][-1] == "output"
    assert len(groups) == sum(widths[1:-1]) + 1


def test_a_network_without_a_neurons_parameters_is_the_network_without_the_neuron():
    net, x = initialize((1, 3, 1), seed=2), np.linspace(-1, 1, 9)
    name, places = neuron_groups(net.widths)[1]
    theta = net.parameters
    theta[places] = 0
    keep = [0, 2]
    smaller = Network(
        [net.weights[0][keep], net.weights[1][:, keep]], [net.biases[0][keep], net.biases[1]]
    )
    assert name == "2"
    np.testing.assert_allclose(Network.from_parameters(net.widths, theta)(x), smaller(x))


@pytest.mark.parametrize("block_bytes", [1, 16 << 20])
@pytest.mark.parametrize(("widths", "activation"), [((1, 3, 1), "relu"), ((2, 2, 2, 1), "tanh")])
def test_walks_are_those_of_walk_in_the_worse_way(widths, activation, block_bytes, monkeypatch):
    monkeypatch.setattr(tier_walks_module, "BLOCK_BYTES", block_bytes)
    random = np.random.default_rng(3)
    nets = [initialize(widths, "normal", seed, activation) for seed in range(2)]
    x, y = random.standard_normal((37, widths[0])), random.standard_normal((37, 1))
    t = np.array([0.0, 0.3, 2.0, 50.0])
    found = tier_walks(nets, x, y, t)
    for k, net in enumerate(nets):
        values, vectors = np.linalg.eigh(hessian(net, x, y))
        for i, q in enumerate(vectors.T[::-1]):
            if np.abs(np.delete(values[::-1], i) - values[::-1][i]).min() < 1e-9:
                continue  # any basis of equal eigenvalues will do
            there, back = (walk(net, sign * q, t, x, y) for sign in (1, -1))
            worse = np.maximum(there.loss, back.loss)
            np.testing.assert_allclose(found.loss[k, i], worse, rtol=1e-9)
            expected = np.maximum(there.predicted, back.predicted)
            np.testing.assert_allclose(found.predicted[k, i], expected, rtol=1e-9, atol=1e-12)


def test_tiers_are_averaged_over_their_eigenvectors_and_empty_ones_have_no_loss():
    x = held_out(1)[:80]
    found = tier_walks(replicates((4,), seeds=[0, 1], steps=200), x, 2 * x + 1, [0.5, 1.0])
    assert found.tier_count.sum(axis=1).tolist() == [13, 13]
    for k in range(2):
        for tier in range(5):
            chosen = found.loss[k][found.tier_of[k] == tier]
            if len(chosen):
                np.testing.assert_allclose(found.tier_loss[k, tier], chosen.mean(axis=0))
            else:
                assert np.isnan(found.tier_loss[k, tier]).all()
    rows = [row for row in found.rows() if row["network"] == 1 and row["tier"] == "steep"]
    assert [row["loss"] for row in rows] == found.tier_loss[1, 0].tolist()
    document = json.loads(found.to_json(), parse_constant=pytest.fail)
    assert document["tiers"]["steep"]["loss"] == found.tier_loss[:, 0].tolist()


def test_walks_do_not_depend_on_threads():
    nets, x = [initialize((1, 3, 1), seed=seed) for seed in range(5)], np.linspace(-2, 2, 30)
    one, two = (tier_walks(nets, x, np.sin(x), [0.1, 1.0], threads=threads) for threads in (1, 2))
    assert (one.loss == two.loss).all()


@pytest.mark.parametrize("distances", [[], [-1.0], [[1.0]], [float("nan")]])
def test_distances_that_lead_nowhere_are_refused(distances):
    with pytest.raises(ValueError, match="distances must be"):
        tier_walks([initialize((1, 1))], [1.0], [1.0], distances)


def test_modes_of_the_linear_model_are_those_of_its_design_matrix():
    x = uniform_grid(1)[::10] + 0.5
    found = jacobian_modes([initialize((1, 1), seed=seed) for seed in range(2)], x)
    _, values, rows = np.linalg.svd(np.column_stack([x, np.ones(len(x))]))
    np.testing.assert_allclose(found.singular_values, [values, values], rtol=1e-12)
    np.testing.assert_allclose(found.cosine_slope[0], np.abs(rows[:, 0]), rtol=1e-9)
    np.testing.assert_allclose(found.cosine_intercept[1], np.abs(rows[:, 1]), rtol=1e-9)
    assert found.significant.tolist() == [2, 2]
    np.testing.assert_allclose(found.condition_number, values[0] / values[1])


def test_tolerance_decides_what_is_significant_and_lines_are_for_one_dimension():
    nets, x = [initialize((2, 3, 1), seed=seed) for seed in range(3)], held_out(2)[:50]
    found = jacobian_modes(nets, x, tolerance=0.5)
    values = found.singular_values
    assert found.significant.tolist() == (values > 0.5 * values[:, :1]).sum(axis=1).tolist()
    assert found.cosine_slope is None
    assert "cosine_slope" not in found.rows()[0]
    assert json.loads(found.to_json())["tolerance"] == 0.5


def test_medians_are_numpys_with_the_interval_of_each_column():
    values = np.random.default_rng(0).standard_normal((20, 2, 3))
    values[3:, 1, 2] = np.nan
    found = medians(values)
    np.testing.assert_array_equal(found.median, np.nanmedian(values, axis=0))
    assert (found.low[0, 1], found.high[0, 1]) == median_interval(values[:, 0, 1])
    assert np.isnan(found.low[1, 2])
    assert np.isnan(medians(np.full((4, 1), np.nan)).median).all()


def test_the_line_of_a_collapsed_network_turns_along_nothing():
    collapsed = Network([[[1.0]], [[1.0]]], [[-9.0], [0.5]])
    found = jacobian_modes([collapsed], np.linspace(-5, 5, 11))
    assert found.cosine_slope is not None
    assert found.cosine_intercept is not None
    assert np.isnan(found.cosine_slope).all()
    np.testing.assert_allclose(found.cosine_intercept.max(), 1.0)  # the output's bias
