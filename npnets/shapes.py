"""Shapes (hidden widths, written 5-7-4): all of them, a sample of them, and their features.

The shapes of n neurons are the compositions of n: the ways to write n as an ordered sum of positive
widths. A composition of depth d is a choice of d - 1 cuts among the n - 1 gaps between n neurons in
a row, so there are C(n - 1, d - 1) of them, and 2^(n - 1) in all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

from npnets.randomness import generator

Shape = tuple[int, ...]

MAX_COMPOSITIONS = 2**22


@dataclass(frozen=True)
class ShapeFeatures:
    """What a shape looks like, in neurons (``depth`` in hidden layers).

    ``bottleneck`` is the narrowest hidden layer before the last, or the only hidden layer's width.
    """

    depth: int
    first: int
    last: int
    bottleneck: int
    min: int
    max: int


def features(shape: Sequence[int]) -> ShapeFeatures:
    """The features of a shape.

    >>> features((5, 7, 4))
    ShapeFeatures(depth=3, first=5, last=4, bottleneck=5, min=4, max=7)
    >>> features((4, 3, 9)).bottleneck, features((16,)).bottleneck
    (3, 16)
    """
    return ShapeFeatures(
        depth=len(shape),
        first=shape[0],
        last=shape[-1],
        bottleneck=min(shape[:-1] or shape),
        min=min(shape),
        max=max(shape),
    )


def composition_count(total: int, depth: int | None = None) -> int:
    """The number of compositions: C(total - 1, depth - 1), or 2^(total - 1) over all depths.

    Raises
    ------
    ValueError
        If total is not a positive integer, or depth not an integer from 1 to total.

    >>> composition_count(16), composition_count(16, depth=3)
    (32768, 105)
    """
    _check_total_and_depth(total, depth)
    return 2 ** (total - 1) if depth is None else comb(total - 1, depth - 1)


def compositions(total: int, depth: int | None = None) -> list[Shape]:
    """All compositions of ``total``, by depth and then lexicographically.

    Raises
    ------
    ValueError
        If total is not a positive integer, depth not an integer from 1 to total, or there are
        more than 4,194,304 of them (``sample_compositions`` draws from any number).

    >>> compositions(3)
    [(3,), (1, 2), (2, 1), (1, 1, 1)]
    >>> len(compositions(16)), len(compositions(16, depth=3))
    (32768, 105)
    """
    _check_total_and_depth(total, depth)
    depths = range(1, total + 1) if depth is None else (depth,)
    count = sum(composition_count(total, d) for d in depths)
    if count > MAX_COMPOSITIONS:
        raise ValueError(
            f"total must have at most {MAX_COMPOSITIONS:,} compositions to list them all, "
            f"{total} has {count:,}"
        )
    return [
        tuple(end - start for start, end in zip((0, *cuts), (*cuts, total), strict=True))
        for d in depths
        for cuts in combinations(range(1, total), d - 1)
    ]


def sample_compositions(total: int, depth: int, count: int, seed: int = 0) -> list[Shape]:
    """The first ``count`` compositions of one depth in a random order, all if there are fewer.

    A Fisher-Yates shuffle of the lexicographic ranks that touches only the first ``count`` of
    them; nothing is enumerated. Equal arguments give equal samples, and a smaller sample is a
    prefix of a larger one.

    Raises
    ------
    ValueError
        If total or count is not a positive integer, or depth not an integer from 1 to total.

    >>> sample_compositions(16, 5, 2) == sample_compositions(16, 5, 9)[:2]
    True
    >>> sorted(sample_compositions(16, 3, 1000)) == compositions(16, depth=3)
    True
    """
    number = composition_count(total, depth)
    _check_positive("count", count)
    rng = generator(seed, "sampling", total, depth)
    moved: dict[int, int] = {}
    shapes = []
    for i in range(min(count, number)):
        j = i + _integer_below(rng, number - i)
        rank = moved.get(j, j)
        moved[j] = moved.pop(i, i)
        shapes.append(_composition_of_rank(rank, total, depth))
    return shapes


def format_shape(shape: Sequence[int]) -> str:
    """Write a shape as text.

    >>> format_shape((5, 7, 4))
    '5-7-4'
    """
    return "-".join(map(str, shape))


def parse_shape(text: str) -> Shape:
    """Read a shape from text.

    Raises
    ------
    ValueError
        If the text is not positive widths joined by '-'.

    >>> parse_shape("5-7-4")
    (5, 7, 4)
    """
    parts = text.split("-")
    if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts) or not all(
        map(int, parts)
    ):
        raise ValueError(f"shape must be positive widths joined by '-', like 5-7-4, got {text!r}")
    return tuple(map(int, parts))


def _composition_of_rank(rank: int, total: int, depth: int) -> Shape:
    """The composition with ``rank`` compositions before it in lexicographic order."""
    shape = []
    for layers_after in range(depth - 1, 0, -1):
        width = 1
        while rank >= (as_wide := comb(total - width - 1, layers_after - 1)):
            rank -= as_wide
            width += 1
        shape.append(width)
        total -= width
    return (*shape, total)


def _integer_below(rng: np.random.Generator, bound: int) -> int:
    """A uniform integer in [0, bound), of any size (NumPy's own stop at 64 bits)."""
    bits = (bound - 1).bit_length()
    size = (bits + 7) // 8
    while (value := int.from_bytes(rng.bytes(size), "little") >> (8 * size - bits)) >= bound:
        pass
    return value


def _check_total_and_depth(total: int, depth: int | None) -> None:
    _check_positive("total", total)
    if depth is not None and (not _is_integer(depth) or not 1 <= depth <= total):
        raise ValueError(f"depth must be an integer from 1 to {total}, got {depth!r}")


def _check_positive(argument: str, value: int) -> None:
    if not _is_integer(value) or value < 1:
        raise ValueError(f"{argument} must be a positive integer, got {value!r}")


def _is_integer(value: object) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)
