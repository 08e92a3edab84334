"""Points and boxes as they are typed and told."""

from __future__ import annotations

import math
from collections.abc import Sequence

#: Of points of more inputs only the first numbers are told.
MOST_COORDINATES = 6


def numbers(name: str, text: str) -> tuple[float, ...]:
    """The numbers of a text like 0,0.5.

    Raises
    ------
    ValueError
        Naming what was typed as ``name``.

    >>> numbers("low", "0,-inf")
    (0.0, -inf)
    """
    try:
        values = tuple(map(float, text.split(",")))
    except ValueError:
        values = (math.nan,)
    if any(map(math.isnan, values)):
        raise ValueError(f"{name} must be numbers joined by commas, like 0,0.5, got {text!r}")
    return values


def per_input(name: str, text: str, d_in: int) -> tuple[float, ...]:
    """A number for each input, or one for all of them.

    >>> per_input("low", "-1", 3), per_input("low", "0,1", 2)
    ((-1.0, -1.0, -1.0), (0.0, 1.0))
    """
    values = numbers(name, text)
    if len(values) not in (1, d_in):
        raise ValueError(f"{name} must be 1 or {d_in} numbers, for {d_in} inputs, got {text!r}")
    return values if len(values) == d_in else values * d_in


def point(name: str, text: str, d_in: int) -> tuple[float, ...]:
    """A point that is not at infinity.

    >>> point("start", "0,1", 2)
    (0.0, 1.0)
    """
    values = numbers(name, text)
    if len(values) != d_in or not all(map(math.isfinite, values)):
        raise ValueError(f"{name} must be {d_in} finite numbers, of {d_in} inputs, got {text!r}")
    return values


def point_text(values: Sequence[float]) -> str:
    """A point, of many inputs the first few.

    >>> point_text((0.5, 1.0)), point_text(range(9))
    ('(0.5, 1)', '(0, 1, 2, 3, 4, 5, …)')
    """
    more = ["…"] if len(values) > MOST_COORDINATES else []
    return f"({', '.join([*map(number, values[:MOST_COORDINATES]), *more])})"


def number(value: float) -> str:
    """At most six digits.

    >>> number(-0.5), number(1e-7), number(math.inf)
    ('-0.5', '1e-07', '∞')
    """
    return f"{value:.6g}".replace("inf", "∞")


def box(low: Sequence[float], high: Sequence[float]) -> str:
    """A box, or an interval, as a product; a power if all sides are the same.

    >>> box((-1.0,), (1.0,)), box((0.0, -1.0), (1.0, 1.0)), box((-math.inf,) * 3, (math.inf,) * 3)
    ('[-1, 1]', '[0, 1] × [-1, 1]', 'all of R^3')
    """
    sides = list(zip(low, high, strict=True))
    if all(map(math.isinf, (*low, *high))):
        return f"all of R^{len(sides)}" if len(sides) > 1 else "all of R"
    texts = [_interval(*side) for side in sides]
    if len(set(texts)) == 1 and len(texts) > 1:
        return f"{texts[0]}^{len(texts)}"
    more = ["…"] if len(texts) > MOST_COORDINATES else []
    return " × ".join([*texts[:MOST_COORDINATES], *more])


def _interval(low: float, high: float) -> str:
    opening, closing = "(" if math.isinf(low) else "[", ")" if math.isinf(high) else "]"
    return f"{opening}{number(low)}, {number(high)}{closing}"
