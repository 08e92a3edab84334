"""Rules of early stopping against plain loops."""

import json

import numpy as np
import pytest

from npnets.landscape.early_stopping import settling_step, stop_on_count, stop_on_loss


def random_runs(seed, runs=40, checkpoints=12):
    random = np.random.default_rng(seed)
    return random.integers(0, 3, (runs, checkpoints)), random.random((runs, checkpoints)) + 0.1


@pytest.mark.parametrize("seed", range(5))
def test_a_count_has_settled_where_it_stays(seed):
    counts, _ = random_runs(seed)
    counts[0] = 7
    steps = np.cumsum(np.arange(1, 13))
    for run, found in zip(counts, settling_step(counts, steps), strict=True):
        assert found == next(steps[c] for c in range(12) if len(set(run[c:].tolist())) == 1)


def test_settling_takes_any_leading_shape_and_any_values():
    counts = np.array([[[1, 2, 2], [3, 3, 4]], [[5, 5, 5], [1, 2, 3]]])
    assert settling_step(counts, [0, 10, 20]).tolist() == [[10, 20], [0, 20]]
    assert settling_step([False, True, True], [0, 10, 20]) == 10


@pytest.mark.parametrize("window", [1, 2, 5])
def test_a_count_stops_a_run_when_it_has_not_changed_for_a_window(window):
    counts, losses = random_runs(window)
    found = stop_on_count(counts, losses, range(12), window)
    for run, loss, *stop in zip(counts, losses, found.step, found.loss, strict=True):
        expected = 11
        for c in reversed(range(window, 12)):
            if len(set(run[c - window : c + 1].tolist())) == 1:
                expected = c
        assert stop == [expected, loss[expected]]
    np.testing.assert_array_equal(found.relative_loss, found.loss / losses[:, -1])


@pytest.mark.parametrize("patience", [1, 2, 5])
def test_a_loss_stops_a_run_when_it_has_not_fallen_for_so_long(patience):
    _, losses = random_runs(patience)
    found = stop_on_loss(losses, range(0, 120, 10), patience)
    for run, step in zip(losses, found.step, strict=True):
        lowest, waited, expected = np.inf, 0, 11
        for c, loss in enumerate(run):
            waited = 0 if loss < lowest else waited + 1
            lowest = min(lowest, loss)
            if waited == patience:
                expected = c
                break
        assert step == 10 * expected


def test_a_run_that_nothing_stops_goes_to_its_end():
    falling = np.arange(10, 0, -1.0)[None]
    assert stop_on_loss(falling, range(10)).step.tolist() == [9]
    assert stop_on_count(falling, falling, range(10)).relative_loss.tolist() == [1.0]
    assert stop_on_loss([[1.0]], [7], patience=3).step.tolist() == [7]


def test_json():
    document = json.loads(stop_on_loss([[2.0, 3.0, 0.0]], range(3), 1).to_json())
    assert document == {"rule": "loss", "step": [1], "loss": [3.0], "relative_loss": [None]}


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match=r"steps must ascend, at least one of them, got \[1, 1\]"):
        settling_step([1, 1], [1, 1])
    with pytest.raises(ValueError, match=r"steps must ascend, at least one of them, got \[\]"):
        settling_step([], [])
    with pytest.raises(ValueError, match=r"counts must have one entry per step: 2, got shape \(3,"):
        settling_step([1, 1, 1], [0, 1])
    with pytest.raises(ValueError, match="window must be an integer >= 1, got 0"):
        stop_on_count([[1]], [[1.0]], [0], window=0)
    with pytest.raises(ValueError, match=r"patience must be an integer >= 1, got 1\.5"):
        stop_on_loss([[1.0]], [0], patience=1.5)
    with pytest.raises(ValueError, match=r"losses must have the shape \(2, 1\) of counts"):
        stop_on_count([[1], [2]], [[1.0]], [0], window=1)
