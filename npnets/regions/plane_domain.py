"""Where a network's cells are sought: a convex polygon in the plane, which lies in input space."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from npnets.network import real_array

#: No coordinate of the domain may be larger, so that areas don't overflow.
LARGEST = 1e150
#: More than the relative rounding error of o + s u + t v, in ulps of 1/2.
_ROUNDINGS = 5 * 2.0**-53


class Plane(NamedTuple):
    """The inputs origin + s u + t v with the plane's coordinates (s, t)."""

    origin: np.ndarray
    """(d_in,)"""
    u: np.ndarray
    v: np.ndarray

    def inputs(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The inputs (n, d_in) at points (n, 2), and bounds (n,) on their rounding errors."""
        s, t = points[:, :1], points[:, 1:]
        if self.is_whole:
            return points.copy(), np.zeros(len(points))
        size = np.abs(self.origin) + np.abs(s * self.u) + np.abs(t * self.v)
        return self.origin + s * self.u + t * self.v, size.max(axis=1) * _ROUNDINGS + 2.0**-1000

    @property
    def is_whole(self) -> bool:
        """Whether these are the plane's own coordinates: origin 0, and u and v the axes."""
        return [part.tolist() for part in self] == [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]

    def exact_inputs(self, point: Sequence[Fraction]) -> list[Fraction]:
        """The d_in inputs at a point, without any rounding."""
        s, t = point
        if self.is_whole:
            return [s, t]
        return [
            Fraction(o) + s * Fraction(u) + t * Fraction(v)
            for o, u, v in zip(*(part.tolist() for part in self), strict=True)
        ]


def plane_of(plane: Sequence[ArrayLike] | None, d_in: int) -> Plane:
    """The plane (origin, u, v); for None the inputs themselves, which must be two.

    Raises
    ------
    ValueError
        If the inputs aren't two and no plane is given, or it isn't three finite (d_in,) arrays,
        or u and v are parallel.

    >>> plane_of(None, 3)
    Traceback (most recent call last):
    ...
    ValueError: plane must be given as (origin, u, v) for a network of 3 inputs
    """
    if plane is None:
        if d_in != 2:
            raise ValueError(
                f"plane must be given as (origin, u, v) for a network of {d_in} inputs"
            )
        return Plane(np.zeros(2), np.array([1.0, 0.0]), np.array([0.0, 1.0]))
    if len(plane) != 3:
        raise ValueError(f"plane must be (origin, u, v), got {len(plane)} of them")
    parts = []
    for name, part in zip(("origin", "u", "v"), plane, strict=True):
        array = real_array(f"plane's {name}", part).astype(np.float64)
        if array.shape != (d_in,):
            raise ValueError(f"plane's {name} must have shape ({d_in},), got {array.shape}")
        if not np.isfinite(array).all():
            raise ValueError(f"plane's {name} must hold finite numbers, got {array.tolist()}")
        parts.append(array)
    found = Plane(*parts)
    if _parallel(found.u, found.v):
        raise ValueError(
            f"plane's u and v must not be parallel, got {found.u.tolist()} and {found.v.tolist()}"
        )
    return found


def rectangle(low: ArrayLike, high: ArrayLike) -> np.ndarray:
    """The corners (4, 2), counterclockwise, of the points with low <= point <= high.

    Raises
    ------
    ValueError
        If low or high isn't one finite number or two, or low isn't below high.

    >>> rectangle(-1, (1, 2)).tolist()
    [[-1.0, -1.0], [1.0, -1.0], [1.0, 2.0], [-1.0, 2.0]]
    """
    bounds = []
    for name, value in (("low", low), ("high", high)):
        array = real_array(name, value).astype(np.float64)
        if array.shape not in ((), (2,)):
            raise ValueError(f"{name} must be one number or two, got shape {array.shape}")
        if not (np.abs(array) <= LARGEST).all():
            raise ValueError(f"{name} must be finite, from {-LARGEST} to {LARGEST}, got {value!r}")
        bounds.append(array.tolist() if array.shape else [float(array)] * 2)
    (x0, y0), (x1, y1) = bounds
    if not (x0 < x1 and y0 < y1):
        raise ValueError(f"low must be below high, got {low!r} and {high!r}")
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])


def convex_polygon(polygon: ArrayLike) -> np.ndarray:
    """The polygon's corners (k, 2), counterclockwise; clockwise ones are turned round.

    Raises
    ------
    ValueError
        If it isn't k >= 3 finite points, the corners of a convex polygon, each one a turn.

    >>> convex_polygon([[0, 0], [0, 1], [1, 0]]).tolist()
    [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]
    """
    points = real_array("polygon", polygon).astype(np.float64)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < 3:
        raise ValueError(f"polygon must have shape (3 or more, 2), got {points.shape}")
    if not (np.abs(points) <= LARGEST).all():
        raise ValueError(f"polygon must hold finite numbers, from {-LARGEST} to {LARGEST}")
    exact = [(Fraction(x), Fraction(y)) for x, y in points.tolist()]
    ways = [
        (x1 - x0, y1 - y0) for (x0, y0), (x1, y1) in zip(exact, exact[1:] + exact[:1], strict=True)
    ]
    turns = [
        x0 * y1 - y0 * x1 for (x0, y0), (x1, y1) in zip(ways, ways[1:] + ways[:1], strict=True)
    ]
    if all(turn < 0 for turn in turns):
        return convex_polygon(points[::-1])
    # one that turns left everywhere is convex if its direction goes round once
    lower = [y < 0 or (y == 0 and x < 0) for x, y in ways]
    rounds = sum(a and not b for a, b in zip(lower, lower[1:] + lower[:1], strict=True))
    if not (all(turn > 0 for turn in turns) and rounds == 1):
        raise ValueError(
            "polygon must be convex, each of its corners a turn, "
            f"got {points.tolist() if len(points) <= 8 else f'{len(points)} corners'}"
        )
    return points


def _parallel(u: np.ndarray, v: np.ndarray) -> bool:
    a, b = (list(map(Fraction, part.tolist())) for part in (u, v))
    k = next((k for k, number in enumerate(a) if number), None)
    return k is None or all(x * b[k] == y * a[k] for x, y in zip(a, b, strict=True))
