"""Room for what the plane's kernels write: cells shared out, how much can be made of them, and what
is made of the parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from npnets_kernels import plane_crossings
from npnets_kernels.plane_cells import Room
from npnets_kernels.plane_chords import Table
from npnets_kernels.plane_crossings import Crossed
from npnets_kernels.plane_edges import Found, Order
from npnets_kernels.plane_forms import Vertices
from npnets_kernels.plane_walk import CORNERS, EDGES, LINES, PIECES, VERTICES, Pieces

#: Room for so many corners of cells is made at a time, at most, unless one cell needs more.
CHUNK_CORNERS = 1 << 22
#: Fewer corners than these aren't shared out between threads: they take less than a millisecond.
THREAD_CORNERS = 1 << 17
#: So many chords of one cell have places in their tables that an int32 holds twice.
MOST_CHORDS = 32767

NO_ORDER = Order(np.empty(0, np.int32), np.empty(0), np.empty(0, np.int64))
NO_TABLE = Table(np.empty((0, 0)), np.empty((0, 0), np.int64))


class Chunk(NamedTuple):
    """Cells to work on together, and how much there is of them, or may be made.

    The m neurons that cross a cell of k corners have m chords at most, and so many ends on its
    boundary twice; every two of them cross at most once, and a crossing adds one piece and cuts
    two edges. With r pieces or fewer there are fewer chords than r, fewer points where some cross,
    and no more than 2 r edges.
    """

    start: int
    stop: int
    most_corners: int
    """Of one cell."""
    most_neurons: int
    """Those that cross one cell."""
    corners: int
    """Of all cells."""
    chords: int
    """At most, of all cells."""
    crossings: int
    """At most, of all cells."""

    def room(self, width: int, most: int) -> Room:
        """Room to cut any cell, of a layer of so many neurons, into so many pieces at most.

        Raises
        ------
        OverflowError
            If a cell may have more than MOST_CHORDS chords.
        """
        m, corners = self.most_neurons, self.most_corners
        nodes, ends, many = corners + 2 * m + 1, m + 1, min(m + 1, most)
        if many > MOST_CHORDS:
            raise OverflowError(
                f"{m} neurons of a layer cross one cell, whose crossings would take "
                f"{66 * many**2:,} bytes; max_cells must be {MOST_CHORDS} or less for so many"
            )
        i, f, words, table = np.int32, np.float64, -(-width // 64), many * many
        return Room(
            chord_of=np.full(width, -1, i),
            vertices=np.empty(nodes + table // 2, i),
            edges=np.empty(nodes, i),
            chords=np.empty(nodes, i),
            next_chords=np.empty(2 * ends, i),
            neurons=np.empty(ends, i),
            forms=np.empty(ends, i),
            starts=np.empty(ends, i),
            ends=np.empty(ends, i),
            flips=np.empty((ends, words), np.uint64),
            after=np.empty((ends, words), np.uint64),
            counts=np.empty(ends, i),
            first_edges=np.empty(ends, i),
            keys=np.empty((many, many), f),
            others=np.empty((many, many), i),
            steps=np.empty((many, many), f),
            slacks=np.empty((many, many), f),
            nodes=np.empty((many, many), i),
            places=np.empty((many, many), i),
            sequence=np.empty((many, many), i),
            node_offsets=np.empty(table // 2 + 2, i),
            node_chords=np.empty(table, i),
            seen=np.empty(2 * table, np.uint8),
            stack=np.empty(2 * table, i),
            origins=np.empty(2 * table, i),
        )

    def pieces(self, width: int, most: int) -> Pieces:
        """Room for all that can be made of the cells, no more than ``most`` pieces."""
        pieces = min(self.stop - self.start + self.chords + self.crossings, most)
        edges = min(self.chords + 2 * self.crossings, 2 * pieces)
        chords, crossings = min(self.chords, pieces), min(self.crossings, pieces)
        corners = self.corners + 2 * chords + 2 * edges
        i = np.int32
        found = Pieces(
            offsets=np.empty(pieces + 1, np.int64),
            corners=np.empty(corners, i),
            corner_edges=np.empty(corners, i),
            parents=np.empty(pieces, i),
            words=np.empty((pieces, -(-width // 64)), np.uint64),
            found=found_room(Vertices(np.empty((crossings, 2)), np.empty(crossings))),
            edges=np.empty((edges, 2), i),
            edge_lines=np.empty(edges, i),
            lines=np.empty((chords, 3)),
            neurons=np.empty(chords, i),
        )
        found.offsets[0] = 0
        return found


def chunks_of(offsets: np.ndarray, neurons: np.ndarray, total: int, threads: int) -> list[Chunk]:
    """Cells (F,) shared out, which so many neurons cross each; that changes nothing of the result.

    The corners of cell f begin at offsets[f], and those of all parts are no more than ``total``.
    """
    share = 1 + total // (2 * threads) if threads > 1 else total
    share = min(CHUNK_CORNERS, max(THREAD_CORNERS, share))
    bounds = np.empty((total // share + 1, len(Chunk._fields)), np.int64)
    count = plane_crossings.share_out(offsets, neurons, share, bounds)
    return [Chunk(*row) for row in bounds[:count].tolist()]


def crossed_room(n_cells: int, words: int) -> Crossed:
    """Room for the neurons that cross cells."""
    neurons, active = (np.empty((n_cells, words), np.uint64) for _ in range(2))
    return Crossed(np.empty(n_cells, np.int32), neurons, active)


def found_room(vertices: Vertices) -> Found:
    """Room for new vertices, whose positions and errors go where these are."""
    i, count = np.int32, len(vertices.errors)
    return Found(
        vertices, np.empty((count, 2), i), np.empty(count, i), np.empty(count), np.empty(count)
    )


def found_part(found: Found, count: int) -> Found:
    """The first so many vertices."""
    vertices = Vertices(*(array[:count] for array in found.vertices))
    return Found(vertices, *(array[:count] for array in found[1:]))


def filled_part(pieces: Pieces, filled: np.ndarray) -> Pieces:
    """What of the room is filled."""
    ends = {PIECES: ("parents", "words"), CORNERS: ("corners", "corner_edges")}
    ends |= {EDGES: ("edges", "edge_lines"), LINES: ("lines", "neurons")}
    parts = {
        name: getattr(pieces, name)[: filled[count]]
        for count, names in ends.items()
        for name in names
    }
    offsets = pieces.offsets[: filled[PIECES] + 1]
    return Pieces(offsets=offsets, found=found_part(pieces.found, int(filled[VERTICES])), **parts)


def join(parts: list[Pieces], first: np.ndarray) -> Pieces:
    """The parts of all chunks in one, numbered as if they had been made in one.

    Each numbers its new vertices, edges and lines from ``first`` (3,) on.
    """
    if len(parts) == 1:
        return parts[0]
    corners, (vertices, edges, lines) = 0, first.tolist()
    moved = []
    for part in parts:
        moved.append(
            part._replace(
                offsets=part.offsets[1:] + corners,
                corners=_moved(part.corners, int(first[0]), vertices),
                corner_edges=_moved(part.corner_edges, int(first[1]), edges),
                edges=_moved(part.edges, int(first[0]), vertices),
                edge_lines=_moved(part.edge_lines, int(first[2]), lines),
            )
        )
        corners += len(part.corners)
        vertices, edges = vertices + len(part.found.steps), edges + len(part.edges)
        lines += len(part.lines)
    whole = _concatenate(moved)
    return whole._replace(offsets=np.concatenate([[0], whole.offsets]))


def _concatenate(records: Sequence[Any]) -> Any:
    """The record of the arrays of all records, one behind the other."""
    fields = []
    for arrays in zip(*records, strict=True):
        one = isinstance(arrays[0], np.ndarray)
        fields.append(np.concatenate(arrays) if one else _concatenate(arrays))
    return type(records[0])(*fields)


def _moved(numbers: np.ndarray, first: int, to: int) -> np.ndarray:
    """The numbers, where those from ``first`` on are to begin at ``to``."""
    return np.where(numbers >= first, numbers + np.int32(to - first), numbers)
