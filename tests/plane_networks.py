"""Networks whose cells in the plane are tested, and how their cells are compared."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import naive_regions as naive
import numpy as np
import pytest
from networks import as_lists, he_network

from npnets.network import Network
from npnets.regions.plane import cells

SQUARE = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
SLOPES = {"relu": 0.0, "identity": 1.0}
#: What is found of cells.
FIELDS = ("vertices", "vertex_errors", "edges", "edge_neurons", "edge_cells", "cell_offsets")
FIELDS += ("cell_vertices", "words", "maps", "areas")
#: The networks of the benchmarks.
he_net = partial(he_network, dtype=np.float32)


def random_net(widths, seed, activation="relu", slope=0.01, kind="normal"):
    rng = np.random.default_rng(seed)
    draw = {
        "normal": rng.standard_normal,
        "signs": lambda shape: rng.integers(-1, 2, shape).astype(float),
        "integers": lambda shape: rng.integers(-2, 3, shape).astype(float),
        "quarters": lambda shape: rng.integers(-3, 4, shape) / 4,
    }[kind]
    pairs = list(pairwise(widths))
    return Network(
        [draw((b, a)) for a, b in pairs], [draw((b,)) for _, b in pairs], activation, slope
    )


def one_layer(weights, biases):
    """The arrangement of the lines weights x + biases = 0."""
    weights = np.asarray(weights, dtype=float)
    return Network([weights, np.ones((1, len(weights)))], [np.asarray(biases, float), [0.0]])


def patterns(found):
    return [tuple(map(bool, row)) for row in found.patterns]


def assert_like_rational_arithmetic(net, polygon=SQUARE):
    """The same patterns, areas, maps and affine pieces; and the proof holds."""
    found = cells(net, polygon=polygon, certify=True)
    slope = SLOPES.get(net.activation, net.slope)
    wanted = naive.plane_cells(*as_lists(net), polygon, slope)
    by_pattern = {pattern: (ring, maps) for ring, pattern, maps in wanted}
    assert sorted(patterns(found)) == sorted(by_pattern)
    for k, pattern in enumerate(patterns(found)):
        ring, (gradients, constants) = by_pattern[pattern]
        assert found.areas[k] == pytest.approx(
            float(naive.area(ring)), rel=1e-9, abs=area_error(found, k)
        )
        exact = [[*g, c] for g, c in zip(gradients, constants, strict=True)]
        np.testing.assert_allclose(found.maps[k], np.array(exact, float), rtol=1e-12, atol=1e-12)
    assert found.counts.activation_patterns == len(wanted)
    assert found.counts.affine_pieces == naive.plane_pieces(wanted)
    return found


def area_error(found, k):
    """How far a cell's area may be from the exact one if its corners are within their errors."""
    corners = found.cell_vertices[found.cell_offsets[k] : found.cell_offsets[k + 1]]
    ring, error = found.vertices[corners], found.vertex_errors[corners].max()
    return error * np.abs(ring - np.roll(ring, 1, axis=0)).sum() + len(ring) * error**2


def as_set(found, order=None):
    bits = found.patterns if order is None else found.patterns[:, order]
    return {
        (tuple(row), round(area, 9)) for row, area in zip(bits.tolist(), found.areas, strict=True)
    }


def assert_same(one, two):
    """Two results are the same to the last byte."""
    for name in FIELDS:
        assert getattr(one, name).tobytes() == getattr(two, name).tobytes(), name
    assert (one.decisions, one.fallbacks) == (two.decisions, two.fallbacks)
