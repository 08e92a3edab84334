"""An oracle of linear regions, written from the definitions: rational numbers and plain loops.

It imports nothing of npnets and no arrays, so that a mistake would have to be made twice. A network
is ``weights[l][i][j]`` and ``biases[l][i]`` as in naive.py, its hidden activation z for z > 0 and
slope·z elsewhere; slope 1 is the identity, whose neurons have no states. Numbers may be ints,
floats or Fractions; results are Fractions. A pattern is a tuple of bools, neurons in layer order;
a map is the output's (gradient rows, constants).

Cells are cut neuron by neuron. A neuron that is zero on a whole cell is inactive there, and one
whose zeros only touch a cell's boundary cuts nothing. Three ways to cut, which share the sums only:
intervals by their ends, convex polygons by their corners, open polyhedra in any dimension by
their inequalities, whose strict solvability Fourier and Motzkin decide.
"""

import math
from fractions import Fraction
from itertools import pairwise


def exact(value):
    """The number that an int, a float or a Fraction is."""
    return Fraction(*value.as_integer_ratio())


def bound(value):
    """A domain's bound, None where there is none."""
    return None if value is None or abs(value) == math.inf else exact(value)


def dot(a, b):
    return sum((x * y for x, y in zip(a, b, strict=True)), Fraction(0))


def affine(weights, biases, rows):
    """W a + b, of affine functions a given as rows (gradient…, constant)."""
    found = []
    for weight, bias in zip(weights, biases, strict=True):
        row = [Fraction(0)] * len(rows[0])
        for w, other in zip(weight, rows, strict=True):
            row = [r + exact(w) * o for r, o in zip(row, other, strict=True)]
        row[-1] += exact(bias)
        found.append(row)
    return found


def enumerate_cells(weights, biases, slope, domain, cut):
    """All cells of the domain, as (set, pattern, rows of the output).

    ``cut(set, row)`` gives the parts of a set on which the affine function is positive and on which
    it is not, None for a part without interior.
    """
    d_in, slope = len(weights[0][0]), exact(slope)
    rows = [[Fraction(int(i == j)) for j in range(d_in + 1)] for i in range(d_in)]
    cells = [(domain, (), rows)]
    for layer in range(len(weights) - 1):
        found = []
        for region, before, inputs in cells:
            parts = [(region, (), [])]
            for z in affine(weights[layer], biases[layer], inputs):
                if slope == 1:
                    parts = [(part, (), [*rows, z]) for part, _, rows in parts]
                    continue
                halves = []
                for part, states, rows in parts:
                    positive, rest = cut(part, z)
                    if positive is not None:
                        halves.append((positive, (*states, True), [*rows, z]))
                    if rest is not None:
                        below = [slope * value for value in z]
                        halves.append((rest, (*states, False), [*rows, below]))
                parts = halves
            found += [(part, before + states, rows) for part, states, rows in parts]
        cells = found
    return [(part, states, affine(weights[-1], biases[-1], rows)) for part, states, rows in cells]


def split_map(rows):
    """(gradient rows, constants)."""
    return [row[:-1] for row in rows], [row[-1] for row in rows]


def count_merged(cells, are_neighbours):
    """How many are left of cells, (set, map), if neighbours of the same map are made one."""
    names = list(range(len(cells)))
    for i in range(len(cells)):
        for j in range(i):
            (part, output), (other, other_output) = cells[i], cells[j]
            if names[i] != names[j] and output == other_output and are_neighbours(part, other):
                old, new = names[i], names[j]
                names = [new if name == old else name for name in names]
    return len(set(names))


# On a line


def line_intervals(weights, biases, low=None, high=None, slope=0):
    """(start, end, pattern, gradient rows, constants) of every cell, from left to right.

    An end without bound is None.
    """
    cells = enumerate_cells(weights, biases, slope, (bound(low), bound(high)), cut_interval)
    least = [cell for cell in cells if cell[0][0] is None]
    others = sorted((cell for cell in cells if cell[0][0] is not None), key=lambda cell: cell[0])
    return [(*ends, pattern, *split_map(rows)) for ends, pattern, rows in least + others]


def cut_interval(ends, z):
    start, end = ends
    slope, constant = z
    if slope == 0:
        return (ends, None) if constant > 0 else (None, ends)
    root = -constant / slope
    left = right = None
    if start is None or start < root:
        left = (start, root if end is None or root < end else end)
    if end is None or root < end:
        right = (root if start is None or start < root else start, end)
    return (right, left) if slope > 0 else (left, right)


def line_pieces(intervals):
    """How many affine pieces the intervals of a line form: the function's kinks + 1."""
    changes = [a[3:] != b[3:] for a, b in pairwise(intervals)]
    return 1 + sum(changes)


# In the plane


def plane_cells(weights, biases, polygon, slope=0):
    """(corners, pattern, (gradient rows, constants)) of every cell of a convex polygon.

    The corners come in the polygon's order of turning; collinear ones are kept where given.
    """
    domain = [tuple(map(exact, corner)) for corner in polygon]
    cells = enumerate_cells(weights, biases, slope, domain, cut_polygon)
    return [(corners, pattern, split_map(rows)) for corners, pattern, rows in cells]


