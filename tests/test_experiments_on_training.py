"""What the experiments on training and on permutations make of paths whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from npnets.experiments import eigenvalues_in_training as eigenvalues
from npnets.experiments import movement_in_training as movement
from npnets.experiments.permutation_symmetry import principal_shares

STEPS = np.arange(0, 3001, 5)


def replicates(**changes):
    """A single network that falls by 1/e every 60 steps and walks by the square root after 200."""
    after = STEPS[STEPS >= 200] - 200
    legs = len(movement.LEGS) - 1
    fields = {
        "init": "torch",
        "loss": 400.0 * np.exp(-STEPS[None] / 30),
        "grid_loss": np.ones((1, len(STEPS))),
        "distance": np.linspace(2, 1, len(STEPS))[None],
        "steep_distance": 7 * np.exp(-STEPS[None] / 60),
        "movement": np.ones((1, legs, 5)),
        "movement_by_size": np.tile([0.0, 0, 9, 1, 0], (1, legs, 1)),
        "drift": 0.1 * np.sqrt(after[None]),
        "dead_drift": np.full((1, len(after)), np.nan),
        "furthest": np.array([0.5]),
    }
    return movement.Replicates(**{**fields, **changes})


def measured(one):
    found = movement.check(movement.Result(STEPS, (one,)))
    return {(m.figure, m.variant.removeprefix("init=torch, loss on ")): m.values for m in found}


def test_movement_of_known_paths_is_measured_as_it_is_known():
    values = measured(replicates())
    on_normal = "N(0, 1), tiers of λ"
    assert values["A7.time_constant", on_normal] == pytest.approx([60])
    assert values["A7.walk_exponent", on_normal] == pytest.approx([0.5])
    assert values["A7.weak_movement", on_normal] == pytest.approx([0.2])
    assert values["A7.weak_movement", "N(0, 1), tiers of |λ|"] == pytest.approx([0.9])
    assert values["A7.zero_displacement", on_normal] == pytest.approx([50])
    assert values["A7.loss_ratio", on_normal] == pytest.approx([np.exp(100 / 30)])
    first = 5 * np.ceil(30 * np.log(400) / 5)  # the first kept step at which 400 exp(-t/30) ≤ 1
    assert values["A7.first_phase", on_normal] == pytest.approx([first / 3000])
    assert values["A8.distance", "N(0, 1)"] == pytest.approx([1])
    assert values["A8.speed_ratio", "grid"] == pytest.approx([0.5])
    right = 5 * np.ceil(60 * np.log(20 / 1e-4) / 5)
    assert values["A8.steps", "N(0, 1)"] == (right,)


def test_what_never_happens_is_not_measured():
    values = measured(replicates(drift=np.zeros((1, 561))))
    assert np.isnan(values["A8.steps", "grid"])
    assert np.isnan(values["A7.first_phase", "grid, tiers of λ"])
    assert np.isnan(values["A7.walk_exponent", "grid, tiers of λ"])


def test_a_drift_within_no_directions_is_nan():
    later = np.cumsum(np.ones((4, 3)), axis=0)
    none = movement._drift(later, np.empty((3, 0)), np.zeros(3, bool))
    assert all(np.isnan(values).all() for values in none.values())
    some = movement._drift(later, np.eye(3)[:, :2], np.array([False, False, True]))
    assert some["drift"] == pytest.approx(np.sqrt(2) * np.arange(4))
    assert some["dead_drift"].tolist() == [0, 1, 2, 3]
    assert some["furthest"] == 3


def test_settled_in_hindsight_is_from_where_nothing_changes_any_more():
    steps = np.array([0, 10, 20, 30, 40])
    steep = np.array([[9, 4, 4, 4, 4], [9, 4, 4, 5, 4], [4, 4, 4, 4, 4]])
    loss = np.array([[8.0, 6, 4, 2, 1], [8, 1, 3, 1, 1], [8, 4, 4, 4, 9]])
    found = eigenvalues._hindsight(steep, loss, np.array([1.0, 1.0, 1.0]), steps)
    assert found.by_count.tolist() == [10, 40, 0]
    assert found.count_cost.tolist() == [6, 1, 8]
    assert found.by_loss.tolist() == [30, 30, 40]
    assert found.loss_cost.tolist() == [2, 1, 9]


def test_negative_eigenvalues_count_as_zero_as_in_the_source():
    assert eigenvalues.counts(np.array([[5, 4, 3, 2, 1]])).tolist() == [[5, 4, 3, 3]]


@pytest.mark.parametrize("points", [5, 60])
def test_principal_shares_are_those_of_the_covariance(points):
    random = np.random.default_rng(0)
    cloud = random.standard_normal((points, 8)) * np.arange(1, 9) + 3
    values = np.linalg.eigvalsh(np.cov(cloud.T))[::-1]
    np.testing.assert_allclose(principal_shares(cloud), values / values.sum(), atol=1e-14)
