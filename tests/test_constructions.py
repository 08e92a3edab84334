"""Networks built by hand: values, exact region counts, and that no better ones exist."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise, product

import naive_regions as naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import as_lists
from scipy.optimize import linprog

from npnets.constructions.interpolants import bump, interpolant
from npnets.constructions.polygons import polygon_indicator
from npnets.constructions.sawtooths import sawtooth
from npnets.constructions.squares import square_from_depth, square_from_relus
from npnets.network import Network
from npnets.regions.line import breakpoints


def intervals(net, low=None, high=None):
    return naive.line_intervals(*as_lists(net), low, high)


def counts(net, low=None, high=None):
    """Activation patterns and affine pieces on a line, by the oracle."""
    found = intervals(net, low, high)
    return len(found), naive.line_pieces(found)


# The sawtooth


@pytest.mark.parametrize("k", range(1, 9))
def test_a_sawtooth_has_two_to_the_k_pieces(k):
    net = sawtooth(k)
    assert sum(net.widths[1:-1]) == 2 * k
    assert counts(net, 0, 1) == (2**k, 2**k)
    assert counts(net) == ((3, 3) if k == 1 else (2**k + 2, 2**k + 2))
    for j, (start, end, _, gradient, _) in enumerate(intervals(net, 0, 1)):
        assert (start, end) == (Fraction(j, 2**k), Fraction(j + 1, 2**k))
        assert gradient == [[(-1) ** j * 2**k]]


def test_twenty_compositions_still_are_exact():
    j = np.random.default_rng(0).integers(0, 2**20, 4000)
    assert np.array_equal(sawtooth(20)(j / 2**20)[:, 0], j % 2)
    middles = (2 * j + 1) / 2**21
    assert np.array_equal(sawtooth(20)(middles)[:, 0], np.full(4000, 0.5))


def test_a_skew_sawtooth_is_the_skew_tent_composed():
    def tent(x):
        return np.where(x < 0.3, x / 0.3, (1 - x) / 0.7)

    x = np.linspace(0, 1, 257)
    assert sawtooth(3, peak=0.3)(x)[:, 0] == pytest.approx(tent(tent(tent(x))), abs=1e-13)
    assert counts(sawtooth(3, peak=0.3), 0, 1) == (8, 8)


def iterated(up, bend, peak, k):
    """Patterns and affine pieces on [0, 1] of x -> up φ(x) + bend φ(x - peak), k times.

    By the values at both ends of each piece, and its slope.
    """

    def tent(x):
        return up * max(x, 0) + bend * max(x - peak, 0)

    pieces = [(Fraction(0), Fraction(1), Fraction(1))]
    for _ in range(k):
        cut = []
        for a, b, slope in pieces:
            inner = [x for x in (0, peak) if min(a, b) < x < max(a, b)]
            for x, y in pairwise([a, *sorted(inner, reverse=a > b), b]):
                middle = (x + y) / 2
                steep = up * (middle > 0) + bend * (middle > peak)
                cut.append((tent(x), tent(y), steep * slope))
        pieces = cut
    return len(pieces), 1 + sum(a[2] != b[2] for a, b in pairwise(pieces))


@pytest.mark.parametrize(
    ("peak", "patterns", "pieces"),
    [(0.5, 4096, 4096), (0.1, 4096, 4096), (0.01, 6143, 5120), (0.001, 3557, 3557)],
)
def test_rounded_weights_make_half_as_many_patterns_again_or_fewer(peak, patterns, pieces):
    net = sawtooth(12, peak)
    up, bend = map(Fraction, net.weights[-1][0].tolist())
    assert iterated(up, bend, Fraction(peak), 12) == (patterns, pieces)
    found = breakpoints(net, 0, 1).counts
    assert (found.activation_patterns, found.affine_pieces) == (patterns, pieces)
    assert counts(sawtooth(5, peak), 0, 1) == iterated(up, bend, Fraction(peak), 5)


def third_value_of_peak(net, peak):
    """T(T(T(peak))), which is 0, for the T of the network's weights."""
    (up, bend), c = map(Fraction, net.weights[-1][0].tolist()), Fraction(peak)
    x = c
    for _ in range(3):
        x = up * max(x, 0) + bend * max(x - c, 0)
    return x


