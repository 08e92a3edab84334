"""Whether a plane's cells have the states and the maps that they claim, by forms computed anew.

Nothing of the run's numbers is taken but where vertices are. Forms begin with the plane's inputs
themselves, exactly, and go on from layer to layer on the cells' claimed states. A vertex's signs
are found on the forms of one cell that it lies in, and hold in all: as the states of the layers
before are proven, each cell's forms are the network's there, which is continuous.
 If f is known to
within e in each entry and to within a length ℓ in each column, the next layer's forms are to within

    e' = min(‖W‖_∞ e, ‖W‖₂ ℓ) + r,    ℓ' = ‖W‖₂ ℓ + √n' r,    r = N u (‖W‖_∞ max|f| + max|b|)

where all φ' are at most 1 (or else multiply), u is half an ulp of 1, and N = n + 4 C + 8 for sums
of n products that are changed C times after: a change loses u each in 1 - φ', its products with f
and with the weight, and the sum.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, NoReturn

import numpy as np
from npnets_kernels import plane_claims as kernel
from npnets_kernels.bits import LANES
from npnets_kernels.plane_claims import ANYWHERE, Before, Descent, Layer, Output, Parts, Rings, Room
from npnets_kernels.plane_forms import ROUNDING, TINY, Vertices

from npnets.regions.certificates import CertificateError
from npnets.regions.exact import slope_below
from npnets.regions.float_network import FloatLayer, FloatNetwork
from npnets.regions.patterns import pack, word_count
from npnets.regions.plane_cutting import Subdivision
from npnets.regions.plane_domain import Plane
from npnets.regions.plane_forms import aligned_zeros, chain_length, padded

if TYPE_CHECKING:
    from npnets.regions import plane


#: So many doubts are kept at a time, unless one cell has more.
DOUBTS = 1 << 14


class Known(NamedTuple):
    """A layer's forms on the cells of a level."""

    forms: np.ndarray
    """(F, 3, 64 words), zeros beyond the neurons; none if nothing follows."""
    errors: np.ndarray
    """(3,) bounds on the errors, column by column."""
    lengths: np.ndarray
    """(3,) bounds on the errors' root of sum of squares over the neurons."""
    size_bounds: np.ndarray
    """(3,) bounds on the forms' sizes, of any cell's."""
    sizes: np.ndarray
    """(3,) the largest, column by column."""


class Step(NamedTuple):
    """How a layer's forms are made of those before."""

    layer: FloatLayer
    slope: float
    """φ' of the neurons before, where they are inactive."""
    chain: int
    """How many changes there may be of a sum."""

    def follow(self, before: Known) -> Known:
        """The bounds on the layer's forms and their errors, from what is known of those before.

        It is not the run's ``plane_forms.next_bounds``, of which it is a twin on purpose.
        """
        above = max(1.0, abs(self.slope))
        stretch = max(above, abs(1.0 - self.slope))
        (n_next, width), most = self.layer.weights.shape, self.layer.row_norm
        norm = self.layer.spectral_norm
        roundings = (width + 4 * self.chain + 8) * ROUNDING
        with np.errstate(over="ignore", invalid="ignore"):  # what overflows decides nothing
            size = most * stretch * before.sizes + [0.0, 0.0, self.layer.largest_bias]
            fresh, passed = roundings * size, norm * above * before.lengths
            errors = 1.001 * (np.minimum(most * above * before.errors, passed) + fresh) + TINY
            lengths = 1.001 * (passed + np.sqrt(n_next) * fresh) + TINY
            return Known(np.empty((0, 3, 0)), errors, lengths, 1.001 * (size + fresh), np.zeros(3))


def check_claims(made_by: Subdivision, found: plane.Cells, descent: Descent) -> np.ndarray:
    """(3,) bounds on the errors of the maps; NaN if the cells aren't complete and have none.

    Raises
    ------
    CertificateError
        If a neuron's sign at a corner isn't its state's, or a map isn't its cell's.
    """
    net, levels, floats = made_by.net, made_by.levels, FloatNetwork(made_by.net)
    steps = _steps(made_by, floats)
    parts = Parts(levels[0].offsets, levels[0].corners, np.zeros(1, np.int32), _all(net.widths[0]))
    known, output = _inputs(made_by.exact.plane), _no_output()
    for layer, step in enumerate(steps):
        before, last = Before(known.forms, parts.parents, parts.words), layer == len(steps) - 1
        if made_by.widths:
            level = levels[layer + 1]
            if level is levels[-1]:
                level = level._replace(offsets=found.cell_offsets, corners=found.cell_vertices)
            parts = Parts(level.offsets, level.corners, level.parents, level.words)
        else:  # neurons without states are as if they were active on the only cell
            parts = parts._replace(words=_all(len(step.layer.biases)))
        if last and found.complete:
            output = _output(floats.layers[-1], found.maps)
        claims = Claims(made_by, layer, step, before, parts, descent)
        known = claims.check(found, known, output, last)
    return _map_errors(floats, found, known, output) if found.complete else np.full(3, np.nan)


def _steps(made_by: Subdivision, floats: FloatNetwork) -> list[Step]:
    """Those of the layers that are cut; the inputs' own if the output follows them."""
    net = made_by.net
    if net.depth == 0:
        inputs = net.widths[0]
        return [Step(FloatLayer(np.eye(inputs), np.zeros(inputs)), 1.0, 0)]
    layers = len(made_by.levels) - 1 if made_by.widths else net.depth
    slopes = [1.0, *[floats.slope] * layers]
    chains = [chain_length(width) for width in net.widths]
    return [Step(floats.layers[k], slopes[k], chains[k]) for k in range(layers)]


