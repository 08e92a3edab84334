from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npnets.expressions import FUNCTIONS, parse_expression

X = np.linspace(-3, 3, 13)[:, None]


@pytest.mark.parametrize(
    ("text", "function"),
    [
        ("2*x+1", lambda x: 2 * x + 1),
        ("-x**2/3", lambda x: -(x**2) / 3),
        ("2**-x", lambda x: 2.0**-x),
        ("+x - (x - 1)", lambda x: x - (x - 1)),
        ("sin(pi*x) + e", lambda x: np.sin(np.pi * x) + np.e),
        ("maximum(x, 0) - minimum(0, x)", np.abs),
        ("where(x > 1, 1, x <= -1)", lambda x: np.where(x > 1, 1, x <= -1)),
        ("(x == 0) + 2 * (x != 0)", lambda x: np.where(x == 0, 1, 2)),
        ("log1p(x ** 2) * sqrt(abs(x))", lambda x: np.log1p(x**2) * np.sqrt(np.abs(x))),
        ("3", lambda x: np.full_like(x, 3)),
    ],
)
def test_expressions_mean_what_numpy_means(text, function):
    np.testing.assert_allclose(parse_expression(text)(X), function(X), rtol=1e-15)


def test_several_inputs_are_columns():
    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(parse_expression("x1*x3 - x2", 3)(x), [[-1.0], [11.0]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "text", ["2*x+1", "sin(2)*x", "where(x > 0, pi, 1)", "x > 0", "3", "(1 < 2) * x", "x**3", "e"]
)
def test_the_dtype_of_x_is_kept_and_used_throughout(text, dtype):
    y = parse_expression(text)(X.astype(dtype))
    assert y.dtype == dtype
    assert y.shape == (13, 1)
    assert y.flags.writeable


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_numpys_own(name):
    function, argument_count = FUNCTIONS[name]
    arguments = ["x", "x / 2", "1 - x"][:argument_count]
    with np.errstate(all="ignore"):
        values = [X, X / 2, 1 - X][:argument_count]
        expected = getattr(np, name)(*values)
    assert function is getattr(np, name)
    np.testing.assert_array_equal(parse_expression(f"{name}({', '.join(arguments)})")(X), expected)


def test_spelling_does_not_make_another_expression():
    assert parse_expression("2*x+1") == parse_expression("  2 * x + (1)  ")
    assert parse_expression("2*x+1").text == "2 * x + 1"


def test_powers_and_numbers_are_floating_point():
    assert np.isinf(parse_expression("9**9**9")(X)).all()
    assert np.isinf(parse_expression("10**400 * x ** 0")(X)).all()


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        ("__import__('os')", "unknown function '__import__'"),
        ("open(x)", "unknown function 'open'"),
        ("x.__class__", "arithmetic only, got 'x.__class__'"),
        ("np.sin(x)", r"arithmetic only, got 'np.sin\(x\)'"),
        ("x[0]", "arithmetic only"),
        ("[x]", "arithmetic only"),
        ("'x'", "arithmetic only"),
        ("x if x else 1", "arithmetic only"),
        ("lambda: x", "arithmetic only"),
        ("(y := x)", "arithmetic only"),
        ("x and x", "arithmetic only"),
        ("not x", "arithmetic only"),
        ("x // 2", "arithmetic only"),
        ("x % 2", "arithmetic only"),
        ("~x", "arithmetic only"),
        ("1j * x", "arithmetic only, got '1j'"),
        ("True", "arithmetic only"),
        ("-1 < x < 1", "arithmetic only"),
        ("x in x", "arithmetic only"),
        ("sin(*x)", "arithmetic only"),
        ("sin(x=x)", "arithmetic only"),
        ("sin(x)(x)", "arithmetic only"),
        ("sin", "unknown name 'sin'"),
        ("y", r"unknown name 'y' \(known: x, pi, e\)"),
        ("x2", "unknown name 'x2'"),
        ("sin(x, x)", "gives sin 2 arguments, it takes 1"),
        ("2x+1", "cannot be read"),
        ("x = 3", "cannot be read"),
        ("import os", "cannot be read"),
        ("x\nx", "cannot be read"),
        ("x\0", "cannot be read"),
        ("", "cannot be read"),
        ("1e999", "beyond the range"),
        ("9" * 500, "beyond the range"),
        ("x+" * 600 + "x", "at most 1000 characters, got 1201"),
        ("x+" * 400 + "x", "more than 100 deep"),
        ("-" * 900 + "x", "deep"),
        ("(" * 400 + "x" + ")" * 400, "cannot be read"),
        ("x@" * 400 + "x", "deeply|arithmetic"),
        ("x." + "x." * 400 + "x", "deeply|arithmetic"),
    ],
)
def test_anything_but_arithmetic_is_refused_by_its_piece(text, piece):
    with pytest.raises(ValueError, match=piece) as error:
        parse_expression(text)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 300


@given(st.text(alphabet="x12+-*/(). sinexp<>=,[]_'\"", max_size=30))
def test_no_text_does_more_than_be_read_or_refused(text):
    try:
        expression = parse_expression(text)
    except ValueError:
        return
    assert parse_expression(expression.text) == expression
    assert expression(X).shape == (13, 1)


def test_integers_are_computed_as_floats():
    x = np.array([[4], [3]])
    np.testing.assert_array_equal(parse_expression("0.5*x")(x), [[2.0], [1.5]])
