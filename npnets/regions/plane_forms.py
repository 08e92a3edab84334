"""The affine forms of a layer's preactivations on all cells of a plane, and bounds on their errors.

With F = W (φ' ∘ f) + (0, 0, b), f known to within e in each entry and to within a length ℓ in each
column, and n products summed,

    e' <= min(‖W‖_∞ e, ‖W‖₂ ℓ) + r,    ℓ' <= ‖W‖₂ ℓ + √n' r,    r = N u (‖W‖_∞ max|f| + max|b|)

where all φ' are at most 1 (or else multiply), u is half an ulp of 1 and N counts the roundings on
any way through the sums. So errors grow from layer to layer by ‖W‖₂ only.
"""

from __future__ import annotations

import math
from ctypes import addressof, c_char
from functools import reduce
from typing import NamedTuple

import numpy as np
from npnets_kernels import plane_forms as kernel
from npnets_kernels.bits import LANES
from npnets_kernels.plane_forms import (
    ROUNDING,
    TINY,
    Cells,
    Kept,
    Output,
    Room,
    Signs,
    Source,
    Vertices,
)

from npnets.backends.threads import in_threads
from npnets.regions.float_network import FloatLayer, FloatNetwork
from npnets.regions.patterns import word_count
from npnets.regions.plane_domain import Plane

#: A block is so many cells that their forms would take so many bytes: always as many, so that what
#: is kept doesn't depend on the threads.
BLOCK_BYTES = 1 << 22
#: No preactivation may be larger, so that sums and differences never overflow.
LARGEST = 1e300
#: Bytes of room for the forms of neurons that may cross cells, most of which stays untouched.
GROUP_BYTES = 1 << 27


class Level(NamedTuple):
    """The cells of the first so many layers."""

    offsets: np.ndarray
    """(F + 1,) where each cell's corners begin."""
    corners: np.ndarray
    """Vertices, counterclockwise around each cell."""
    corner_edges: np.ndarray
    """The edge from each corner to the next."""
    parents: np.ndarray
    """(F,) the cell of one layer fewer that each is part of, ascending."""
    words: np.ndarray
    """(F, words) which of the last layer's neurons are active."""


class Forms(NamedTuple):
    """What the forms of a layer on a level's cells are made from; see the kernel."""

    source: Source
    """As the kernel takes it, with all bases, or with room for them, or with neither."""
    before: Source
    """What the forms of the layer before, on the parents, are made from; of no cells if bases are
    known."""
    errors: np.ndarray
    """(3,) bounds on the errors of any cell's forms, column by column."""
    lengths: np.ndarray
    """(3,) bounds on the errors' root of sum of squares over the neurons."""
    size_bounds: np.ndarray
    """(3,) bounds on the forms' sizes, of any cell's."""
    reach: np.ndarray
    """(3,) the largest of the plane's coordinates, and 1."""


class Swept(NamedTuple):
    """What is found of a layer on a level's cells."""

    signs: Signs
    """At all vertices."""
    is_open: bool
    """Whether floats leave a sign open at any vertex."""
    kept: Kept
    """The neurons that may cross cells."""
    sizes: np.ndarray
    """(3,) the largest of the forms, column by column."""
    outputs: np.ndarray
    """(F, 3, d_out) the bases of the output, if it is next."""


@np.errstate(over="ignore", invalid="ignore")  # what overflows is refused where it is used
def first_forms(net: FloatNetwork, plane: Plane, polygon: np.ndarray, level: Level) -> Forms:
    """Those of the first layer on the whole plane; of the last one, if no neuron has states."""
    weights, biases = net.layers[0].weights, net.layers[0].biases
    columns = np.stack([plane.u, plane.v, plane.origin], axis=1)
    forms, errors = weights @ columns, np.zeros(3)
    if not plane.is_whole:
        sizes = (np.abs(weights) @ np.abs(columns)).max(axis=0)
        sizes[2] += np.abs(biases).max()
        errors = (len(plane.u) + 4) * ROUNDING * sizes + TINY
    forms[:, 2] += biases
    lengths = np.sqrt(len(biases)) * errors
    if net.slope == 1.0:
        for layer in net.layers[1:]:
            sizes = np.abs(forms).max(axis=0)
            errors, lengths, _ = next_bounds(layer, net.slope, errors, lengths, sizes)
            forms = layer.weights @ forms
            forms[:, 2] += layer.biases
    none = Kept(np.zeros((1, 0), np.uint64), np.zeros(2, np.int64), np.zeros((0, 3)), np.zeros(3))
    bases = np.ascontiguousarray(forms.T)[None]
    source = _source(level, none, bases, np.zeros((len(forms), 0)), biases)
    reach = np.append(np.abs(polygon).max(axis=0), 1.0)
    return Forms(source, _of_no_cells(source), errors, lengths, np.abs(forms).max(axis=0), reach)