@pytest.mark.parametrize("exponent", range(1, 18))
def test_peaks_are_refused_where_rounded_weights_make_no_tent(exponent):
    for mantissa in np.random.default_rng(exponent).uniform(1, 10, 40):
        left = mantissa * 10.0**-exponent / 2
        for peak, surely in ((left, left > 1e-6), (1 - left, left > 1e-11)):
            try:
                net = sawtooth(3, peak)
            except ValueError:
                assert not surely
            else:
                assert abs(third_value_of_peak(net, peak)) < 1 / 999
                assert peak > 1e-9


# x²


def errors_of_square(net, low=0, high=1):
    """The sup error and ∫ error² of x² on [0, 1], as rational numbers."""
    worst, total = Fraction(0), Fraction(0)
    for start, end, _, ((slope,),), (constant,) in intervals(net, low, high):
        places = [start, end] + ([slope / 2] if start < slope / 2 < end else [])
        worst = max(worst, *(abs(x * x - slope * x - constant) for x in places))

        def integral(x, s=slope, c=constant):
            """Of (x² - s x - c)²."""
            return x**5 / 5 - s * x**4 / 2 + (s * s - 2 * c) * x**3 / 3 + s * c * x**2 + c * c * x

        total += integral(end) - integral(start)
    return worst, total


@pytest.mark.parametrize("n", [1, 2, 4, 8, 16])
def test_the_square_by_interpolation(n):
    net = square_from_relus(n)
    assert net.widths == (1, n, 1)
    assert counts(net, 0, 1) == (n, n)
    assert counts(net) == (n + 1, n + 1)
    assert errors_of_square(net) == (Fraction(1, 4 * n**2), Fraction(1, 30 * n**4))


def test_the_source_has_hinges_at_quarters():
    hinges = [end for _, end, *_ in intervals(square_from_relus(4))[:-1]]
    assert hinges == [0, Fraction(1, 4), Fraction(1, 2), Fraction(3, 4)]
    slopes = [gradient[0][0] for _, _, _, gradient, _ in intervals(square_from_relus(4), 0, 1)]
    assert slopes == [Fraction(1, 4), Fraction(3, 4), Fraction(5, 4), Fraction(7, 4)]


@pytest.mark.parametrize("n", [1, 2, 3, 4, 9])
def test_the_best_squares_have_the_errors_derived(n):
    best_sup, best_l2 = square_from_relus(n, "sup"), square_from_relus(n, "l2")
    for net in (best_sup, best_l2):
        assert net.widths == (1, n, 1)
        assert counts(net, 0, 1) == (n + 1, n + 1)
        ends = [end for _, end, *_ in intervals(net, 0, 1)]
        assert ends == [Fraction(2 * i + 1, 2 * n + 1) for i in range(n)] + [1]
    assert float(errors_of_square(best_sup)[0]) == pytest.approx(1 / (2 * (2 * n + 1) ** 2))
    assert float(errors_of_square(best_l2)[1]) == pytest.approx(4 / (45 * (2 * n + 1) ** 4))
    assert errors_of_square(best_sup)[0] < errors_of_square(square_from_relus(n))[0] / 2


def features(hinges, looks_left, x):
    """A constant and the neurons of these hinges, each looking left or right."""
    signs = np.where(looks_left, -1.0, 1.0)
    return np.column_stack([np.ones(len(x)), np.maximum(signs * (x[:, None] - hinges), 0.0)])


@pytest.mark.parametrize(("n", "steps"), [(1, 61), (2, 31)])
def test_no_hinges_or_directions_on_a_grid_give_a_smaller_error(n, steps):
    """For given hinges the rest is linear: least squares, and a linear program in sup norm."""
    x = (np.arange(400) + 0.5) / 400
    target = x**2
    least_l2 = least_sup = np.inf
    coarse = x[::4]
    for hinges in product(np.linspace(0, 1, steps, endpoint=False), repeat=n):
        for looks_left in product([False, True], repeat=n):
            a = features(np.array(hinges), looks_left, x)
            rest = target - a @ np.linalg.lstsq(a, target, rcond=None)[0]
            least_l2 = min(least_l2, np.mean(rest**2))
            if n == 1 or np.mean(rest**2) < 4 / (40 * (2 * n + 1) ** 4):
                b = np.vstack([a[::4], -a[::4]])
                found = linprog(
                    np.r_[np.zeros(n + 1), 1.0],
                    A_ub=np.column_stack([b, -np.ones(len(b))]),
                    b_ub=np.r_[coarse**2, -(coarse**2)],
                    bounds=(None, None),
                )
                least_sup = min(least_sup, found.fun)
    best_l2, best_sup = 4 / (45 * (2 * n + 1) ** 4), 1 / (2 * (2 * n + 1) ** 2)
    # Sums over 400 points and maxima over 100 are a little less than over all.
    assert best_l2 * 0.995 < least_l2 < best_l2 * 1.1
    assert best_sup * 0.97 < least_sup < best_sup * 1.1


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000), n=st.sampled_from([1, 3, 5]), fit=st.sampled_from(["sup", "l2"])
)
def test_no_small_change_of_the_parameters_is_better(seed, n, fit):
    net = square_from_relus(n, fit)
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal(net.parameters.shape) * 10.0 ** rng.integers(-4, 0)
    other = Network.from_parameters(net.widths, net.parameters * (1 + noise))
    kind = ("sup", "l2").index(fit)
    assert errors_of_square(other)[kind] > errors_of_square(net)[kind] * (1 - Fraction(1, 10**12))


