"""The oracle of linear regions, against counts made by hand and against itself."""

import ast
import random
from fractions import Fraction
from itertools import pairwise
from math import comb
from pathlib import Path

import naive_regions as naive
import pytest

SQUARE = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
ABS = [[[1], [-1]], [[1, 1]]], [[0, 0], [0]]
THREE_LINES = [[[1, 0], [0, 1], [1, 1]], [[1, 1, 1]]], [[0, 0, Fraction(-1, 2)], [0]]
XOR = [[[1, 1], [1, 1]], [[1, -2]]], [[0, -1], [0]]  # x1 + x2 - 2 relu(x1 + x2 - 1)


def random_network(widths, seed, numbers=(-2, -1, -1, 0, 1, 1, 2, 3)):
    """Small whole numbers, so that ties, dead neurons and duplicates are common."""
    chosen = random.Random(seed)
    pairs = list(pairwise(widths))
    weights = [[[chosen.choice(numbers) for _ in range(a)] for _ in range(b)] for a, b in pairs]
    return weights, [[chosen.choice(numbers) for _ in range(b)] for _, b in pairs]


def forward(weights, biases, x, slope):
    """The output and the pattern of the neurons at a point."""
    values, pattern = [Fraction(v) for v in x], []
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        z = [naive.dot(map(Fraction, w), values) + b for w, b in zip(weight, bias, strict=True)]
        pattern += [value > 0 for value in z]
        values = [value if value > 0 else slope * value for value in z]
    last = zip(weights[-1], biases[-1], strict=True)
    return [naive.dot(map(Fraction, w), values) + b for w, b in last], tuple(pattern)


def apply(gradients, constants, x):
    return [naive.dot(row, x) + c for row, c in zip(gradients, constants, strict=True)]


def test_the_oracle_imports_only_the_standard_library():
    tree = ast.parse(Path(naive.__file__).read_text())
    imports = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    assert [ast.unparse(node) for node in imports] == [
        "import math",
        "from fractions import Fraction",
        "from itertools import pairwise",
    ]


def test_absolute_value_has_two_intervals():
    assert naive.line_intervals(*ABS) == [
        (None, 0, (False, True), [[-1]], [0]),
        (0, None, (True, False), [[1]], [0]),
    ]
    assert naive.box_cells(*ABS) == [(True, False), (False, True)]
    assert naive.line_pieces(naive.line_intervals(*ABS)) == naive.box_pieces(*ABS) == 2


def test_of_two_equal_neurons_one_breakpoint_is_left():
    intervals = naive.line_intervals([[[1], [1]], [[1, 1]]], [[0, 0], [0]], -1, 1)
    assert [interval[:3] for interval in intervals] == [
        (-1, 0, (False, False)),
        (0, 1, (True, True)),
    ]


def test_a_crossing_on_the_boundary_cuts_nothing():
    net = [[[1]], [[1]]], [[0], [0]]
    assert [cell[2] for cell in naive.line_intervals(*net, 0, 1)] == [(True,)]
    assert [cell[2] for cell in naive.line_intervals(*net, -1, 0)] == [(False,)]
    assert naive.box_cells(*net, [0], [1]) == [(True,)]


def test_a_neuron_that_is_zero_everywhere_is_inactive():
    assert naive.line_intervals([[[0]], [[1]]], [[0], [5]]) == [(None, None, (False,), [[0]], [5])]
    assert naive.box_cells([[[0, 0]], [[1]]], [[0], [5]]) == [(False,)]


def test_opposite_neurons_that_cancel_make_patterns_but_no_kinks():
    """relu(x) - relu(-x) = x."""
    net = [[[1], [-1]], [[1, -1]]], [[0, 0], [0]]
    assert len(naive.line_intervals(*net)) == 2
    assert naive.line_pieces(naive.line_intervals(*net)) == naive.box_pieces(*net) == 1


def test_three_lines_in_general_position_make_seven_cells():
    cells = naive.plane_cells(*THREE_LINES, SQUARE)
    assert len(cells) == 7
    assert sum(naive.area(corners) for corners, _, _ in cells) == 4
    assert min(naive.area(corners) for corners, _, _ in cells) == Fraction(1, 8)
    assert naive.plane_pieces(cells) == 7
    patterns = naive.box_cells(*THREE_LINES)
    assert set(patterns) == {pattern for _, pattern, _ in cells}
    # On one line too: x > 0, y > 0 and x + y < ½ hold in the triangle.
    assert (True, True, False) in patterns
    assert (False, False, True) not in patterns


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_n_lines_through_a_point_make_2n_cells(n):
    weights = [[[1, k] for k in range(n)], [[1] * n]]
    biases = [[0] * n, [0]]
    assert len(naive.plane_cells(weights, biases, SQUARE)) == 2 * n
    assert len(naive.box_cells(weights, biases)) == 2 * n


@pytest.mark.parametrize(("n", "d"), [(4, 1), (5, 2), (4, 3), (5, 3), (3, 4)])
def test_hyperplanes_in_general_position_make_zaslavskys_count(n, d):
    """Points of the moment curve and constants off it: every d + 1 rows are independent."""
    weights = [[[(k + 1) ** j for j in range(1, d + 1)] for k in range(n)], [[1] * n]]
    biases = [[(k + 1) ** (d + 1) for k in range(n)], [0]]
    assert len(naive.box_cells(weights, biases)) == sum(comb(n, i) for i in range(d + 1))


