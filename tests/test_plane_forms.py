"""Forms on a plane's cells are of one computation, whenever and by whom they are found."""

from __future__ import annotations

import pytest
from npnets_kernels.plane_forms import RUN
from plane_networks import assert_same, he_net, random_net

from npnets.regions import plane_forms
from npnets.regions.plane import cells


def starts(patterns, chain):
    """The parts of one cell whose forms start from its base: each RUN-th, and after a chain."""
    found, changes = [], chain
    for part, pattern in enumerate(patterns):
        if part % RUN == 0 or changes >= chain:
            changes = chain + 1
        else:
            changes += int((pattern != patterns[part - 1]).sum())
        if changes > chain:
            found.append(part)
            changes = 0
    return found


def test_after_a_chain_of_changes_forms_start_from_the_base(monkeypatch):
    net = random_net((2, 21, 1), 0, "leaky_relu", 0.3)
    found, chain = cells(net, -1, 1), plane_forms.chain_length(21)
    monkeypatch.setattr(plane_forms, "chain_length", lambda width: 0)
    by_starts_only = cells(net, -1, 1)
    same = (found.maps == by_starts_only.maps).all(axis=(1, 2))
    begun = starts(found.patterns, chain)
    assert len(begun) > 2 * len(same) / RUN
    assert same[begun].all()
    assert not same.all()


@pytest.mark.parametrize("seed", range(10))
def test_parents_forms_are_found_again_to_the_last_bit(seed, monkeypatch):
    rooms, room_for = [], plane_forms.room_for

    def recorded(neurons, n_vertices):
        rooms.append(room_for(neurons, n_vertices))
        return rooms[-1]

    monkeypatch.setattr(plane_forms, "room_for", recorded)
    cells(random_net((2, 12, 13, 14, 1), seed, "leaky_relu", 0.3), -1, 1)
    # of each layer and then its parents, as they were left by the last cell
    assert len(rooms) == 7
    for mine, again in ((rooms[0], rooms[3]), (rooms[2], rooms[5])):
        assert mine.forms.any()
        assert mine.forms.tobytes() == again.forms.tobytes()


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize(("block", "group"), [(1, 1), (1, 1 << 27), (30_000, 1 << 27)])
def test_blocks_of_cells_change_no_byte(threads, block, group, monkeypatch):
    nets = [
        random_net((2, 9, 70, 9, 2), 1, "leaky_relu", 0.1),
        he_net((2, 20, 20, 20, 20, 1)),
        random_net((2, 6, 6, 6, 6, 1), 1, kind="signs"),
    ]
    whole = [cells(net, -1, 1) for net in nets]
    monkeypatch.setattr(plane_forms, "BLOCK_BYTES", block)
    monkeypatch.setattr(plane_forms, "GROUP_BYTES", group)
    for net, one in zip(nets, whole, strict=True):
        assert_same(one, cells(net, -1, 1, threads=threads))
