"""Where an output of a network has some value in the plane: decision boundaries as polylines.

On a cell the output is affine, so the points above the level are a half of it, and its border with
the rest runs straight from one edge to another. On which side each vertex lies is decided exactly;
what isn't above counts as below. So the lines are the border of {f > level} within the domain.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from npnets.protocol import check_count

if TYPE_CHECKING:
    from npnets.regions.plane import Cells


def level_set(
    cells: Cells, level: float = 0.0, output: int = 0, *, minus: int | None = None
) -> list[np.ndarray]:
    """The border of the set on which an output, or a difference of two, is above a level.

    Parameters
    ----------
    cells : complete ones
    level : finite
    output, minus : which of the outputs, counted from 0; with ``minus``, output less that one

    Returns
    -------
    lines : (k, 2) points each, in the plane's coordinates, in order, with what is above on their
        left. They begin and end on the domain's border, or end where they began. A valley that
        touches the level without going below has a line on each side; single points have none.

    Raises
    ------
    ValueError
        If an argument breaks its rule, or the cells aren't complete.

    >>> from npnets.network import Network
    >>> from npnets.regions.plane import cells
    >>> net = Network([[[1.0, 0.0], [0.0, 1.0]], [[1.0, 1.0]]], [[0.0, 0.0], [-1.0]])
    >>> [line.tolist() for line in level_set(cells(net, -2, 2))]  # max(0, x) + max(0, y) > 1
    [[[-2.0, 1.0], [0.0, 1.0], [1.0, 0.0], [1.0, -2.0]]]
    """
    outputs = cells.maps.shape[1]
    check_count("output", output, 0, outputs - 1)
    if minus is not None:
        check_count("minus", minus, 0, outputs - 1)
    if not np.isfinite(level):
        raise ValueError(f"level must be a finite number, got {level}")
    if not cells.complete:
        raise ValueError("cells must be complete to have level sets: max_cells was met")
    values = _values(cells, float(level), output, minus)
    u, v = cells.edges.T
    crossed = np.flatnonzero((values[u] > 0) != (values[v] > 0))
    u, v = u[crossed], v[crossed]
    steps = values[u] / (values[u] - values[v])
    start, end = cells.vertices[u], cells.vertices[v]
    points = np.where((values[v] == 0)[:, None], end, start + steps[:, None] * (end - start))
    return [line for line in _chains(cells, crossed, values[u] > 0, points) if len(line) > 1]


def _values(cells: Cells, level: float, output: int, minus: int | None) -> np.ndarray:
    """(V,) the output above the level at each vertex, with the right sign."""
    maps = cells.maps[:, output] - (cells.maps[:, minus] if minus is not None else 0.0)
    errors = cells.map_errors * (1.0 if minus is None else 2.0)
    cell = np.empty(len(cells.vertices), np.int64)
    cell[cells.cell_vertices] = np.repeat(np.arange(len(maps)), np.diff(cells.cell_offsets))
    a, b, c = maps[cell].T
    x, y = cells.vertices.T
    values = a * x + b * y + c - level
    size = abs(a * x) + abs(b * y) + abs(c) + abs(level)
    bound = errors[0] * abs(x) + errors[1] * abs(y) + errors[2] + 2.0**-50 * size + 2.0**-1000
    bound += (abs(a) + abs(b) + errors[0] + errors[1]) * cells.vertex_errors
    for vertex in np.flatnonzero(~(abs(values) > 1.0001 * bound)).tolist():
        values[vertex] = _exact_value(cells, vertex, level, output, minus)
    return values


def _exact_value(cells: Cells, vertex: int, level: float, output: int, minus: int | None) -> float:
    from npnets.regions.plane_exact import nearest

    z = cells.exact.preactivations(vertex, cells.exact.exact.net.depth).fractions()
    value = z[output] - (z[minus] if minus is not None else 0) - Fraction(level)
    return nearest(value.numerator, value.denominator)


def _chains(
    cells: Cells, crossed: np.ndarray, falls: np.ndarray, points: np.ndarray
) -> list[np.ndarray]:
    """Join the points on crossed edges, cell by cell; ``falls`` where the first end is above.

    With what is above on the left, a line comes into a cell over the edge on which the way
    counterclockwise around it falls, and leaves it where that rises.
    """
    left, right = cells.edge_cells[crossed].T
    into, out_of = np.where(falls, left, right), np.where(falls, right, left)
    following = {cell: k for k, cell in enumerate(out_of.tolist()) if cell >= 0}
    ahead = [following.get(cell, -1) for cell in into.tolist()]
    starts = np.flatnonzero(out_of < 0).tolist()
    waiting, chains = np.ones(len(crossed), bool), []
    for first in [*starts, *range(len(crossed))]:
        k, chain = first, []
        while k >= 0 and waiting[k]:
            waiting[k] = False
            chain.append(k)
            k = ahead[k]
        if chain:
            line = points[[*chain, first] if k == first else chain]
            moves = np.ones(len(line), bool)
            moves[1:] = (line[1:] != line[:-1]).any(axis=1)
            chains.append(line[moves])
    return chains
