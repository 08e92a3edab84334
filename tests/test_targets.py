from __future__ import annotations

import math
import pickle

import numpy as np
import pytest

from npnets.targets import TARGETS, check_learnable, get_target


@pytest.mark.parametrize(
    ("name", "d_in", "formula"),
    [
        ("linear", 1, lambda x: 2 * x + 1),
        ("absolute", 1, abs),
        ("quadratic", 1, lambda x: x * x),
        ("cubic", 1, lambda x: x**3),
        ("sine", 1, math.sin),
        ("step", 1, lambda x: 1.0 if x > 0 else 0.0),
        ("quadratic-2d", 2, lambda a, b: (a * a + b * b) / 2),
        ("interaction-2d", 2, lambda a, b: a * b),
        ("mean-square", 1, lambda x: x * x),
        ("mean-square", 3, lambda a, b, c: (a * a + b * b + c * c) / 3),
        ("x1*x2", 2, lambda a, b: a * b),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_targets_are_their_formulas_one_sample_at_a_time(name, d_in, formula, dtype):
    x = np.random.default_rng(0).uniform(-5, 5, (50, d_in)).astype(dtype)
    x[0] = 0
    y = get_target(name, d_in)(x)
    assert y.shape == (50, 1)
    assert y.dtype == dtype
    expected = [[formula(*sample)] for sample in x.astype(float).tolist()]
    np.testing.assert_allclose(y, expected, rtol=1e-5 if dtype == np.float32 else 1e-14, atol=1e-5)


def test_two_spellings_are_one_target_and_a_target_passes_through():
    target = get_target("2*x+1")
    assert target.name == "2 * x + 1"
    assert target == get_target("2 * x + 1")
    assert get_target(target) is target


@pytest.mark.parametrize("name", [*TARGETS, "x1 + x2"])
def test_targets_can_be_sent_to_other_processes(name):
    d_in = TARGETS.get(name, (2,))[0] or 2
    x = np.ones((3, d_in))
    target = get_target(name, d_in)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(target))(x), target(x))


@pytest.mark.parametrize(
    ("name", "d_in", "message"),
    [
        ("qudratic", 1, r"got 'qudratic' \(did you mean 'quadratic'\?\)"),
        ("quadratic2d", 2, r"did you mean 'quadratic-2d'"),
        ("quadratic-2d", 1, r"target 'quadratic-2d' needs 2 input dimension\(s\), got d_in=1"),
        ("linear", 2, r"target 'linear' needs 1 input dimension\(s\), got d_in=2"),
        ("x1 * x2", 1, "unknown name 'x1'"),
        ("x", 2, r"unknown name 'x' \(known: x1, x2, pi, e\)"),
        ("mean-square", 0, "d_in must be a positive integer, got 0"),
        ("mean-square", 1.0, "d_in must be a positive integer, got 1.0"),
    ],
)
def test_errors_name_what_is_wrong(name, d_in, message):
    with pytest.raises(ValueError, match=message):
        get_target(name, d_in)


def test_a_target_for_other_dimensions_is_refused():
    with pytest.raises(ValueError, match="needs 2 input"):
        get_target(get_target("interaction-2d", 2), 1)


@pytest.mark.parametrize("name", TARGETS)
def test_named_targets_are_learnable(name):
    check_learnable(get_target(name, TARGETS[name][0] or 3), "float32")


@pytest.mark.parametrize("text", ["log(x)", "1/x", "sqrt(x + 4.9)", "1/(x - 5)", "0/0", "x**0.5"])
def test_targets_that_are_not_finite_are_refused(text):
    with pytest.raises(ValueError, match="target must be finite"):
        check_learnable(get_target(text))


def test_finite_means_finite_in_the_training_dtype():
    target = get_target("exp(x**4 / 2)")
    check_learnable(target, "float64")
    with pytest.raises(ValueError, match="is inf at x ="):
        check_learnable(target, "float32")


@pytest.mark.parametrize("text", ["3", "0 * x", "x > 9"])
def test_targets_that_do_not_vary_are_refused(text):
    with pytest.raises(ValueError, match="target must not be constant, "):
        check_learnable(get_target(text))
