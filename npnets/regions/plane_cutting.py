"""Cut a plane's cells layer by layer along the lines on which neurons are zero.

A layer's preactivations are affine on the cells of the layers before it. So one layer takes

1. its forms on all cells, of which those of neurons that may cross a cell are kept, and the signs
   at all vertices as bits,
2. the edges that a neuron crosses, each cut once,
3. the cells that a neuron crosses, each cut along its chords.

Whatever the errors of floats leave open is decided exactly, at once, before the cut goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

import numpy as np
from npnets_kernels import plane_cells, plane_crossings, plane_edges, plane_shape
from npnets_kernels.plane_cells import CONTRADICTION, TOO_MANY
from npnets_kernels.plane_chords import Table
from npnets_kernels.plane_crossings import Crossed
from npnets_kernels.plane_edges import MADE, Cuts, Found, Lines, Order
from npnets_kernels.plane_forms import ROUNDING, Cells, Kept, Signs, Vertices
from npnets_kernels.plane_walk import ORDERED, PIECES, Pieces

from npnets.backends.threads import in_threads
from npnets.regions.exact import ExactNetwork
from npnets.regions.float_network import FloatNetwork
from npnets.regions.patterns import pack, word_count
from npnets.regions.plane_domain import Plane
from npnets.regions.plane_exact import ExactPlane, Made
from npnets.regions.plane_forms import (
    Level,
    first_forms,
    next_forms,
    output_maps,
    sweep,
)
from npnets.regions.plane_rooms import (
    NO_ORDER,
    NO_TABLE,
    Chunk,
    chunks_of,
    crossed_room,
    filled_part,
    found_part,
    found_room,
    join,
)


class Subdivision:
    """A convex polygon, and its cells after each layer that is cut.

    Parameters
    ----------
    exact : the network
    plane : where the polygon lies
    polygon : (k, 2) its corners, counterclockwise
    threads : how many cells are worked on at a time
    most : stop before the layer that makes more cells
    progress : called now and then with how many cells there are, and more than before
    """

    def __init__(
        self,
        exact: ExactNetwork,
        plane: Plane,
        polygon: np.ndarray,
        threads: int,
        most: int,
        progress: Callable[[int], object] | None = None,
    ) -> None:
        self.net = net = exact.net
        self.threads, self.most, self.progress = threads, most, progress
        self.floats = FloatNetwork(net)
        #: of the hidden layers with states
        self.widths = net.widths[1:-1] if self.floats.slope != 1.0 else ()
        self.exact = ExactPlane(exact, plane, polygon)
        self.vertices = Vertices(polygon, np.zeros(len(polygon)))
        ring = np.arange(len(polygon), dtype=np.int32)
        ahead = (ring + 1) % len(ring)
        self.edges = np.stack([ring, ahead], axis=1)
        forms, errors = _sides(polygon, polygon[ahead])
        self.lines = Lines(ring, forms, errors, error_rows=ring)
        #: the neuron that is zero on each line, counted through the layers; -1 - the polygon's side
        self.line_neurons = -1 - ring
        one, words = np.zeros(1, np.int32), np.zeros((1, 0), np.uint64)
        self.levels = [Level(np.array([0, len(ring)]), ring, ring, one, words)]
        self.forms = first_forms(self.floats, plane, polygon, self.levels[0])
        self.decisions = self.fallbacks = 0

    def cut(self) -> bool:
        """Cut along all hidden layers; False if the last of them would make too many cells."""
        return all(self._cut_layer(layer) for layer in range(len(self.widths)))

    def _cut_layer(self, layer: int) -> bool:
        """Cut along one layer; False, and nothing is cut, if that would make too many cells."""
        level = self.levels[-1]
        cells = Cells(self.edges, level.offsets, level.corners, level.corner_edges)
        swept = sweep(self.floats, layer, self.vertices, cells, self.forms, self.threads)
        signs, kept = swept.signs, swept.kept
        if swept.is_open:
            self._decide(layer, signs)
        self.decisions += self.net.widths[layer + 1] * len(signs.positive)
        crossed = crossed_room(*kept.words.shape)
        on_edges, corners, wrong = plane_crossings.crossings(signs, cells, kept.words, crossed)
        if wrong >= 0:
            raise _contradiction(layer, wrong)
        cuts, found, vertices = self._cut_edges(layer, cells, signs, crossed, kept, on_edges)
        chunks = chunks_of(cells.offsets, crossed.counts, corners, self.threads)
        pieces = self._cut_cells(layer, cells, signs, crossed, kept, cuts, vertices, chunks)
        if pieces is None:
            self.exact.drop(len(self.vertices.errors))
            return False
        self._take(layer, cuts, found, vertices, pieces, kept)
        self.forms = next_forms(self.floats, layer, self.levels[-1], self.forms, swept)
        return True

    def maps(self) -> np.ndarray:
        """(F, d_out, 3) the output on each cell: gradient in the plane's coordinates, constant."""
        return output_maps(self.floats, self.forms, self.threads)

    def words(self) -> np.ndarray:
        """(F, W) the patterns of all layers that are cut, as ``pack`` has them."""
        layers = len(self.levels) - 1
        cells = np.arange(len(self.levels[-1].parents), dtype=np.int32)
        found = np.zeros((len(cells), word_count(sum(self.widths[:layers]))), np.uint64)
        for layer in range(layers - 1, -1, -1):
            level, first = self.levels[layer + 1], sum(self.widths[:layer])
            plane_shape.add_words(level.words, level.parents, cells, first, found)
        return found

    def _decide(self, layer: int, signs: Signs) -> None:
        """Write the signs that are left open."""
        width, found = self.net.widths[layer + 1], np.empty(len(signs.positive), np.int64)
        count = plane_crossings.undecided(signs, width, found)
        for vertex in found[:count].tolist():
            known = signs.positive[vertex] | signs.negative[vertex]
            self.fallbacks += width - sum(word.bit_count() for word in known.tolist())
            z = self.exact.preactivations(vertex, layer).numerators
            signs.positive[vertex], signs.negative[vertex] = pack(np.stack([z > 0, z < 0]))

    def _cut_edges(
        self,
        layer: int,
        cells: Cells,
        signs: Signs,
        crossed: Crossed,
        kept: Kept,
        count: int,
    ) -> tuple[Cuts, Found, Vertices]:
        """Cut all edges, so many times; the old vertices and the new ones, too."""
        old, n_edges = len(self.vertices.errors), len(cells.edges)
        vertices = Vertices(np.empty((old + count, 2)), np.empty(old + count))
        for new, known in zip(vertices, self.vertices, strict=True):
            new[:old] = known
        cuts = Cuts(*(np.empty(n, np.int32) for n in (n_edges, n_edges, count, count)))
        cuts.firsts[:] = cuts.lasts[:] = -1
        found = found_room(Vertices(*(array[old:] for array in vertices)))
        progress, order = np.zeros(3, np.int64), NO_ORDER
        while True:
            edge = plane_edges.cut_edges(
                progress, vertices, cells, self.lines, signs, crossed, kept, cuts, found, order
            )
            if edge < 0:
                break
            u, v = cells.edges[edge].tolist()
            order = Order(*self.exact.order(u, v, _crossing(u, v, signs), layer))
            self.fallbacks += len(order.ranks)
        self.decisions += count
        made = int(progress[MADE])
        found = found_part(found, made)
        self.exact.add(Made(old, layer, found.parents, found.neurons))
        return cuts, found, Vertices(*(array[: old + made] for array in vertices))

    def _cut_cells(
        self,
        layer: int,
        cells: Cells,
        signs: Signs,
        crossed: Crossed,
        kept: Kept,
        cuts: Cuts,
        vertices: Vertices,
        chunks: list[Chunk],
    ) -> Pieces | None:
        """Cut all cells, chunk by chunk; None if there would be too many."""
        width, report = self.net.widths[layer + 1], self._report(len(cells.offsets) - 1)
        made = len(vertices.errors) - len(signs.positive)
        first = np.array(
            [len(vertices.errors), len(cells.edges) + made, len(self.lines.forms)], np.int32
        )

        def work(chunk: Chunk) -> tuple[Pieces | None, int, int]:
            room, pieces = chunk.room(width, self.most), chunk.pieces(width, self.most)
            cell, table, filled, fallbacks = chunk.start, NO_TABLE, np.zeros(6, np.int64), 0
            while True:
                cell, count = plane_cells.cut_cells(
                    cell, chunk.stop, vertices, cells, signs, crossed, kept, cuts, table, room,
                    pieces, filled, first, self.most,
                )  # fmt: skip
                if count == CONTRADICTION:
                    raise _contradiction(layer, cell)
                if count <= 0:
                    done = None if count == TOO_MANY else filled_part(pieces, filled)
                    report(int(filled[PIECES]) - (chunk.stop - chunk.start))
                    return done, int(filled[ORDERED]), fallbacks
                table, judged = self._judge(layer, room, count)
                fallbacks += judged

        parts = in_threads(work, chunks, min(self.threads, len(chunks)))
        done = [part for part, _, _ in parts if part is not None]
        if len(done) < len(parts) or sum(len(part.parents) for part in done) > self.most:
            return None
        self.decisions += sum(ordered for _, ordered, _ in parts)
        self.fallbacks += sum(judged for _, _, judged in parts)
        return join(done, first)

    def _report(self, count: int) -> Callable[[int], None]:
        """Tell of so many cells and more; to be called from any thread."""
        lock = Lock()

        def report(more: int) -> None:
            nonlocal count
            with lock:
                count += more
                if self.progress is not None and more > 0:
                    self.progress(count)

        return report

    def _judge(self, layer: int, room: plane_cells.Room, count: int) -> tuple[Table, int]:
        """Where the first so many chords of a room cross, and how many places were judged."""
        starts, ends = (room.vertices[nodes[:count]].tolist() for nodes in (room.starts, room.ends))
        neurons = room.neurons[:count].tolist()
        steps, ranks = self.exact.crossings(starts, ends, neurons, layer)
        table = Table(np.empty(room.nodes.shape), np.empty(room.nodes.shape, np.int64))
        table.steps[:count, :count], table.ranks[:count, :count] = steps, ranks
        return table, int((~np.isnan(steps)).sum())

    def _take(
        self, layer: int, cuts: Cuts, found: Found, vertices: Vertices, pieces: Pieces, kept: Kept
    ) -> None:
        """Add what a layer's cut has made to the vertices, edges, lines and levels."""
        old, made, inner = len(self.vertices.errors), len(found.steps), pieces.found
        self.exact.add(Made(old + made, layer, inner.parents, inner.neurons))
        self.vertices = Vertices(
            *(np.concatenate(both) for both in zip(vertices, inner.vertices, strict=True))
        )
        parts = np.empty((made, 2), np.int32)
        self.edges = np.concatenate([self.edges, parts, pieces.edges])
        of_edges = np.concatenate([self.lines.of_edges, parts[:, 0], pieces.edge_lines])
        plane_edges.split_edges(cuts, old, self.edges, of_edges)
        rows = np.full(len(pieces.lines), len(self.lines.errors), np.int32)
        self.lines = Lines(
            of_edges,
            np.concatenate([self.lines.forms, pieces.lines]),
            np.concatenate([self.lines.errors, kept.errors[None]]),
            np.concatenate([self.lines.error_rows, rows]),
        )
        neurons = pieces.neurons + np.int32(sum(self.net.widths[1 : layer + 1]))
        self.line_neurons = np.concatenate([self.line_neurons, neurons])
        self.levels.append(Level(*(getattr(pieces, name) for name in Level._fields)))


def _sides(starts: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(k, 3) and (k, 3) the lines through sides (k, 2), and the bounds on their errors."""
    (x, y), (ahead_x, ahead_y) = starts.T, ends.T
    a, b = y - ahead_y, ahead_x - x
    forms = np.stack([a, b, -(a * x + b * y)], axis=1)
    return forms, 8.0 * ROUNDING * np.stack([abs(a), abs(b), abs(a * x) + abs(b * y)], axis=1)


def _contradiction(layer: int, cell: int) -> RuntimeError:
    return RuntimeError(f"signs of layer {layer + 1} around cell {cell} contradict each other")


def _crossing(u: int, v: int, signs: Signs) -> list[int]:
    """The neurons whose signs at two vertices differ."""
    positive, negative = signs
    words = positive[u] & negative[v] | negative[u] & positive[v]
    bits = np.unpackbits(words.astype("<u8").view(np.uint8), bitorder="little")
    return np.nonzero(bits)[0].tolist()