def cut_polygon(corners, z):
    values = [z[0] * x + z[1] * y + z[2] for x, y in corners]
    if max(values) <= 0:
        return None, corners
    if min(values) >= 0:
        return corners, None
    positive, rest = [], []
    for i in range(len(corners)):
        (p, a), (q, b) = (corners[i - 1], values[i - 1]), (corners[i], values[i])
        if a * b < 0:
            t = a / (a - b)
            crossing = (p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1]))
            positive.append(crossing)
            rest.append(crossing)
        if b >= 0:
            positive.append(q)
        if b <= 0:
            rest.append(q)
    return positive, rest


def area(corners):
    """The signed area of a polygon, positive counterclockwise."""
    pairs = zip(corners[-1:] + corners[:-1], corners, strict=True)
    return sum(p[0] * q[1] - p[1] * q[0] for p, q in pairs) / 2


def plane_pieces(cells):
    """How many affine pieces the cells of a plane form."""
    return count_merged([(corners, output) for corners, _, output in cells], share_a_side)


def share_a_side(corners, others):
    """Whether two convex polygons without common interior have a segment in common."""
    return any(
        overlap(corners[i - 1], corners[i], others[j - 1], others[j])
        for i in range(len(corners))
        for j in range(len(others))
    )


def overlap(p, q, r, s):
    """Whether the segments pq and rs have more than one point in common."""
    direction = (q[0] - p[0], q[1] - p[1])
    offsets = [(point[0] - p[0], point[1] - p[1]) for point in (r, s)]
    if any(direction[0] * y - direction[1] * x != 0 for x, y in offsets):
        return False
    places = sorted(dot(direction, offset) for offset in offsets)
    return places[0] < dot(direction, direction) and places[1] > 0


# In any dimension: an open polyhedron is the set of all x with row·(x, 1) > 0 for all of its rows


def box_cells(weights, biases, low=None, high=None, slope=0):
    """The pattern of every cell of a box.

    There is a bound for every input, None where there is none; or None for no bounds at all.
    """
    return [pattern for _, pattern, _ in _box_cells(weights, biases, low, high, slope)]


def box_pieces(weights, biases, low=None, high=None, slope=0):
    """How many affine pieces the cells of a box form."""
    cells = _box_cells(weights, biases, low, high, slope)
    return count_merged([(inside, output) for inside, _, output in cells], share_a_facet)


def _box_cells(weights, biases, low, high, slope):
    d_in = len(weights[0][0])
    domain = set()
    for sign, bounds in ((1, low), (-1, high)):
        for i in range(d_in):
            limit = None if bounds is None else bound(bounds[i])
            if limit is not None:
                row = [sign * int(i == j) for j in range(d_in)]
                domain.add(whole([*row, -sign * limit]))
    if not is_solvable(domain, d_in):
        raise ValueError(f"low must be below high, got {low} and {high}")
    return enumerate_cells(weights, biases, slope, frozenset(domain), cut_polyhedron)


def cut_polyhedron(rows, z):
    if not any(z[:-1]):
        return (rows, None) if z[-1] > 0 else (None, rows)
    sides = (rows | {whole(z)}, rows | {whole([-value for value in z])})
    return tuple(side if is_solvable(side, len(z) - 1) else None for side in sides)


def whole(row):
    """The coprime whole numbers that are a row's positive multiple."""
    scale = math.lcm(*(value.denominator for value in row))
    numbers = [value.numerator * (scale // value.denominator) for value in row]
    common = math.gcd(*numbers) or 1
    return tuple(number // common for number in numbers)


def is_solvable(rows, d):
    """Whether some x, (d,), has row·(x, 1) > 0 for all rows.

    By Fourier's and Motzkin's elimination: an x_k is found, once the others are, if each of its
    lower bounds is below each upper one.
    """
    left = set(range(d))
    while all(row[-1] > 0 or any(row[:-1]) for row in rows):
        if not left:
            return True
        k = min(left, key=lambda j: sum(r[j] > 0 for r in rows) * sum(r[j] < 0 for r in rows))
        left.remove(k)
        lower = [row for row in rows if row[k] > 0]
        upper = [row for row in rows if row[k] < 0]
        rows = {row for row in rows if row[k] == 0}
        for a in lower:
            for b in upper:
                rows.add(whole([a[k] * y - b[k] * x for x, y in zip(a, b, strict=True)]))
        rows = tightest(rows)
    return False


def tightest(rows):
    """Of rows that differ in their constants only, the one with the least."""
    found = {}
    for row in rows:
        size = math.gcd(*row[:-1]) or 1
        gradient = tuple(value // size for value in row[:-1])
        constant = Fraction(row[-1], size)
        found[gradient] = min(constant, found.get(gradient, constant))
    return {whole([*gradient, constant]) for gradient, constant in found.items()}


def share_a_facet(rows, others):
    """Whether the closures of two disjoint open polyhedra meet in a set of dimension d - 1."""
    return any(
        is_solvable_on(row, (rows - {row}) | (others - {opposite}))
        for row in rows
        if (opposite := tuple(-value for value in row)) in others
    )


def is_solvable_on(plane, rows):
    """Whether some x with plane·(x, 1) = 0 has row·(x, 1) > 0 for all rows."""
    k = next(i for i, value in enumerate(plane) if value != 0)
    projected = set()
    for row in rows:
        # row·|p_k| - plane·(sign of p_k)·row_k has no x_k left, and is the row on the plane.
        sign = 1 if plane[k] > 0 else -1
        values = [abs(plane[k]) * r - sign * row[k] * p for r, p in zip(row, plane, strict=True)]
        projected.add(whole(values[:k] + values[k + 1 :]))
    return is_solvable(projected, len(plane) - 2)
