"""The affine forms of a layer's preactivations on all cells of a plane, and bounds on their errors.

With F = W (φ' ∘ f) + (0, 0, b), f known to within e in each entry and to within a length ℓ in each
column, and n products summed,

    e' <= min(‖W‖_∞ e, ‖W‖₂ ℓ) + r,    ℓ' <= ‖W‖₂ ℓ + √n' r,    r = N u (‖W‖_∞ max|f| + max|b|)

where all φ' are at most 1 (or else multiply), u is half an ulp of 1 and N counts the roundings on
any way through the sums. So errors grow from layer to layer by ‖W‖₂ only.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from npnets_kernels import plane_forms as kernel
from npnets_kernels.plane_forms import (
    ROUNDING,
    TINY,
    Cells,
    Following,
    Kept,
    Room,
    Signs,
    Source,
    Vertices,
)

from npnets.backends.threads import in_threads
from npnets.network import Network
from npnets.regions.exact import slope_below
from npnets.regions.plane_domain import Plane

#: Bytes of forms that are multiplied at a time: always as many, so that results don't depend on
#: the threads.
BLOCK_BYTES = 1 << 20
#: No preactivation may be larger, so that sums and differences never overflow.
LARGEST = 1e300
#: Bytes of room for the forms of neurons that may cross cells, most of which stays untouched.
GROUP_BYTES = 1 << 27
#: So few neurons are summed up cell by cell instead.
DIRECT = 4


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

    kept: Kept
    """The neurons of the layer before that may cross the parents, and their forms."""
    bases: np.ndarray
    """(parents, 3, n) the forms on the parents without those neurons."""
    errors: np.ndarray
    """(3,) bounds on the errors of any cell's forms, column by column."""
    lengths: np.ndarray
    """(3,) bounds on the errors' root of sum of squares over the neurons."""

    def source(self, level: Level, weights: np.ndarray) -> Source:
        """As the kernel takes it; the weights are the layer's."""
        chain = np.array([chain_length(weights.shape[1])])
        return Source(level.parents, level.words, self.kept, self.bases, padded(weights.T), chain)


def first_forms(net: Network, plane: Plane) -> Forms:
    """Those of the first layer on the whole plane; of the last one, if no neuron has states."""
    weights, biases = parameters(net, 0)
    columns = np.stack([plane.u, plane.v, plane.origin], axis=1)
    forms, errors = weights @ columns, np.zeros(3)
    if not plane.is_whole:
        sizes = (np.abs(weights) @ np.abs(columns)).max(axis=0)
        sizes[2] += np.abs(biases).max()
        errors = (len(plane.u) + 4) * ROUNDING * sizes + TINY
    forms[:, 2] += biases
    none = Kept(np.zeros((1, 0), np.uint64), np.zeros(2, np.int64), np.zeros((0, 3)), np.zeros(3))
    found = Forms(none, transposed(forms), errors, np.sqrt(len(biases)) * errors)
    if slope_below(net) == 1.0:
        for layer in range(1, len(net.weights)):
            weights, biases = parameters(net, layer)
            bounds = next_errors(weights, biases, 1.0, found, np.abs(forms).max(axis=0))
            forms = weights @ forms
            forms[:, 2] += biases
            found = Forms(none, transposed(forms), *bounds)
    return found


def transposed(forms: np.ndarray) -> np.ndarray:
    """(n, 3) forms on a whole level as its only bases, (1, 3, n)."""
    return np.ascontiguousarray(forms.T)[None]


