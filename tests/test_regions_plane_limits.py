"""How much is found of a plane's cells, in how much memory, and what is told of meanwhile."""

from __future__ import annotations

import copy
import gc
import pickle
import sys
import tracemalloc
import weakref
from math import comb

import numpy as np
import pytest
from plane_networks import as_set, assert_same, he_net, one_layer, random_net

from npnets.backends.threads import in_threads
from npnets.network import Network
from npnets.regions import plane_cutting, plane_exact, plane_rooms
from npnets.regions.level_sets import level_set
from npnets.regions.plane import cells


def test_a_budget_stops_before_the_layer_that_would_pass_it():
    net = he_net((2, 20, 20, 20, 1))
    whole = cells(net, -1, 1)
    first = cells(Network((net.weights[0], np.ones((1, 20))), (net.biases[0], [0.0])), -1, 1)
    found = cells(net, -1, 1, max_cells=len(first.areas), certify=True)
    assert not found.complete
    assert found.layers == 1
    assert as_set(found) == as_set(first)
    assert np.isnan(found.maps).all()
    assert found.counts == (len(first.areas), None, None)
    with pytest.raises(ValueError, match="must be complete"):
        level_set(found)
    assert cells(net, -1, 1, max_cells=len(whole.areas)).complete
    assert not cells(net, -1, 1, max_cells=len(whole.areas) - 1, threads=2).complete
    central = one_layer(np.stack([np.cos(np.arange(9)), np.sin(np.arange(9))], axis=1), np.zeros(9))
    assert cells(central, -1, 1, max_cells=18).complete
    assert not cells(central, -1, 1, max_cells=17).complete
    one = cells(net, -1, 1, max_cells=1)
    assert (len(one.areas), one.layers, one.words.shape) == (1, 0, (1, 0))


@pytest.mark.parametrize("threads", [1, 2])
def test_how_cells_are_shared_out_changes_no_byte(threads, monkeypatch):
    nets = he_net((2, 40, 40, 1)), random_net((2, 9, 9, 1), 1, kind="signs")
    whole = [cells(net, -1, 1) for net in nets]
    monkeypatch.setattr(plane_rooms, "THREAD_CORNERS", 1)
    monkeypatch.setattr(plane_rooms, "CHUNK_CORNERS", 500)
    for net, one in zip(nets, whole, strict=True):
        assert_same(one, cells(net, -1, 1, threads=threads))


def random_lines(n):
    rng = np.random.default_rng(n)
    angles = rng.uniform(0, np.pi, n)
    lines = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return one_layer(lines, rng.uniform(-0.5, 0.5, n))


def test_a_budget_bounds_the_memory_and_not_only_the_cells():
    cells(random_lines(3), -1, 1)  # compiled
    tracemalloc.start()
    found = cells(random_lines(2000), -1, 1, max_cells=100)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (len(found.areas), found.layers) == (1, 0)
    assert peak < 10e6  # the chords of 2000 lines would cross in tables of 264 MB


def test_a_budget_is_met_exactly_where_many_chords_meet():
    # three lines through every point of a lattice: 128 cells, and far more places to cross
    lines = np.repeat([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], 15, axis=0)
    net = one_layer(lines, np.tile(np.arange(-7, 8) / 4, 3))
    whole = cells(net, -1, 1)
    assert_same(whole, cells(net, -1, 1, max_cells=len(whole.areas)))
    assert not cells(net, -1, 1, max_cells=len(whole.areas) - 1).complete


def test_more_chords_than_tables_can_hold_are_refused():
    one = plane_rooms.Chunk(0, 1, 4, 40_000, 4, 40_000, 40_000 * 39_999 // 2)
    with pytest.raises(OverflowError, match=r"40000 neurons .* 105,605,280,066 bytes; max_cells"):
        one.room(40_000, 1 << 31)
    assert one.room(40_000, 100).keys.shape == (100, 100)


@pytest.mark.parametrize(
    ("threads", "least", "most", "share"),
    [(1, 50, 200, 200), (1, 50, 10**6, 11_159), (3, 50, 10**6, 1860), (3, 3000, 10**6, 3000)],
)
def test_chunks_hold_every_cell_once_and_count_what_it_may_give(
    threads, least, most, share, monkeypatch
):
    monkeypatch.setattr(plane_rooms, "THREAD_CORNERS", least)
    monkeypatch.setattr(plane_rooms, "CHUNK_CORNERS", most)
    rng = np.random.default_rng(1)
    k, m = rng.integers(3, 9, 100), rng.integers(0, 12, 100).astype(np.int32)
    total = int((k + 2 * m + 2 * m * m).sum())
    assert total == 11_159
    chunks = plane_rooms.chunks_of(np.concatenate([[0], np.cumsum(k)]), m, total, threads)
    assert [chunk.start for chunk in chunks] == [0, *(chunk.stop for chunk in chunks[:-1])]
    assert chunks[-1].stop == 100
    for chunk in chunks:
        corners, neurons = k[chunk.start : chunk.stop], m[chunk.start : chunk.stop].tolist()
        assert chunk.most_corners == max(corners)
        assert chunk.most_neurons == max(neurons)
        assert chunk.corners == sum(corners)
        assert chunk.chords == sum(neurons)
        assert chunk.crossings == sum(comb(count, 2) for count in neurons)
        bounds = [k + 2 * m + 2 * m * m for k, m in zip(corners, neurons, strict=True)]
        assert sum(bounds[:-1]) < share
        assert sum(bounds) >= share or chunk is chunks[-1]


def test_what_memory_cannot_hold_is_refused(monkeypatch):
    def no_room(self, width, most):
        raise MemoryError("unable to allocate 9 TiB")

    monkeypatch.setattr(plane_rooms.Chunk, "pieces", no_room)
    with pytest.raises(OverflowError, match=r"max_cells must be given: 0 layers .* 20 .* 9 TiB"):
        cells(he_net((2, 20, 1)), -1, 1)


def test_exact_positions_are_the_same_where_few_are_kept(monkeypatch):
    net = random_net((2, 9, 9, 1), 1, kind="integers")
    one, few = cells(net, -1, 1), cells(net, -1, 1)
    wanted = [one.exact.position(vertex) for vertex in range(len(one.vertices))]
    monkeypatch.setattr(plane_exact, "POSITIONS", 5)
    monkeypatch.setattr(plane_exact, "PREACTIVATIONS", 5)
    assert [few.exact.position(vertex) for vertex in range(len(few.vertices))] == wanted
    assert len(few.exact._positions) < len(one.exact._positions) / 2
    assert len(few.exact._preactivations) <= 5 < len(one.exact._preactivations)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda found: pickle.loads(pickle.dumps(found))])
