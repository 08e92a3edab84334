"""What a claim is: a statement, its figures, and the rule that decides each of them.

A rule is a range, written down before anything is measured. It holds when the median over the
seeds lies in the range, ends included; rules of :func:`every` want every seed's value in it. The
ranges follow from how a figure was claimed:

=====================================  =====================  ==================================
claimed                                rule                   range
=====================================  =====================  ==================================
counted, or given in closed form       ``exactly(x)``         x
a decimal that nothing random enters   ``rounds_to("1.33")``  what rounds to the digits given
a range, or a bound                    ``between(a, b)``,     the range, as it is claimed
                                       ``at_least``,
                                       ``at_most``
a count seen in one run                ``count(x)``           x ± 25 %, and never less than ± 1
a measured figure of 2 digits or more  ``about(x)``           x times or over 1.25
a rounded figure, "~10 %" or "400×"    ``roughly(x)``         x times or over 1.5
a power of ten; the loss of a run,     ``magnitude(x)``       x times or over √10
which varies by as much over seeds
a share, a correlation, an exponent    ``near(x, t)``         x ± t, t = 0.1 for a share or a
                                                              correlation, 0.02 for an accuracy
                                                              or a law without fitted constants
=====================================  =====================  ==================================

A figure of which nothing is random (a number of parameters, a count of compositions) is marked
``arithmetic``: one that fails does so for everybody, and makes its claim false by arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Rule:
    """A range from ``low`` to ``high``; ``text`` says how it came about."""

    low: float
    high: float
    text: str
    of_every_value: bool = False

    def allows(self, value: float) -> bool:
        """Whether the value lies in the range; NaN lies in none.

        >>> between(3, 4).allows(4), between(3, 4).allows(4.5), at_least(1).allows(math.nan)
        (True, False, False)
        """
        return self.low <= value <= self.high

    def holds(self, values: Sequence[float]) -> bool:
        """Whether the median of the values lies in the range, or all of them do."""
        if self.of_every_value:
            return all(map(self.allows, values))
        return self.allows(median(values))


def median(values: Sequence[float]) -> float:
    """The median, where NaN counts as larger than every number.

    A seed that gave no number is no reason to throw the others away: the median is NaN only where
    half of the seeds gave none.

    >>> median([3, 1, 2]), median([1, 2, math.nan]), median([1, math.nan])
    (2.0, 2.0, nan)
    """
    ordered = sorted(values, key=lambda value: (math.isnan(value), value))
    half = len(ordered) // 2
    return float(ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2)


def exactly(x: float) -> Rule:
    """Equal to x."""
    return Rule(x, x, f"= {x:,}")


def rounds_to(text: str) -> Rule:
    """Half a unit of the last digit given to either side.

    >>> rounds_to("1.33").allows(1.331), rounds_to("1.33").allows(1.336)
    (True, False)
    """
    half = 0.5 * 10.0 ** -len(text.partition(".")[2])
    return Rule(float(text) - half, float(text) + half, f"rounds to {text}")


def between(low: float, high: float) -> Rule:
    """From low to high."""
    return Rule(low, high, f"{low:,g} to {high:,g}")


def at_least(low: float) -> Rule:
    """Low or more."""
    return Rule(low, math.inf, f"≥ {low:,g}")


def at_most(high: float) -> Rule:
    """High or less."""
    return Rule(-math.inf, high, f"≤ {high:,g}")


def near(x: float, tolerance: float) -> Rule:
    """Within a tolerance, in the figure's own unit."""
    return Rule(x - tolerance, x + tolerance, f"{x:,g} ± {tolerance:g}")


def count(x: int) -> Rule:
    """A count that another run would not repeat to the last one.

    >>> (count(27).low, count(27).high), (count(2).low, count(2).high)
    ((20.25, 33.75), (1, 3))
    """
    return near(x, max(1, 0.25 * x))


def about(x: float) -> Rule:
    """Within a factor of 1.25."""
    return _within_factor(x, 1.25, "1.25")


def roughly(x: float) -> Rule:
    """Within a factor of 1.5."""
    return _within_factor(x, 1.5, "1.5")


def magnitude(x: float) -> Rule:
    """Within half an order of magnitude."""
    return _within_factor(x, math.sqrt(10), "√10")


def every(rule: Rule) -> Rule:
    """The rule, asked of every seed's value instead of their median."""
    return replace(rule, text=f"all seeds {rule.text}", of_every_value=True)


def _within_factor(x: float, factor: float, text: str) -> Rule:
    return Rule(x / factor, x * factor, f"{x:,g} ×/÷ {text}")


@dataclass(frozen=True)
class Figure:
    """One number of a claim.

    ``name`` is what a measurement calls it, after the claim: "A1.steep". ``claimed`` is the figure
    as the source gives it, ``meaning`` what exactly is to be measured where name and unit leave it
    open. ``untestable`` is the reason why nothing can decide it, or empty.
    """

    name: str
    claimed: str
    rule: Rule
    unit: str = ""
    meaning: str = ""
    arithmetic: bool = False
    untestable: str = ""


@dataclass(frozen=True)
class Claim:
    """A statement of one of the sources, in our words, with its figures."""

    id: str
    source: str
    statement: str
    figures: tuple[Figure, ...]

    def figure(self, name: str) -> Figure:
        """The figure of that name.

        Raises
        ------
        ValueError
            If the claim has none of that name; the message lists those it has.
        """
        from npnets.choices import check_choice

        figures = {figure.name: figure for figure in self.figures}
        return figures[check_choice(f"figure of {self.id}", name, figures)]