def sweep(
    net: Network,
    layer: int,
    slope: float,
    vertices: Vertices,
    cells: Cells,
    level: Level,
    forms: Forms,
    threads: int,
) -> tuple[Signs, Kept, Forms]:
    """A layer's signs at all vertices, the neurons that may cross cells, and the next forms.

    Raises
    ------
    OverflowError
        If a preactivation may be beyond LARGEST.
    """
    weights, biases = parameters(net, layer + 1)
    source = forms.source(level, parameters(net, layer)[0])
    n_cells, (n_next, width) = len(level.parents), weights.shape
    owner = np.empty(len(vertices.errors), np.int32)
    kernel.owners(cells, owner)
    words = -(-width // 64)
    signs = Signs(*(np.empty((len(owner), words), np.uint64) for _ in range(2)))
    following = Following(padded(weights), biases, np.empty((n_cells, 3, n_next)))
    step = max(1, BLOCK_BYTES // (24 * width))

    def work(blocks: range) -> tuple[Kept, np.ndarray]:
        first, count = blocks.start, min(blocks.stop, n_cells) - blocks.start
        kept = Kept(
            np.empty((count, words), np.uint64),
            np.zeros(count + 1, np.int64),
            np.empty((count * width, 3)),
            forms.errors,
        )
        masked, sizes = np.empty((0 if n_next <= DIRECT else step, 3, width)), np.zeros(3)
        room = room_for(width, len(owner))
        for start in blocks:
            stop = min(start + step, n_cells)
            part = masked[: stop - start]
            kernel.sweep(
                first, start, stop, vertices, cells, source, slope, owner, signs, kept, following,
                part, sizes, room,
            )  # fmt: skip
            if len(part):
                rows = following.bases[start:stop].reshape(-1, n_next)
                np.matmul(part.reshape(-1, width), weights.T, out=rows)
                rows[2::3] += biases
        return kept._replace(forms=kept.forms[: kept.offsets[-1]].copy()), sizes

    parts = in_threads(work, _groups(n_cells, step, width, threads), threads)
    sizes = np.max([sizes for _, sizes in parts], axis=0)
    if not sizes @ [*np.abs(vertices.positions).max(axis=0), 1.0] < LARGEST:
        raise OverflowError(f"preactivations of layer {layer + 1} are beyond {LARGEST:g}")
    kept = Kept(
        np.concatenate([part.words for part, _ in parts]),
        np.cumsum(np.concatenate([[0], *(np.diff(part.offsets) for part, _ in parts)])),
        np.concatenate([part.forms for part, _ in parts]),
        forms.errors,
    )
    errors = next_errors(weights, biases, slope, forms, sizes)
    return signs, kept, Forms(kept, following.bases, *errors)


def _groups(n_cells: int, step: int, width: int, threads: int) -> list[range]:
    """The starts of blocks of so many cells, shared out."""
    blocks = -(-n_cells // step)
    share = blocks if threads == 1 else -(-blocks // (4 * threads))
    share = max(1, min(share, GROUP_BYTES // (24 * width * step)))
    return [range(k * step, min(k + share, blocks) * step, step) for k in range(0, blocks, share)]


def output_maps(net: Network, slope: float, level: Level, forms: Forms, threads: int) -> np.ndarray:
    """(F, d_out, 3) the output as a function of the plane's coordinates: gradient, constant."""
    source = forms.source(level, parameters(net, net.depth)[0])
    n_cells, width = len(level.parents), net.widths[-1]
    maps = np.empty((n_cells, width, 3))
    step = max(1, BLOCK_BYTES // (24 * width))

    def work(start: int) -> None:
        kernel.write_maps(
            start, min(start + step, n_cells), source, slope, maps, room_for(width, 0)
        )

    in_threads(work, range(0, n_cells, step), threads)
    if not np.isfinite(maps).all():
        raise OverflowError("gradients or constants of the output overflow float64")
    return maps


def next_errors(
    weights: np.ndarray, biases: np.ndarray, slope: float, forms: Forms, sizes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(3,) and (3,) ``errors`` and ``lengths`` of the next layer's forms.

    ``weights`` and ``biases`` are the next layer's, ``sizes`` (3,) the largest of the forms'.
    """
    n_next, width = weights.shape
    above, stretch = max(1.0, abs(slope)), max(1.0, abs(slope), abs(1.0 - slope))
    most, norm = np.abs(weights).sum(axis=1).max(), spectral_norm(weights)
    roundings = (width + 8 + 5 * chain_length(width)) * ROUNDING
    with np.errstate(over="ignore"):  # what overflows is refused where it is used
        fresh = roundings * (most * stretch * sizes + [0.0, 0.0, np.abs(biases).max()])
        errors = np.minimum(most * above * forms.errors, norm * above * forms.lengths) + fresh
        lengths = norm * above * forms.lengths + np.sqrt(n_next) * fresh
        return 1.001 * errors + TINY, 1.001 * lengths + TINY


def room_for(neurons: int, n_vertices: int) -> Room:
    """Room for one cell's forms, and for the signs at vertices."""
    words = -(-neurons // 64)
    positive, negative = (np.empty(words, np.uint64) for _ in range(2))
    more, less = (np.empty((n_vertices, words), np.uint64) for _ in range(2))
    block = np.full(n_vertices, -1, np.int32)
    return Room(np.zeros((3, 64 * words)), np.empty(64), positive, negative, block, more, less)


def padded(weights: np.ndarray) -> np.ndarray:
    """The same rows, with zeros up to whole words of columns.

    >>> padded(np.ones((2, 65))).shape
    (2, 128)
    """
    rows, columns = weights.shape
    found = np.zeros((rows, -(-columns // 64) * 64))
    found[:, :columns] = weights
    return found


def chain_length(width: int) -> int:
    """Changes of forms between two starts, of neurons of a layer of that width.

    A start costs up to as many changes as there are neurons.
    """
    return 16 + width // 2


def spectral_norm(weights: np.ndarray) -> float:
    """A bound on ‖W‖₂ that no rounding makes too small: ‖(W Wᵀ)⁴‖_F^(1/8), or less if others are.

    >>> round(spectral_norm(np.diag([3.0, 1.0])), 3)
    3.0
    """
    size = float(np.abs(weights).max())
    if not 0.0 < size < np.inf:
        return size
    scaled = weights / size
    gram = scaled @ scaled.T if len(scaled) < len(scaled.T) else scaled.T @ scaled
    power = gram @ gram
    power = power @ power
    # relative errors of the entries' root of sum of squares are some n² ulps
    safe = 1.0 + 64.0 * max(weights.shape) ** 2 * ROUNDING
    return size * safe * float(np.sqrt((power**2).sum())) ** 0.125


def parameters(net: Network, layer: int) -> tuple[np.ndarray, np.ndarray]:
    """A layer's weights and biases as float64."""
    return net.weights[layer].astype(np.float64), net.biases[layer].astype(np.float64)
