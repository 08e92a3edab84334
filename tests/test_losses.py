"""Losses: against the oracle, PyTorch, finite differences and extreme logits; bad targets."""

import math

import naive
import numpy as np
import pytest

from npnets.losses import LOSSES, get_loss, targets_like


def data(kind, n=5, d_out=3, seed=0):
    rng = np.random.default_rng(seed)
    output = 2 * rng.standard_normal((n, d_out))
    y = rng.uniform(0, 1, (n, d_out))
    return output, y / y.sum(axis=1, keepdims=True) if kind == "softmax_cross_entropy" else y


@pytest.mark.parametrize("kind", LOSSES)
def test_value_and_delta_equal_the_oracle(kind):
    output, y = data(kind)
    rows = list(zip(output, y, strict=True))
    value = np.mean([naive.sample_loss(o, t, kind) for o, t in rows])
    delta = np.array([naive.sample_delta(o, t, kind) for o, t in rows]) / len(rows)
    assert get_loss(kind).value(output, y) == pytest.approx(value, rel=1e-13)
    np.testing.assert_allclose(get_loss(kind).delta(output, y), delta, rtol=1e-12)


@pytest.mark.parametrize("kind", LOSSES)
def test_delta_matches_central_differences(kind):
    output, y = data(kind)
    loss, h = get_loss(kind), 1e-5
    expected = np.zeros_like(output)
    for index in np.ndindex(output.shape):
        step = np.zeros_like(output)
        step[index] = h
        rise = loss.value(output + step, y) - loss.value(output - step, y)
        expected[index] = rise / (2 * h)
    np.testing.assert_allclose(loss.delta(output, y), expected, atol=1e-9)


@pytest.mark.parametrize("kind", LOSSES)
def test_value_and_delta_equal_pytorch(kind):
    torch = pytest.importorskip("torch")
    function = {
        "mse": torch.nn.MSELoss(),
        "binary_cross_entropy": torch.nn.BCEWithLogitsLoss(),
        "softmax_cross_entropy": torch.nn.CrossEntropyLoss(),
    }[kind]
    output, y = data(kind)
    logits = torch.tensor(output, requires_grad=True)
    value = function(logits, torch.tensor(y))
    value.backward()
    assert get_loss(kind).value(output, y) == pytest.approx(value.item(), rel=1e-12)
    np.testing.assert_allclose(get_loss(kind).delta(output, y), logits.grad, rtol=1e-10, atol=1e-14)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_logits_of_a_thousand_stay_finite_and_exact(dtype):
    output = np.array([[1000.0, -1000.0]], dtype)
    right, wrong = np.array([[1.0, 0.0]], dtype), np.array([[0.0, 1.0]], dtype)
    binary, softmax = get_loss("binary_cross_entropy"), get_loss("softmax_cross_entropy")
    assert (binary.value(output, right), binary.value(output, wrong)) == (0.0, 1000.0)
    assert (softmax.value(output, right), softmax.value(output, wrong)) == (0.0, 2000.0)
    np.testing.assert_array_equal(binary.delta(output, wrong), [[0.5, -0.5]])
    np.testing.assert_array_equal(softmax.delta(output, wrong), [[1.0, -1.0]])


@pytest.mark.parametrize("kind", LOSSES)
def test_delta_keeps_float32(kind):
    output, y = data(kind)
    single = output.astype(np.float32)
    prepared = targets_like(single, y, kind)
    assert prepared.dtype == np.float32
    assert get_loss(kind).delta(single, prepared).dtype == np.float32


def test_undecided_logits_cost_log_two_and_log_classes():
    zeros = np.zeros((4, 3))
    assert get_loss("binary_cross_entropy").value(zeros, zeros + 0.3) == pytest.approx(math.log(2))
    labels = targets_like(zeros, [0, 1, 2, 0], "softmax_cross_entropy")
    assert get_loss("softmax_cross_entropy").value(zeros, labels) == pytest.approx(math.log(3))


def test_labels_become_one_hot_rows_and_columns_are_made():
    one_hot = targets_like(np.zeros((2, 3)), np.array([2, 0], np.uint8), "softmax_cross_entropy")
    assert one_hot.tolist() == [[0, 0, 1], [1, 0, 0]]
    assert targets_like(np.zeros((2, 1)), [3, 4], "mse").tolist() == [[3.0], [4.0]]


@pytest.mark.parametrize(
    ("y", "kind", "message"),
    [
        (np.zeros((3, 3)), "mse", r"y must have one row per sample: 2, got shape \(3, 3\)"),
        (0.0, "mse", r"y must have one row per sample: 2, got shape \(\)"),
        (np.zeros(2), "mse", r"y must have shape \(2, 3\), got \(2,\)"),
        (np.zeros((2, 1)), "mse", r"y must have shape \(2, 3\), got \(2, 1\)"),
        ([["a"] * 3] * 2, "mse", "y must hold real numbers, got dtype <U1"),
        ([0.0, 1.0], "softmax_cross_entropy", "y must hold integer labels"),
        ([0, 3], "softmax_cross_entropy", "y must hold labels from 0 to 2, got 0 to 3"),
        ([-1, 2], "softmax_cross_entropy", "y must hold labels from 0 to 2, got -1 to 2"),
        (np.ones((2, 3)), "softmax_cross_entropy", "each row of y must sum to 1"),
        (-np.ones((2, 3)), "binary_cross_entropy", r"y must lie in \[0, 1\] for binary"),
        (np.full((2, 3), np.nan), "binary_cross_entropy", r"y must lie in \[0, 1\]"),
    ],
)
def test_targets_that_do_not_fit_are_refused(y, kind, message):
    with pytest.raises(ValueError, match=message):
        targets_like(np.zeros((2, 3)), y, kind)


@pytest.mark.parametrize("kind", LOSSES)
def test_no_samples_are_refused(kind):
    with pytest.raises(ValueError, match="x and y must hold at least one sample, got none"):
        targets_like(np.zeros((0, 1)), [], kind)


@pytest.mark.parametrize("kind", ["MSE", "l1", "", None, []])
def test_an_unknown_kind_lists_the_choices(kind):
    with pytest.raises(ValueError, match=r"kind must be one of mse, .*, got"):
        get_loss(kind)
