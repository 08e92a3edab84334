"""Cut the edges of a plane's cells where a layer's neurons cross them.

On an edge from u to v every preactivation of the layer is affine, so neuron i is zero at

    p = u + t (v - u),      t = z_i(u) / (z_i(u) - z_i(v))

and, where z_i(u) and z_i(v) are known to within E_u and E_v, t is known to within

    (E_u |z_i(v)| + E_v |z_i(u)|) / (d (d - E_u - E_v)),      d = |z_i(u)| + |z_i(v)|

by monotony of t in either value, whose signs are certain. Each edge is cut once, so that the cells
on its two sides share the new vertices. Two neurons whose t are too near to tell which is first are
left to the caller's judgement.

The vertex p lies on two lines, the edge's and the neuron's, and what is left there of their
equations bounds its error much better than those of u, v and t do.
"""

from __future__ import annotations

from collections import namedtuple

from npnets_kernels.bits import WORD, lowest, without_lowest
from npnets_kernels.compiled import kernel
from npnets_kernels.plane_crossings import crossing
from npnets_kernels.plane_forms import ROUNDING, TINY, error_of_value, kept_place
from npnets_kernels.pointers import inlined, pointers
from npnets_kernels.simd import offset, pointer

#: A step whose slack is not less is left to exact judgement.
LOOSE = 2.0**-12

#: Where edges are cut. The cuts of an edge are those from firsts[edge] to lasts[edge], in the order
#: from its first end; both are -1 as long as it isn't looked at. Cut c is by neurons[c] at
#: vertices[c]; several are at one vertex if they meet there.
Cuts = namedtuple("Cuts", "firsts lasts neurons vertices")
#: New vertices: their positions and errors, and that each is parents[0] + step (parents[1] -
#: parents[0]), where the neuron is zero; the step is known to within the slack.
Found = namedtuple("Found", "vertices parents neurons steps slacks")
#: What the caller decided exactly about one edge: its neurons in order, their steps, correctly
#: rounded, and ranks, of which those who meet share one.
Order = namedtuple("Order", "neurons steps ranks")
#: Counts of vertices and of words of neurons, and of the order's neurons.
Sizes = namedtuple("Sizes", "vertices words judged")
#: The line on which each edge (E,) lies; of lines (…, 3) the forms that are zero on them; bounds on
#: the forms' errors, a row for each side of the polygon, then for each layer, and which of these
#: rows is each line's (…,).
Lines = namedtuple("Lines", "of_edges forms errors error_rows")
#: Places of ``progress``.
CELL, CUTS, MADE = range(3)


@inlined
def step_between(a, b, error_a, error_b):
    """Where a quantity that is a at one end and b, of the other sign, is zero; and the slack."""
    a, b = abs(a), abs(b)
    apart = a + b
    if not error_a + error_b < 0.5 * apart:
        return 0.5, 1.0
    from_a, from_b = error_a / apart, error_b / apart
    slack = (from_a * (b / apart) + from_b * (a / apart)) / (1.0 - from_a - from_b)
    return a / apart, min(1.0, 1.0001 * slack + 4.0 * ROUNDING)


@inlined
def value_at(form, point, vertices, kept):
    """A kept form at a vertex, and the bound on its error."""
    f0, f1, f2 = kept.forms[3 * form], kept.forms[3 * form + 1], kept.forms[3 * form + 2]
    s, t = vertices.positions[2 * point], vertices.positions[2 * point + 1]
    error = error_of_value(f0, f1, f2, kept.errors, s, t, vertices.errors[point])
    return s * f0 + t * f1 + f2, error


