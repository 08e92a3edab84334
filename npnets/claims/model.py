"""What a claim is: a statement, its figures, and the rule that decides each of them.

A rule is a range, written down before anything is measured. It holds when the median over the
seeds lies in the range, ends included; rules of :func:`every` want every seed's value in it. The
ranges follow from how a figure was claimed:

=====================================  =====================  ==================================
claimed                                rule                   range
=====================================  =====================  ==================================
counted, or given in closed form       ``exactly(x)``         x
a decimal, meant to its last digit     ``rounds_to("1.33")``  what rounds to the digits given
a range, or a bound                    ``between(a, b)``,     the range, as it is claimed
                                       ``at_least``,
                                       ``at_most``
what something built reaches: an       ``at_most(x)``         x, or what is better
error, a number of regions             ``at_least(x)``
a count seen in one run                ``count(x)``           x ± 25 %, and never less than ± 1
a measured figure of 2 digits or more  ``about(x)``           x times or over 1.25
that is not among those below; a
share of less than 10 %
a gain, "2.1×"                         ``about(x)``           x times or over 1.25
a rounded figure, "~10 %" or "400×"    ``roughly(x)``         x times or over 1.5
a power of ten; what varies by as      ``magnitude(x)``       x times or over √10
much over seeds: losses, their
ratios, condition numbers
a share, a correlation, an exponent    ``near(x, 0.1)``       x ± 0.1
an accuracy, or what a law without     ``near(x, 0.02)``      x ± 0.02
fitted constants says
so many for each neuron: a quotient,   ``near(x, t)``         x ± t, t = 0.25 for "0" and a
or a slope over widths                                        quotient of 1, 0.3 for one of 3, 0.5
                                                              for slopes of "~1" and "~2"
a depth in layers that a law gives     ``near(x, 0.5)``       x ± half a layer
=====================================  =====================  ==================================

A claim in words is a range too, of what its figure's ``meaning`` says:

=====================================  =====================  ==================================
words                                  rule                   range
=====================================  =====================  ==================================
"better", "worse", "higher",           ``at_most(1)`` or      the right side of 1 for one value
"no higher", "before"; "none" of a     ``at_least(1)``        over the other; how far beyond is
gain; "79×" where only which of two                           not claimed
is larger is at stake
"explains"                             ``at_least(0)``        of the difference
"some", "local maxima", "solved"       ``at_least(1)``        one at least
"none" of a count                      ``at_most(0)``         none
"aligned"; "none" of a cosine          0.9                    0.9 at least, or at most
"single neurons", "they die",          ``at_least(0.5)``      a share of half at least, or such a
"saturates", "causes"                                         correlation
"almost all", "succeeds"; "all"        ``at_least(0.9)``;     nine of ten; 19 of 20
                                       ``0.95``
"best"                                 ``at_most(0.01)``      among the first hundredth
"fails"                                ``at_most(0.75)``,     what chance and one line reach
                                       ``at_most(0.7)``
"equal"                                ``about(1)``           1 times or over 1.25
"works"                                ``near(0, 0.02)``      as good as what it is put beside
"kept"                                 ``between(0.5, 2)``    twice or half of what came in
"vanishes"; "differs"                  1e-3; 1e3              a thousandth at most, a thousand
                                                              times at least
"never vanishes"                       ``at_least(0.1)``      a tenth of what came in
"accurate", "smooth"                   0.1; 0.05              a relative error of 10 %, 5 %
"stable", "no improvement after"       4; 2                   largest over smallest, at most
"O(1)"                                 ``at_most(4)``         the same bound for all sizes
"0" or "right" of a float              1e-6 to 1e-12          rounding, after training or without
"random walk", "falls"                 ``near(x, 0.1)``       the exponents ½ and -2 of theory
"NaN", "solve it"                      ``exactly(x)``         a count
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

    def number(self, name: str) -> float:
        """What the source gives for a figure, per cent as a share.

        Raises
        ------
        ValueError
            If there is no such figure, or it is claimed as a range or in words.

        >>> figures = Figure("gain", "2.1×", about(2.1)), Figure("share", "~10 %", roughly(0.1))
        >>> claim = Claim("Z1", "nowhere", "Made up.", figures)
        >>> claim.number("gain"), claim.number("share")
        (2.1, 0.1)
        """
        text = self.figure(name).claimed.replace(",", "").removeprefix("~").removesuffix("×")
        return float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)

    def bounds(self, name: str) -> tuple[float, float]:
        """The lowest and the highest value that a figure's rule allows.

        Raises
        ------
        ValueError
            If there is no such figure.
        """
        rule = self.figure(name).rule
        return rule.low, rule.high
