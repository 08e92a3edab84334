"""Errors of piecewise linear functions against closed forms, and the powers they fall with."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from npnets.approximation import fit_power_law, squared_error, sup_error
from npnets.constructions.interpolants import interpolant
from npnets.constructions.squares import square_from_relus
from npnets.targets import get_target

COUNTS = np.array([2, 4, 8, 16, 32, 64, 128])


@given(
    a=st.floats(-3, 3),
    h=st.floats(0.01, 5),
    start=st.floats(-2, 2),
    end=st.floats(-2, 2),
)
def test_errors_of_one_piece_are_those_of_the_parabola(a, h, start, end):
    """x² against the line through (a, a² + start) and (a + h, (a + h)² + end)."""
    knots = np.array([a, a + h])
    values = knots**2 + [start, end]
    # The error is h² s(s - 1) - start (1 - s) - end s, at s = (x - a)/h in [0, 1].
    c = np.polynomial.Polynomial([-start, start - end - h * h, h * h])
    s = (end - start + h * h) / (2 * h * h)
    places = [0.0, 1.0, min(max(s, 0.0), 1.0)]
    assert sup_error(np.square, knots, values) == pytest.approx(
        np.abs(c(places)).max(), rel=1e-9, abs=1e-9
    )
    square = (c * c).integ()
    assert squared_error(np.square, knots, values) == pytest.approx(
        h * (square(1.0) - square(0.0)), rel=1e-9, abs=1e-9
    )


def test_a_piecewise_linear_function_has_no_error():
    knots = [-1.0, 0.0, 3.0]
    assert sup_error(np.abs, knots) == squared_error(np.abs, knots) == 0.0


def test_errors_of_the_best_squares_are_the_closed_forms():
    for n in (1, 4, 10):
        t = 1 / (2 * n + 1)
        knots = np.r_[0.0, t * np.arange(1, 2 * n + 2, 2)]
        sup, l2 = (square_from_relus(n, fit)(knots)[:, 0] for fit in ("sup", "l2"))
        assert sup_error(np.square, knots, sup) == pytest.approx(t**2 / 2)
        assert squared_error(np.square, knots, l2) == pytest.approx(4 * t**4 / 45)


def test_errors_agree_with_a_fine_sum():
    knots = np.sort(np.random.default_rng(0).uniform(0, 6, 9))
    x = np.linspace(knots[0], knots[-1], 2_000_001)
    errors = np.sin(x) - np.interp(x, knots, np.sin(knots))
    assert sup_error(np.sin, knots) == pytest.approx(np.abs(errors).max(), rel=1e-9)
    assert squared_error(np.sin, knots) == pytest.approx(np.trapezoid(errors**2, x), rel=1e-8)


@pytest.mark.parametrize(
    ("f", "high", "bend", "bend_squared"),
    [
        (np.square, 1.0, 2.0, 4.0),
        (np.sin, 2 * np.pi, 1.0, np.pi),
        (np.exp, 1.0, np.e, (np.e**2 - 1) / 2),
    ],
)
def test_interpolants_converge_as_theory_says(f, high, bend, bend_squared):
    grids = [np.linspace(0, high, n + 1) for n in COUNTS * 4]
    sup = fit_power_law(COUNTS * 4, [sup_error(f, grid) for grid in grids])
    square = fit_power_law(COUNTS * 4, [squared_error(f, grid) for grid in grids])
    assert sup.exponent == pytest.approx(-2, abs=0.02)
    assert square.exponent == pytest.approx(-4, abs=0.02)
    h = high / (COUNTS[-1] * 4)
    assert sup_error(f, grids[-1]) == pytest.approx(h**2 / 8 * bend, rel=0.01)
    assert squared_error(f, grids[-1]) == pytest.approx(h**4 / 120 * bend_squared, rel=0.01)
    assert all(sup_error(f, grid) <= (grid[1] ** 2 / 8 * bend) * (1 + 1e-9) for grid in grids)


def test_a_kink_between_knots_costs_the_powers():
    """|x| with an odd number of pieces: sup error h/2, and squared error h³/12·…, of one piece."""
    odd = COUNTS + 1
    grids = [np.linspace(-1, 1, n + 1) for n in odd]
    assert fit_power_law(
        odd, [sup_error(np.abs, grid) for grid in grids]
    ).exponent == pytest.approx(-1, abs=0.05)
    law = fit_power_law(odd, [squared_error(np.abs, grid) for grid in grids])
    assert law.exponent == pytest.approx(-3, abs=0.05)


def test_targets_are_functions_too():
    target = get_target("sine")
    knots = np.linspace(0, 3, 5)
    assert sup_error(target, knots) == sup_error(np.sin, knots)
    net = interpolant(target, knots)
    assert sup_error(target, knots, net(knots)[:, 0]) == pytest.approx(sup_error(target, knots))


@given(exponent=st.floats(-5, 5), factor=st.floats(1e-3, 1e3))
def test_a_power_law_is_found_again(exponent, factor):
    law = fit_power_law(COUNTS, factor * COUNTS**exponent)
    assert law.exponent == pytest.approx(exponent, abs=1e-9)
    assert law.factor == pytest.approx(factor, rel=1e-9)


@pytest.mark.parametrize(
    ("n", "errors", "message"),
    [
        ([1, 1], [1, 1], "of two different n at least"),
        ([1, 2], [1, 1, 1], "n and errors must be as many"),
        ([1, 2], [1, 0], r"errors must be positive and finite, got \[1.0, 0.0\]"),
        ([0, 2], [1, 1], r"n must be positive and finite, got \[0.0, 2.0\]"),
    ],
)
def test_what_has_no_power_law_is_refused(n, errors, message):
    with pytest.raises(ValueError, match=message):
        fit_power_law(n, errors)