@inlined
def place_vertex(k, u, v, vertices, line, line_errors, other, other_errors, found):
    """Write vertex k found, by its step, and its error.

    Lines are the addresses of three coefficients, and of the bounds on their errors.
    """
    step, slack, size, apart = found.steps[k], found.slacks[k], 0.0, 0.0
    found.parents[2 * k], found.parents[2 * k + 1] = u, v
    for axis in range(2):
        a, b = vertices.positions[2 * u + axis], vertices.positions[2 * v + axis]
        found.vertices.positions[2 * k + axis] = a + step * (b - a)
        apart, size = max(apart, abs(b - a)), max(size, abs(a), abs(b))
    error = max(vertices.errors[u], vertices.errors[v])
    error += slack * (apart + 2.0 * error) + 4.0 * ROUNDING * (apart + size)
    s, t = found.vertices.positions[2 * k], found.vertices.positions[2 * k + 1]
    error = min(1.0001 * error + TINY, distance(s, t, line, line_errors, other, other_errors))
    found.vertices.errors[k] = error


@inlined
def distance(s, t, line, line_errors, other, other_errors):
    """A bound on either coordinate's distance of a point from where two lines meet.

    Every product and every quotient may lose less than TINY by underflow; what overflows becomes
    an infinite bound, or none.
    """
    a0, a1, b0, b1 = line[0], line[1], other[0], other[1]
    error_a = error_of_value(a0, a1, line[2], line_errors, s, t, 0.0)
    error_b = error_of_value(b0, b1, other[2], other_errors, s, t, 0.0)
    rest_a = abs(s * a0 + t * a1 + line[2]) + error_a
    rest_b = abs(s * b0 + t * b1 + other[2]) + error_b
    a0_most, a1_most = abs(a0) + line_errors[0], abs(a1) + line_errors[1]
    b0_most, b1_most = abs(b0) + other_errors[0], abs(b1) + other_errors[1]
    # the determinant's error, with those of its products
    error = a0_most * other_errors[1] + b1_most * line_errors[0]
    error += a1_most * other_errors[0] + b0_most * line_errors[1]
    error += 4.0 * ROUNDING * (a0_most * b1_most + a1_most * b0_most)
    least = abs(a0 * b1 - a1 * b0) - 1.0001 * error - TINY
    if not least > 0.0:
        return 1e300
    most = max(b1_most * rest_a + a1_most * rest_b, b0_most * rest_a + a0_most * rest_b)
    return 1.0001 * (most + TINY) / least + TINY


@kernel
def cut_edges(progress, vertices, cells, lines, signs, crossed, kept, cuts, found, order):
    """Cut the edges of the cells from progress[CELL] on, until one needs judgement.

    Parameters
    ----------
    progress : int64 (3,)
        The cell, and how many cuts and new vertices there are; advanced.
    vertices, cells, lines, signs, crossed, kept
        As they are before the cut. Where no neuron crosses a cell, none crosses its edges.
    cuts, found : Cuts, Found
        Written from where ``progress`` is.
    order : Order
        For the edge that needed judgement; empty if none did.

    Returns
    -------
    edge : int
        The edge that needs judgement, or -1.
    """
    n_cells = len(cells.offsets) - 1
    size = Sizes(len(signs.positive), signs.positive.shape[1], len(order.ranks))
    vertices, cells, lines = pointers(vertices), pointers(cells), pointers(lines)
    signs, kept, cuts = pointers(signs), pointers(kept), pointers(cuts)
    found, order, progress = pointers(found), pointers(order), pointer(progress)
    crossed = pointers(crossed)
    judged = size.judged > 0
    while progress[CELL] < n_cells:
        cell = progress[CELL]
        stop = cells.offsets[cell + 1] if crossed.counts[cell] > 0 else cells.offsets[cell]
        for k in range(cells.offsets[cell], stop):
            edge = cells.corner_edges[k]
            if cuts.firsts[edge] >= 0:
                continue
            u, v = cells.edges[2 * edge], cells.edges[2 * edge + 1]
            count = sort_cuts(u, v, cell, progress[MADE], vertices, signs, kept, found, size)
            made = count
            if judged and count > 0:
                made = take_order(progress, cuts, found, order, size)
                judged = False
            elif is_ordered(found, progress[MADE], count):
                take_cuts(count, progress, cuts, found, size)
            else:
                return edge
            for new in range(progress[MADE], progress[MADE] + made):
                line, of_line = line_of(edge, lines)
                form = kept_place(cell, found.neurons[new], kept, size.words)
                other = offset(kept.forms, 3 * form)
                place_vertex(new, u, v, vertices, line, of_line, other, kept.errors, found)
            cuts.firsts[edge], cuts.lasts[edge] = progress[CUTS], progress[CUTS] + count
            progress[CUTS], progress[MADE] = progress[CUTS] + count, progress[MADE] + made
        progress[CELL] = cell + 1
    return -1