@pytest.mark.parametrize("k", range(1, 7))
def test_depth_interpolates_the_square_on_two_to_the_k_pieces(k):
    net = square_from_depth(k)
    assert net.depth == k
    assert max(net.widths) <= 3
    assert counts(net, 0, 1) == (2**k, 2**k)
    assert errors_of_square(net) == (Fraction(1, 4 ** (k + 1)), Fraction(1, 30 * 16**k))


# Interpolants


def test_the_triangular_bump_of_the_source():
    net = bump()
    assert net([0.0, 1.5, 2.0, 2.5, 4.0])[:, 0].tolist() == [0.0, 0.5, 1.0, 0.5, 0.0]
    assert counts(net) == (4, 4)
    assert [end for _, end, *_ in intervals(net)[:-1]] == [1, 2, 3]
    skew = bump(-1.0, 1.0, 1.5)
    assert skew([-2.0, 0.0, 1.0, 1.25, 2.0])[:, 0].tolist() == [0.0, 0.5, 1.0, 0.5, 0.0]


@given(
    knots=st.lists(st.integers(-20, 20), min_size=2, max_size=8, unique=True).map(sorted),
    data=st.data(),
)
def test_interpolants_of_whole_numbers_are_exact(knots, data):
    """At distances that are powers of two slopes are dyadic; at others values are near."""
    values = data.draw(st.lists(st.integers(-9, 9), min_size=len(knots), max_size=len(knots)))
    net = interpolant(values, knots)
    assert net.widths == (1, len(knots) - 1, 1)
    assert net(knots)[:, 0] == pytest.approx(values, abs=1e-12)
    found = intervals(net)
    assert len(found) == len(knots)
    assert [end for _, end, *_ in found[:-1]] == knots[:-1]
    steps = list(zip(pairwise(knots), pairwise(values), strict=True))
    slopes = [0, *(Fraction(b - a, y - x) for (x, y), (a, b) in steps)]
    if all((y - x).bit_count() == 1 for x, y in pairwise(knots)):
        kinks = sum(a != b for a, b in pairwise(slopes))
        assert naive.line_pieces(found) == kinks + 1
        assert net(knots)[:, 0].tolist() == values


def test_an_interpolant_of_a_function_is_that_of_its_values():
    knots = np.linspace(0, 2 * np.pi, 9)
    assert np.array_equal(
        interpolant(np.sin, knots).parameters, interpolant(np.sin(knots), knots).parameters
    )
    x = np.linspace(0, 2 * np.pi, 333)
    assert interpolant(np.sin, knots)(x)[:, 0] == pytest.approx(np.interp(x, knots, np.sin(knots)))


# Polygons

SQUARE = [(0, 0), (1, 0), (1, 1), (0, 1)]
TRIANGLE = [(0, 0), (4, 0), (0, 3)]


def test_inside_a_polygon_the_indicator_is_one_and_far_outside_zero():
    rng = np.random.default_rng(0)
    x = rng.uniform(-2, 5, (4000, 2))
    net = polygon_indicator(TRIANGLE, margin=0.25)
    sides = np.column_stack([-x[:, 1], -x[:, 0], (3 * x[:, 0] + 4 * x[:, 1] - 12) / 5])
    farthest = sides.max(axis=1)
    y = net(x)[:, 0]
    assert np.array_equal(y == 1.0, farthest <= 0)
    assert np.all(y[farthest >= 0.25] == 0)
    assert np.all(
        (y > 0) & (y < 1), where=(farthest > 0) & (farthest < 0.1) & (sides < 0).sum(1) == 2
    )
    unclipped = polygon_indicator(TRIANGLE, margin=0.25, clip=False)(x)[:, 0]
    assert y == pytest.approx(np.maximum(unclipped, 0))
    assert unclipped == pytest.approx(1 - np.maximum(sides, 0).sum(axis=1) / 0.25)


