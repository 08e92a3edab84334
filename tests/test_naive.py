"""The oracle itself, against numbers worked out by hand and against finite differences."""

import ast
import math
from pathlib import Path

import naive
import pytest

NAMES = ("relu", "leaky_relu", "gelu", "gelu_tanh", "tanh", "sigmoid", "selu", "identity")


def test_the_oracle_imports_only_math():
    tree = ast.parse(Path(naive.__file__).read_text())
    imports = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    assert [ast.unparse(node) for node in imports] == ["import math"]


def test_a_network_worked_out_by_hand():
    weights, biases = [[[1.0], [-2.0]], [[3.0, 5.0]]], [[0.5, 1.0], [-1.0]]
    # z1 = (2.5, -3), a1 = (2.5, 0), output = 3*2.5 - 1 = 6.5; loss (6.5 - 6)^2, delta = 1.
    assert naive.forward(weights, biases, [2.0]) == [6.5]
    assert naive.loss(weights, biases, [[2.0]], [[6.0]]) == 0.25
    expected = [6.0, 0.0, 3.0, 0.0, 2.5, 0.0, 1.0]
    assert naive.sample_gradient(weights, biases, [2.0], [6.0]) == expected
    assert naive.dead_neurons(weights, biases, [[2.0], [1.0]]) == [1]


@pytest.mark.parametrize("name", NAMES)
def test_derivatives_are_those_of_the_values(name):
    h = 1e-5
    for z in (-2.7, -0.6, 0.4, 1.9):
        slope = naive.activation(name, z + h) - naive.activation(name, z - h)
        assert naive.activation_derivative(name, z) == pytest.approx(slope / (2 * h), abs=1e-9)
        bend = naive.activation_derivative(name, z + h) - naive.activation_derivative(name, z - h)
        assert naive.activation_second_derivative(name, z) == pytest.approx(
            bend / (2 * h), abs=1e-9
        )


@pytest.mark.parametrize("kind", ["mse", "binary_cross_entropy", "softmax_cross_entropy"])
def test_the_gradient_is_that_of_the_loss(kind):
    widths = (2, 3, 2)
    theta = [math.sin(7.0 * k) for k in range(17)]
    xs, ys = [[0.3, -1.2], [1.1, 0.4]], [[0.25, 0.75], [1.0, 0.0]]
    slopes, h = [], 1e-5
    for k in range(len(theta)):
        up, down = list(theta), list(theta)
        up[k] += h
        down[k] -= h
        rise = naive.loss(*naive.split(up, widths), xs, ys, kind, "tanh")
        fall = naive.loss(*naive.split(down, widths), xs, ys, kind, "tanh")
        slopes.append((rise - fall) / (2 * h))
    gradient = naive.gradient(*naive.split(theta, widths), xs, ys, kind, "tanh")
    assert gradient == pytest.approx(slopes, abs=1e-9)


def test_the_first_adam_step_moves_each_parameter_by_lr():
    theta, _, _ = naive.adam_step([1.0, 1.0], [4.0, -0.25], [0, 0], [0, 0], 1, lr=0.5)
    assert theta == pytest.approx([0.5, 1.5], abs=1e-7)