def test_central_hyperplanes_in_general_position_make_schlaeflis_count():
    weights = [[[1, k, k * k] for k in range(5)], [[1] * 5]]
    assert len(naive.box_cells(weights, [[0] * 5, [0]])) == 2 * sum(comb(4, i) for i in range(3))


def test_xor_with_two_neurons_has_three_stripes():
    cells = naive.plane_cells(*XOR, [(0, 0), (1, 0), (1, 1), (0, 1)])
    assert [pattern for _, pattern, _ in cells] == [(True, True), (True, False)]
    assert len(naive.box_cells(*XOR)) == 3
    for x, y in (((0, 0), 0), ((0, 1), 1), ((1, 0), 1), ((1, 1), 0)):
        assert forward(*XOR, x, 0)[0] == [y]


def test_the_identity_has_one_cell_and_no_states():
    net = random_network((2, 3, 2, 1), 0)
    assert naive.box_cells(*net, slope=1) == [()]
    cells = naive.plane_cells(*net, SQUARE, slope=1)
    assert [pattern for _, pattern, _ in cells] == [()]
    assert apply(*cells[0][2], (Fraction(1, 3), 2)) == forward(*net, (Fraction(1, 3), 2), 1)[0]


def test_merging_goes_by_sides_and_not_by_corners():
    # relu(x) + relu(y) - relu(x) - relu(y) is zero on all four quadrants.
    weights, biases = [[[1, 0], [0, 1], [1, 0], [0, 1]], [[1, 1, -1, -1]]], [[0] * 4, [0]]
    cells = naive.plane_cells(weights, biases, SQUARE)
    assert (len(cells), naive.plane_pieces(cells)) == (4, 1)
    assert naive.box_pieces(weights, biases) == 1
    # |x| + |y| - |x + y| is zero on two opposite quadrants, which meet in the origin only.
    weights = [[[1, 0], [-1, 0], [0, 1], [0, -1], [1, 1], [-1, -1]], [[1, 1, 1, 1, -1, -1]]]
    biases = [[0] * 6, [0]]
    cells = naive.plane_cells(weights, biases, SQUARE)
    assert (len(cells), naive.plane_pieces(cells)) == (6, 6)
    assert naive.box_pieces(weights, biases) == 6


@pytest.mark.parametrize("slope", [0, Fraction(1, 4), 2])
@pytest.mark.parametrize("widths", [(1, 3, 1), (1, 2, 3, 2), (1, 1, 1, 1, 1), (1, 2, 2, 2, 1)])
def test_on_a_line_intervals_polyhedra_and_the_network_agree(widths, slope):
    for seed in range(12):
        net = random_network(widths, seed)
        for low, high in ((None, None), (-2, 1)):
            intervals = naive.line_intervals(*net, low, high, slope)
            patterns = [interval[2] for interval in intervals]
            bounds = (None, None) if low is None else ([low], [high])
            assert set(naive.box_cells(*net, *bounds, slope)) == set(patterns)
            assert naive.line_pieces(intervals) == naive.box_pieces(*net, *bounds, slope)
            for start, end, pattern, *output in intervals:
                x = inside(start, end)
                assert forward(*net, [x], slope) == (apply(*output, [x]), pattern)


def inside(start, end):
    if start is None or end is None:
        return (0 if start is end else end - 1 if start is None else start + 1) + Fraction(1, 97)
    return (start + end) / 2


@pytest.mark.parametrize("slope", [0, Fraction(1, 4)])
@pytest.mark.parametrize("widths", [(2, 3, 1), (2, 2, 2, 1), (2, 3, 2, 2)])
def test_in_the_plane_polygons_polyhedra_and_the_network_agree(widths, slope):
    for seed in range(8):
        net = random_network(widths, seed)
        cells = naive.plane_cells(*net, SQUARE, slope)
        patterns = naive.box_cells(*net, [-1, -1], [1, 1], slope)
        assert sorted(patterns) == sorted(pattern for _, pattern, _ in cells)
        assert len(set(patterns)) == len(patterns)
        assert naive.plane_pieces(cells) == naive.box_pieces(*net, [-1, -1], [1, 1], slope)
        assert sum(naive.area(corners) for corners, _, _ in cells) == 4
        for corners, pattern, output in cells:
            assert naive.area(corners) > 0
            middle = [sum(c[i] for c in corners) / len(corners) for i in (0, 1)]
            assert forward(*net, middle, slope) == (apply(*output, middle), pattern)


def test_a_segment_of_the_plane_is_cut_as_a_line_is():
    """A network of two inputs that sees only the first has strips for cells."""
    for seed in range(6):
        weights, biases = random_network((1, 3, 2, 1), seed)
        wide = [[[row[0], 0] for row in weights[0]], *weights[1:]]
        cells = naive.plane_cells(wide, biases, SQUARE)
        intervals = naive.line_intervals(weights, biases, -1, 1)
        assert {cell[1] for cell in cells} == {interval[2] for interval in intervals}
        assert naive.plane_pieces(cells) == naive.line_pieces(intervals)


def test_floats_are_taken_as_what_they_are():
    intervals = naive.line_intervals([[[1.0]], [[1.0]]], [[-0.1], [0.0]])
    assert intervals[0][1] == Fraction(0.1) != Fraction(1, 10)