def test_cells_of_polygons_are_those_counted_by_hand():
    """A triangle's lines make 7 cells, a square's 9; the clip cuts all but the inner one in two."""
    for corners, lines in ((TRIANGLE, 7), (SQUARE, 9)):
        plain, clipped = (as_lists(polygon_indicator(corners, clip=clip)) for clip in (False, True))
        assert len(naive.box_cells(*plain)) == naive.box_pieces(*plain) == lines
        assert len(naive.box_cells(*clipped)) == 2 * lines - 1
        assert naive.box_pieces(*clipped) == lines + 1  # all zeros around are one piece


def test_the_boundary_of_three_neurons_is_a_hexagon():
    """Where the unclipped output is 0: one side for each outer cell of the three lines."""
    net = polygon_indicator(TRIANGLE, margin=0.125, clip=False)
    box = [(-9, -9), (9, -9), (9, 9), (-9, 9)]
    crossed = 0
    for corners, _, (gradients, constants) in naive.plane_cells(*as_lists(net), box):
        signs = {naive.dot(gradients[0], corner) + constants[0] > 0 for corner in corners}
        crossed += len(signs) == 2
    assert crossed == 6


def test_either_sense_of_turning_gives_the_same_polygon():
    x = np.random.default_rng(1).uniform(-1, 2, (500, 2))
    a, b = polygon_indicator(SQUARE), polygon_indicator(SQUARE[::-1])
    assert np.array_equal(a(x), b(x))


@pytest.mark.parametrize("n", [3, 8, 20])
def test_regular_polygons_approach_the_disk(n):
    net = polygon_indicator(n, margin=0.01)
    angles = np.linspace(0, 2 * np.pi, 1000)
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    assert np.all(net(circle * (np.cos(np.pi / n) - 1e-9)) == 1)
    assert np.all(net(circle * 1.05)[:, 0] < 1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sawtooth(0), "k must be an integer >= 1, got 0"),
        (lambda: sawtooth(2, peak=1.0), "peak must lie between 0 and 1, got 1.0"),
        (lambda: sawtooth(2, peak=1e-17), r"T\(T\(peak\)\) is within peak/1000, got 1e-17"),
        (lambda: sawtooth(2, peak=1 - 2**-53), "so far from 0 and 1 that .*, got 0.99999999"),
        (lambda: square_from_relus(0), "n must be an integer >= 1, got 0"),
        (lambda: square_from_relus(3, "l3"), "fit must be one of interpolation, sup, l2, got 'l3'"),
        (lambda: square_from_depth(501), "k must be an integer from 1 to 500, got 501"),
        (lambda: interpolant([1, 2], [1, 1]), "knots must be two or more strictly increasing"),
        (lambda: interpolant([1, 2, 3], [0, 1]), "values must be 2 finite numbers, one a knot"),
        (lambda: interpolant(np.log, [0.0, 1.0]), "f must be finite, it is -inf at x = 0"),
        (
            lambda: interpolant(lambda x: 1.0, [0.0, 1.0]),
            r"f must give one value a sample, got \(\)",
        ),
        (lambda: bump(1.0, 1.0, 2.0), "start < peak < end must hold, got 1.0, 1.0, 2.0"),
        (lambda: polygon_indicator(2), "vertices must be an integer >= 3, got 2"),
        (
            lambda: polygon_indicator(SQUARE, margin=0.0),
            "margin must be a positive number, got 0.0",
        ),
        (lambda: polygon_indicator([(0, 0), (1, 1)]), r"shape \(n, 2\) with n >= 3, got \(2, 2\)"),
        (
            lambda: polygon_indicator([(0, 0), (1, 0), (2, 0), (0, 1)]),
            "vertices must be the corners of a strictly convex polygon",
        ),
        (
            lambda: polygon_indicator([(0, 1), (0.6, -0.8), (-1, 0.3), (1, 0.3), (-0.6, -0.8)]),
            "strictly convex polygon",
        ),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