def test_cells_can_be_copied_with_all_that_they_know(copied):
    found = cells(he_net((2, 9, 9, 1)), -1, 1)
    again = copied(found)
    assert_same(found, again)
    assert again.counts == found.counts
    assert again.exact.position(20) == found.exact.position(20)


def test_exact_positions_are_the_same_whichever_thread_asks(monkeypatch):
    net = random_net((2, 9, 9, 1), 1, kind="integers")
    one, shared = cells(net, -1, 1), cells(net, -1, 1)
    vertices = range(len(one.vertices))
    wanted = [one.exact.position(vertex) for vertex in vertices]
    monkeypatch.setattr(plane_exact, "POSITIONS", 5)
    monkeypatch.setattr(plane_exact, "PREACTIVATIONS", 5)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for found in in_threads(lambda _: list(map(shared.exact.position, vertices)), range(4), 4):
            assert found == wanted
    finally:
        sys.setswitchinterval(interval)


@pytest.mark.parametrize("certify", [False, True])
def test_cells_that_nobody_needs_are_freed_at_once(certify):
    found = cells(he_net((2, 9, 9, 1)), -1, 1, certify=certify)
    exact, vertices = weakref.ref(found.exact), weakref.ref(found.vertices)
    gc.disable()
    try:
        del found
        assert exact() is None
        assert vertices() is None
    finally:
        gc.enable()


def test_progress_is_told_of_and_can_end_the_search(monkeypatch):
    monkeypatch.setattr(plane_rooms, "CHUNK_CORNERS", 500)
    net, told = he_net((2, 20, 20, 1)), []
    found = cells(net, -1, 1, progress=told.append)
    assert len(told) > 4
    assert told == sorted(set(told))
    assert told[-1] == len(found.areas)

    def stop(count):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cells(net, -1, 1, progress=stop)


@pytest.mark.parametrize("seed", range(20))
def test_signs_that_contradict_each_other_are_refused_and_write_nothing(seed, monkeypatch):
    rng, sweep = np.random.default_rng(seed), plane_cutting.sweep

    def wrong_sweep(*arguments):
        swept = sweep(*arguments)
        for vertex in rng.choice(len(swept.signs.positive), 4, replace=False):
            bits = swept.kept.words[0] & rng.integers(0, 1 << 62, 1).astype(np.uint64)
            for words in swept.signs:
                words[vertex] ^= bits  # one of both: a sign is decided
        return swept

    monkeypatch.setattr(plane_cutting, "sweep", wrong_sweep)
    angles = 2 * np.pi * np.arange(12) / 12
    polygon = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    with pytest.raises(RuntimeError, match="signs of layer 1 around cell 0 contradict each other"):
        cells(he_net((2, 40, 1), seed), polygon=polygon)


def test_a_neuron_that_crosses_where_none_was_said_to_is_refused(monkeypatch):
    sweep = plane_cutting.sweep

    def forgetful(*arguments):
        swept = sweep(*arguments)
        swept.kept.words[0] &= swept.kept.words[0] - np.uint64(1)  # the first of them
        return swept

    monkeypatch.setattr(plane_cutting, "sweep", forgetful)
    with pytest.raises(RuntimeError, match="signs of layer 1 around cell 0 contradict each other"):
        cells(he_net((2, 20, 1)), -1, 1)


def test_a_chord_that_ends_nowhere_is_refused(monkeypatch):
    cut_edges = plane_cutting.Subdivision._cut_edges

    def forgetful(self, *arguments):
        cuts, found, vertices = cut_edges(self, *arguments)
        cuts.lasts[np.argmax(cuts.lasts > cuts.firsts)] -= 1
        return cuts, found, vertices

    monkeypatch.setattr(plane_cutting.Subdivision, "_cut_edges", forgetful)
    with pytest.raises(RuntimeError, match="signs of layer 1 around cell 0 contradict each other"):
        cells(he_net((2, 20, 1)), -1, 1)


def test_bounds_on_vertices_errors_hold_where_they_underflow():
    for w in ([-1.0, -1.0, -1.0], [-1.0, -1.0, 1.0]):
        weights = [[[1e40, 0], [0, 1e40], [1e40, 1e40]], [w], [[1.0]]]
        found = cells(Network(weights, [[1e-290, 0, 0], [1e-295], [0.0]]), -1, 1, certify=True)
        assert found.counts.activation_patterns == 10
        assert found.vertex_errors[4:].min() > 0
