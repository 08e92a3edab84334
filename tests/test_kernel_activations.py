"""The kernels' polynomials against math's functions, through every activation and derivative."""

import math

import naive
import numpy as np
import pytest
from npnets_kernels import simd
from npnets_kernels.activations import NAMES, activate
from numba import njit

from npnets.activations import ACTIVATIONS


@njit
def evaluate(code, leak, z, values, slopes):
    z, values, slopes, n = simd.pointer(z), simd.pointer(values), simd.pointer(slopes), len(z)
    for i in range(n // simd.lanes_of(z)):
        a, slope = activate(code, leak, simd.load(z, i))
        simd.store(values, i, a)
        simd.store(slopes, i, slope)


def run(name, z):
    lanes = simd.lanes(z.dtype)
    padded = np.zeros(-(-len(z) // lanes) * lanes, z.dtype)
    padded[: len(z)] = z
    values, slopes = np.empty_like(padded), np.empty_like(padded)
    evaluate(NAMES.index(name), 0.01, padded, values, slopes)
    return values[: len(z)], slopes[: len(z)]


def test_kernels_know_every_activation():
    assert sorted(NAMES) == sorted(ACTIVATIONS)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", NAMES)
def test_values_and_derivatives_are_within_a_few_units_in_the_last_place(name, dtype):
    tiny = np.geomspace(1e-12, 1, 200)
    z = np.concatenate([np.linspace(-20, 20, 4001), tiny, -tiny, [0.0]]).astype(dtype)
    values, slopes = run(name, z)
    expected = np.array([naive.activation(name, float(x)) for x in z])
    derivative = np.array([naive.activation_derivative(name, float(x)) for x in z])
    eps = np.finfo(dtype).eps
    # The argument of gelu_tanh's tanh grows with z^3, and so does its rounding.
    ulps = 8 if name == "gelu_tanh" else 4
    assert (np.abs(values - expected) <= ulps * eps * np.maximum(1, np.abs(expected))).all()
    assert (np.abs(slopes - derivative) <= ulps * eps * np.maximum(1, np.abs(derivative))).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_tanh_and_selu_keep_relative_accuracy_near_zero(dtype):
    z = -np.geomspace(1e-12, 1, 500).astype(dtype)
    exact = z.astype("float64")
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(run("tanh", z)[0], np.tanh(exact), rtol=3 * eps)
    selu = [1.0507009873554805 * 1.6732632423543772 * math.expm1(x) for x in exact]
    np.testing.assert_allclose(run("selu", z)[0], selu, rtol=3 * eps)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", NAMES)
def test_extremes_saturate_and_nan_passes_through(name, dtype):
    z = np.array([np.nan, 1e4, -1e4, 700.0, -700.0, 88.8, -88.8], dtype)
    values, slopes = run(name, z)
    assert np.isnan(values[0])
    assert np.isfinite(values[1:]).all()
    assert np.isfinite(slopes[1:]).all()
    expected = {"tanh": -1.0, "sigmoid": 0.0, "gelu": 0.0, "gelu_tanh": 0.0, "relu": 0.0}
    if name in expected:
        np.testing.assert_allclose(values[2], expected[name], atol=1e-30)