def next_forms(net: FloatNetwork, layer: int, level: Level, forms: Forms, swept: Swept) -> Forms:
    """Those of the layer after this one, on the parts that this one has cut the cells into."""
    following, to_come = net.layers[layer + 1], net.depth - 1 - layer
    errors, lengths, size_bounds = next_bounds(
        following, net.slope, forms.errors, forms.lengths, swept.sizes
    )
    bases = swept.outputs
    if to_come > 0:  # they are many: kept only if the layer after the following needs them again
        n_parents = len(swept.kept.words) if to_come > 1 else 0
        bases = np.empty((n_parents, 3, len(following.biases)))
    source = _source(level, swept.kept, bases, following.weights, following.biases)
    before = forms.source if to_come > 0 else _of_no_cells(source)
    return Forms(source, before, errors, lengths, size_bounds, forms.reach)


def _source(
    level: Level, kept: Kept, bases: np.ndarray, weights: np.ndarray, biases: np.ndarray
) -> Source:
    chain = np.array([chain_length(weights.shape[1])])
    return Source(level.parents, level.words, kept, bases, padded(weights.T), biases, chain)


def _of_no_cells(source: Source) -> Source:
    return source._replace(parents=source.parents[:0])


def sweep(
    net: FloatNetwork, layer: int, vertices: Vertices, cells: Cells, forms: Forms, threads: int
) -> Swept:
    """Find a layer's signs at all vertices, and the neurons that may cross cells.

    Raises
    ------
    OverflowError
        If a preactivation may be beyond LARGEST.
    """
    n_cells, n_vertices = len(cells.offsets) - 1, len(vertices.errors)
    width, slope = len(net.layers[layer].biases), net.slope
    owner = np.full(n_vertices, -1, np.int32)
    if threads > 1:  # or else cells come in the order of their numbers
        kernel.owners(cells, owner)
    signs = Signs(*(np.empty((n_vertices, word_count(width)), np.uint64) for _ in range(2)))
    output = _output(net, layer, n_cells)
    width_before = forms.before.bases.shape[2]
    step = _block(width)

    def work(blocks: range) -> tuple[Kept, np.ndarray, bool]:
        first, count = blocks.start, min(blocks.stop, n_cells) - blocks.start
        kept = Kept(
            np.empty((count, word_count(width)), np.uint64),
            np.zeros(count + 1, np.int64),
            np.empty((count * width, 3)),
            forms.errors,
        )
        sizes, is_open = np.zeros((3, LANES)), False
        room, parents_room = room_for(width, n_vertices), room_for(width_before, 0)
        base = aligned_zeros(*room.forms.shape)
        for start in blocks:
            stop = min(start + step, n_cells)
            is_open |= kernel.sweep(
                first, start, stop, vertices, cells, forms.source, forms.before, slope, owner,
                signs, kept, forms.size_bounds, output, sizes, room, parents_room, base,
            )  # fmt: skip
        return kept._replace(forms=kept.forms[: kept.offsets[-1]].copy()), sizes, is_open

    parts = in_threads(work, _groups(n_cells, step, width, threads), threads)
    sizes = reduce(np.maximum, (sizes for _, sizes, _ in parts)).max(axis=1)
    with np.errstate(over="ignore", invalid="ignore"):
        in_reach = sizes @ forms.reach < LARGEST
    if not in_reach:
        raise OverflowError(f"preactivations of layer {layer + 1} are beyond {LARGEST:g}")
    kept = _join([part for part, _, _ in parts])
    is_open = any(some for _, _, some in parts)
    return Swept(signs, is_open, kept, sizes, output.bases)