def _inputs(where: Plane) -> Known:
    """The inputs' own forms, which are exact."""
    forms = np.stack([where.u, where.v, where.origin])
    sizes = np.abs(forms).max(axis=1)
    return Known(padded(forms)[None], np.zeros(3), np.zeros(3), sizes, sizes)


def _all(width: int) -> np.ndarray:
    """The words of one cell on which all neurons are active."""
    return pack(np.ones((1, width), bool))


def _output(last: FloatLayer, maps: np.ndarray) -> Output:
    # few parts have one cell in common: a longer chain would do nothing but loosen the bounds
    weights, chain = padded(last.weights), np.array([last.weights.shape[1] // 4])
    return Output(weights, last.biases, maps, np.zeros(3), np.zeros(3, np.int64), chain)


def _no_output() -> Output:
    maps, worst, chain = np.empty((0, 0, 3)), np.zeros(3, np.int64), np.zeros(1, np.int64)
    return Output(np.empty((0, 0)), np.empty(0), maps, np.zeros(3), worst, chain)


def _map_errors(
    floats: FloatNetwork, found: plane.Cells, known: Known, output: Output
) -> np.ndarray:
    """(3,) bounds on the maps' errors, from how far they are from those of the forms."""
    slope = floats.slope if floats.depth else 1.0
    step = Step(floats.layers[-1], slope, int(output.chain[0]))
    # of what overflows nothing is known
    errors, claimed = (
        np.nan_to_num(some, nan=np.inf, posinf=np.inf)
        for some in (step.follow(known).errors, found.map_errors)
    )
    wrong = output.apart > claimed + errors
    if wrong.any():
        raise CertificateError(f"cell {output.worst[np.argmax(wrong)]} has a wrong map")
    if not np.isfinite(found.maps).all():
        raise CertificateError("a map isn't finite")
    return 1.001 * (output.apart + errors)


class Claims(NamedTuple):
    """What the parts of a level's cells claim of a layer."""

    made_by: Subdivision
    layer: int
    step: Step
    before: Before
    parts: Parts
    descent: Descent

    def check(self, found: plane.Cells, known: Known, output: Output, last: bool) -> Known:
        """The layer's forms on the cells, none of them if they are the last to be asked for."""
        after, words, made = self.step.follow(known), self.parts.words.shape[1], self.step.layer
        forms = np.empty((0 if last else len(self.before.parents), 3, 64 * words))
        first = sum(self.made_by.widths[: self.layer])
        layer = Layer(
            weights=padded(made.weights.T),
            biases=padded(made.biases[None])[0],
            errors=after.errors,
            size_bounds=after.size_bounds,
            chain=np.array([self.step.chain]),
            neurons=np.array([first, first + len(made.biases)]),
        )
        room = _room(len(made.biases), len(output.biases), len(found.vertices))
        self._check_parts(layer, Vertices(found.vertices, found.vertex_errors), forms, output, room)
        return after._replace(forms=forms, sizes=room.sizes.max(axis=1))

    def _check_parts(
        self, layer: Layer, vertices: Vertices, forms: np.ndarray, output: Output, room: Room
    ) -> None:
        """Check all parts, as many at a time as there is room for doubts."""
        slope, stateless = slope_below(self.made_by.net), not self.made_by.widths
        level = self.made_by.levels[0 if stateless else self.layer]
        rings, part = Rings(level.offsets, level.corners), 0
        while part < len(self.parts.parents):
            reached, count = kernel.check_layer(
                part, self.before, layer, slope, rings, self.parts, stateless, vertices,
                self.descent, forms, output, room,
            )  # fmt: skip
            if count < 0:
                self._deny(reached)
            self._judge(room.doubts[:count])
            if reached == part:  # there was not even room for its own
                room = room._replace(doubts=np.empty((2 * len(room.doubts), 3), np.int64))
            part = reached

    def _judge(self, doubts: np.ndarray) -> None:
        for doubt in doubts.tolist():
            if not self._holds(*doubt):
                self._deny(doubt[0])

    def _deny(self, part: int) -> NoReturn:
        name = f"cell {part} of layer {self.layer + 1}"
        raise CertificateError(f"{name} has a wrong state, or a corner out of place")

    def _holds(self, part: int, neuron: int, vertex: int) -> bool:
        """Whether a neuron has its state's sign at a corner, or is positive at any, exactly."""
        parts = self.parts
        if vertex == ANYWHERE:
            corners = parts.corners[parts.offsets[part] : parts.offsets[part + 1]]
            return any(self._sign(corner, neuron) > 0 for corner in corners.tolist())
        active = int(parts.words[part, neuron // 64]) >> neuron % 64 & 1
        sign = self._sign(vertex, neuron)
        return sign >= 0 if active else sign <= 0

    def _sign(self, vertex: int, neuron: int) -> int:
        z = self.made_by.exact.preactivations(vertex, self.layer).numerators[neuron]
        return (z > 0) - (z < 0)


def _room(width: int, n_outputs: int, n_vertices: int) -> Room:
    words = word_count(width)
    corner_of, seen_in = (np.full(n_vertices, -1, np.int32) for _ in range(2))
    return Room(
        forms=aligned_zeros(3, 64 * words),
        sizes=np.zeros((3, LANES)),
        map=np.empty((n_outputs, 3)),
        corner_of=corner_of,
        seen_in=seen_in,
        signs=np.empty((n_vertices, words, 2), np.uint64),
        all=_all(width)[0],
        doubts=np.empty((DOUBTS, 3), np.int64),
    )
