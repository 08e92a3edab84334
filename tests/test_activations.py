"""Values and derivatives: against the oracle, finite differences, PyTorch and extreme arguments."""

import naive
import numpy as np
import pytest

from npnets.activations import ACTIVATIONS, get_activation, sigmoid

GRID = np.concatenate([np.linspace(-6, 6, 101), [0.0]])


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_value_and_both_derivatives_equal_the_oracle(name):
    phi = get_activation(name, slope=0.2)
    for ours, theirs in [
        (phi.value, naive.activation),
        (phi.derivative, naive.activation_derivative),
        (phi.second_derivative, naive.activation_second_derivative),
    ]:
        expected = [theirs(name, z, 0.2) for z in GRID]
        np.testing.assert_allclose(ours(GRID), expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_derivatives_match_central_differences_off_the_kink(name):
    phi = get_activation(name)
    z = np.linspace(-5, 5, 40)
    h = 1e-5
    slope = (phi.value(z + h) - phi.value(z - h)) / (2 * h)
    bend = (phi.derivative(z + h) - phi.derivative(z - h)) / (2 * h)
    np.testing.assert_allclose(phi.derivative(z), slope, atol=1e-9)
    np.testing.assert_allclose(phi.second_derivative(z), bend, atol=1e-9)


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.filterwarnings("error")
def test_dtype_is_kept_and_large_arguments_neither_warn_nor_overflow(name, dtype):
    z = np.array([[-1e30, -1000.0, -100.0, -40.0], [40.0, 100.0, 1000.0, 1e30]], dtype)
    phi = get_activation(name)
    for function in (phi.value, phi.derivative, phi.second_derivative):
        result = function(z)
        assert result.dtype == dtype
        assert result.shape == z.shape
        assert np.isfinite(result).all()


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_nan_flows_through_the_value(name):
    assert np.isnan(get_activation(name).value(np.array([np.nan]))).all()


def test_sigmoid_keeps_its_relative_accuracy_in_the_lower_tail():
    np.testing.assert_allclose(sigmoid(np.array([-700.0])), np.exp(-700.0), rtol=1e-14)


def test_the_kink_takes_pytorchs_side():
    zero = np.zeros(1)
    assert get_activation("relu").derivative(zero) == 0
    assert get_activation("leaky_relu", slope=0.3).derivative(zero) == 0.3


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_value_and_derivatives_equal_pytorch(name):
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    function = {
        "relu": torch.relu,
        "leaky_relu": lambda z: functional.leaky_relu(z, 0.2),
        "gelu": functional.gelu,
        "gelu_tanh": lambda z: functional.gelu(z, approximate="tanh"),
        "tanh": torch.tanh,
        "sigmoid": torch.sigmoid,
        "selu": torch.selu,
        "identity": lambda z: z * 1.0,
    }[name]
    z = torch.tensor(GRID, requires_grad=True)
    value = function(z)
    (slope,) = torch.autograd.grad(value.sum(), z, create_graph=True)
    phi = get_activation(name, slope=0.2)
    np.testing.assert_allclose(phi.value(GRID), value.detach(), atol=1e-12)
    np.testing.assert_allclose(phi.derivative(GRID), slope.detach(), atol=1e-12)
    if slope.requires_grad:
        # selu's second derivative jumps at 0, where PyTorch takes neither side.
        (bend,) = torch.autograd.grad(slope.sum(), z, allow_unused=True, materialize_grads=True)
        off = GRID != 0
        np.testing.assert_allclose(phi.second_derivative(GRID[off]), bend[off], atol=1e-12)


@pytest.mark.parametrize("name", ["swish", "", "ReLU", None, []])
def test_an_unknown_name_lists_the_choices(name):
    with pytest.raises(ValueError, match=r"activation must be one of relu, leaky_relu, .*, got"):
        get_activation(name)


@pytest.mark.parametrize("slope", [np.nan, np.inf, "0.1", None])
def test_slope_must_be_finite(slope):
    with pytest.raises(ValueError, match="slope must be a finite number >= 0, got"):
        get_activation("leaky_relu", slope)