def _block(width: int) -> int:
    """How many cells are a block, of a layer of so many neurons."""
    return max(1, BLOCK_BYTES // (24 * width * kernel.RUN)) * kernel.RUN


def _output(net: FloatNetwork, layer: int, n_cells: int) -> Output:
    """The output, if it is what comes after the layer."""
    following = net.layers[layer + 1]
    count = len(following.biases) if layer == net.depth - 1 else 0
    weights = padded(following.weights[:count])
    return Output(weights, following.biases[:count], np.empty((n_cells, 3, count)))


def _groups(n_cells: int, step: int, width: int, threads: int) -> list[range]:
    """The starts of blocks of so many cells, shared out."""
    blocks = -(-n_cells // step)
    share = blocks if threads == 1 else -(-blocks // (4 * threads))
    share = max(1, min(share, GROUP_BYTES // (24 * width * step)))
    return [range(k * step, min(k + share, blocks) * step, step) for k in range(0, blocks, share)]


def _join(parts: list[Kept]) -> Kept:
    """What is kept of all cells."""
    if len(parts) == 1:
        return parts[0]
    return Kept(
        np.concatenate([part.words for part in parts]),
        np.cumsum(np.concatenate([[0], *(np.diff(part.offsets) for part in parts)])),
        np.concatenate([part.forms for part in parts]),
        parts[0].errors,
    )


def output_maps(net: FloatNetwork, forms: Forms, threads: int) -> np.ndarray:
    """(F, d_out, 3) the output as a function of the plane's coordinates: gradient, constant."""
    n_cells, width, slope = len(forms.source.parents), len(net.layers[-1].biases), net.slope
    maps = np.empty((n_cells, width, 3))
    step = _block(width)

    def work(start: int) -> None:
        stop = min(start + step, n_cells)
        kernel.write_maps(start, stop, forms.source, slope, maps, room_for(width, 0))

    in_threads(work, range(0, n_cells, step), threads)
    if not np.isfinite(maps).all():
        raise OverflowError("gradients or constants of the output overflow float64")
    return maps


def next_bounds(
    layer: FloatLayer, slope: float, errors: np.ndarray, lengths: np.ndarray, sizes: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(3,) each, ``errors``, ``lengths`` and ``size_bounds`` of a layer's forms, from those before.

    ``sizes`` (3,) are the largest of the forms before, and ``slope`` is φ' of inactive neurons. The
    proof has a twin of its own, ``plane_claims.Step.follow``.
    """
    n_next, width = layer.weights.shape
    above, stretch = max(1.0, abs(slope)), max(1.0, abs(slope), abs(1.0 - slope))
    roundings = (width + 8 + 5 * chain_length(width)) * ROUNDING
    constants, found = (0.0, 0.0, layer.largest_bias), np.empty((3, 3))
    for c in range(3):
        # what overflows is refused where it is used; Python's floats don't warn
        error, length, size = float(errors[c]), float(lengths[c]), float(sizes[c])
        most = layer.row_norm * stretch * size + constants[c]
        fresh = roundings * most
        # φ' f may underflow, before the weights make it large again
        error, length = above * error + TINY, above * length + math.sqrt(width) * TINY
        passed = min(layer.row_norm * error, layer.spectral_norm * length)
        length = layer.spectral_norm * length + math.sqrt(n_next) * fresh
        found[:, c] = 1.001 * (passed + fresh) + TINY, 1.001 * length + TINY, 1.001 * (most + fresh)
    return found[0], found[1], found[2]


def room_for(neurons: int, n_vertices: int) -> Room:
    """Room for one cell's forms, and for the signs at vertices."""
    words = word_count(neurons)
    positive, negative = (np.empty(words, np.uint64) for _ in range(2))
    more, less = (np.empty((n_vertices, words), np.uint64) for _ in range(2))
    block = np.full(n_vertices, -1, np.int32)
    return Room(aligned_zeros(3, 64 * words), positive, negative, block, more, less)


def padded(weights: np.ndarray) -> np.ndarray:
    """The same rows, with zeros up to whole words of columns.

    >>> found = padded(np.ones((2, 65)))
    >>> found.shape, found.ctypes.data % 64
    ((2, 128), 0)
    """
    rows, columns = weights.shape
    found = aligned_zeros(rows, 64 * word_count(columns))
    found[:, :columns] = weights
    return found


def aligned_zeros(*shape: int) -> np.ndarray:
    """Zeros from the start of a cache line on: a vector of eight is then never on two of them.

    >>> aligned_zeros(2, 8).ctypes.data % 64
    0
    """
    count = math.prod(shape)
    memory = np.zeros(count + LANES)
    # many are small, and ``memory.ctypes.data`` takes three times as long
    first = -(addressof(c_char.from_buffer(memory.data)) // 8) % LANES
    return memory[first : first + count].reshape(shape)


def chain_length(width: int) -> int:
    """Changes of forms between two starts, of neurons of a layer of that width.

    A start costs up to as many changes as there are neurons.
    """
    return 16 + width // 2