@inlined
def line_of(edge, lines):
    """The address of the form that is zero on an edge, and of the bounds on its errors."""
    line = lines.of_edges[edge]
    return offset(lines.forms, 3 * line), offset(lines.errors, 3 * lines.error_rows[line])


@inlined
def sort_cuts(u, v, cell, made, vertices, signs, kept, found, size):
    """Write the zeros between two vertices of a cell in order, as new vertices; how many."""
    count = 0
    for w in range(size.words):
        word = crossing(u, v, w, signs, size.words)
        while word:
            i = w * WORD + lowest(word)
            word = without_lowest(word)
            form = kept_place(cell, i, kept, size.words)
            a, error_a = value_at(form, u, vertices, kept)
            b, error_b = value_at(form, v, vertices, kept)
            step, slack = step_between(a, b, error_a, error_b)
            k = made + count
            while k > made and found.steps[k - 1] > step:
                found.steps[k], found.slacks[k] = found.steps[k - 1], found.slacks[k - 1]
                found.neurons[k] = found.neurons[k - 1]
                k -= 1
            found.steps[k], found.slacks[k], found.neurons[k] = step, slack, i
            count += 1
    return count


@inlined
def is_ordered(found, first, count):
    """Whether the steps are known well, and the slacks leave no doubt about their order."""
    for k in range(first, first + count):
        if not found.slacks[k] < LOOSE:
            return False
        if k > first:
            apart = found.steps[k] - found.steps[k - 1]
            if not apart > found.slacks[k] + found.slacks[k - 1]:
                return False
    return True


@inlined
def take_cuts(count, progress, cuts, found, size):
    """Write an edge's cuts, each at a vertex of its own."""
    for k in range(count):
        cuts.neurons[progress[CUTS] + k] = found.neurons[progress[MADE] + k]
        cuts.vertices[progress[CUTS] + k] = size.vertices + progress[MADE] + k


@inlined
def take_order(progress, cuts, found, order, size):
    """Write an edge's cuts and vertices as the caller has ordered them; how many vertices."""
    first, made = progress[MADE], 0
    for k in range(size.judged):
        if k == 0 or order.ranks[k] > order.ranks[k - 1]:
            found.steps[first + made], found.slacks[first + made] = order.steps[k], 4.0 * ROUNDING
            found.neurons[first + made] = order.neurons[k]
            made += 1
        cuts.neurons[progress[CUTS] + k] = order.neurons[k]
        cuts.vertices[progress[CUTS] + k] = size.vertices + first + made - 1
    return made


@kernel
def split_edges(cuts, n_vertices, edges, lines):
    """Have the edges end where they are cut, and write the parts beyond.

    Parameters
    ----------
    cuts : Cuts
    n_vertices : int
        How many vertices there were before the cut.
    edges, lines : int32 (E, 2), int32 (E,)
        The part of edge e before its first cut keeps the number e; the one that begins at vertex
        n_vertices + k has the number k more than there were edges. ``lines`` are theirs.
    """
    n_old = len(cuts.firsts)
    cuts, edges, lines = pointers(cuts), pointer(edges), pointer(lines)
    for e in range(n_old):
        end, part, last = edges[2 * e + 1], e, -1
        for c in range(cuts.firsts[e], cuts.lasts[e]):
            vertex = cuts.vertices[c]
            if vertex != last:
                edges[2 * part + 1] = vertex
                part = n_old + vertex - n_vertices
                edges[2 * part], lines[part] = vertex, lines[e]
                last = vertex
        edges[2 * part + 1] = end
