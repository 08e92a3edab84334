"""Which neurons cross which edges and cells, beside NumPy on random signs."""

from __future__ import annotations

import numpy as np
import pytest
from npnets_kernels.plane_crossings import crossings, undecided
from npnets_kernels.plane_forms import Cells, Signs

from npnets.regions.patterns import pack, word_count
from npnets.regions.plane_rooms import crossed_room


def random_signs(width, seed):
    """Signs at 40 vertices, some neurons unknown at some; three vertices have one sign only."""
    signs = np.random.default_rng(seed).choice([-1, -1, 0, 1, 1], (40, width))
    signs[0], signs[1], signs[2] = 1, -1, 1
    return signs


def random_cells(seed):
    """Rings of 3 to 7 of the vertices, and 60 edges; among the rings are some of few signs."""
    rng = np.random.default_rng(seed)
    rings = [rng.choice(40, size, replace=False) for size in rng.integers(3, 8, 30)]
    rings += [np.array([0, 2, 0]), np.array([0, 1, 2]), np.array([2, 0, 5, 1])]
    offsets = np.cumsum([0, *map(len, rings)])
    corners = np.concatenate(rings).astype(np.int32)
    edges = rng.integers(0, 40, (60, 2)).astype(np.int32)
    return rings, Cells(edges, offsets, corners, np.zeros(len(corners), np.int32))


@pytest.mark.parametrize("width", [1, 63, 64, 65, 128])
def test_a_neuron_crosses_what_has_both_of_its_signs(width):
    z, (rings, cells) = random_signs(width, width), random_cells(width)
    signs = Signs(pack(z > 0), pack(z < 0))
    crossed = crossed_room(len(rings), word_count(width))
    both = np.array([(z[ring] > 0).any(axis=0) & (z[ring] < 0).any(axis=0) for ring in rings])
    active = np.array([(z[ring] > 0).any(axis=0) & ~(z[ring] < 0).any(axis=0) for ring in rings])
    on_edges, corners, wrong = crossings(signs, cells, pack(both), crossed)
    u, v = z[cells.edges].transpose(1, 0, 2)
    assert on_edges == (u * v < 0).sum()
    counts = both.sum(axis=1)
    assert crossed.counts.tolist() == counts.tolist()
    assert corners == sum(
        len(ring) + 2 * m * (m + 1) for ring, m in zip(rings, counts, strict=True)
    )
    assert (crossed.words == pack(both)).all()
    assert (crossed.active == pack(active)).all()
    assert wrong == -1
    assert counts[-2] == counts[-1] == width  # all of them
    assert counts[-3] == 0


def test_a_cell_is_told_that_a_neuron_crosses_which_may_not():
    z, (rings, cells) = random_signs(70, 0), random_cells(0)
    kept = np.ones((len(rings), 70), bool)
    kept[-2, 66] = False
    crossed = crossed_room(len(rings), 2)
    wrong = crossings(Signs(pack(z > 0), pack(z < 0)), cells, pack(kept), crossed)[2]
    assert wrong == len(rings) - 2


def test_vertices_are_told_that_have_an_unknown_sign():
    z, found = random_signs(65, 1), np.empty(40, np.int64)
    z[3:7] = 1
    z[5, 64] = 0
    count = undecided(Signs(pack(z > 0), pack(z < 0)), 65, found)
    assert found[:count].tolist() == np.nonzero((z == 0).any(axis=1))[0].tolist()
