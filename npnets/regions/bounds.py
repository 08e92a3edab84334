"""How many linear regions a ReLU network of some shape can have, at most and at least, by theory.

Counts are of a network's cells over all of R^d, in whole numbers. Upper bounds are of activation
patterns, so of affine pieces too. Lower bounds are what some network of the shape reaches in affine
pieces, so in activation patterns too: not what every network has. A shape is the widths n_1 … n_L
of the hidden layers; the output's width never matters.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, factorial, prod
from typing import NamedTuple

from npnets.network import check_widths
from npnets.protocol import check_count
from npnets.regions.patterns import Counts


class Bounds(NamedTuple):
    """What theory says of one shape; None where a theorem is silent."""

    montufar_2014_lower: int | None
    serra_2018_lower: int | None
    arora_2018_lower: int | None
    hanin_rolnick_2019: int | None
    """An order of magnitude at initialisation, neither above nor below the others."""
    serra_2018_upper: int | None
    montufar_2017_upper: int
    raghu_2017_upper: int
    montufar_2014_upper: int

    @property
    def lower(self) -> int:
        """The largest lower bound: some network has as many affine pieces; 1 if none is known."""
        return max(filter(None, self[:3]), default=1)

    @property
    def upper(self) -> int:
        """The least upper bound: no network has more activation patterns."""
        return min(filter(None, self[4:]))


def bounds(shape: Sequence[int], d_in: int = 1, slope: float = 0.0) -> Bounds:
    """All bounds of this module for one shape.

    A slope other than 0 is that of LeakyReLU, for which only the upper bounds that look at widths
    hold; one with slope 1 is linear, and all of them are 1.

    Raises
    ------
    ValueError
        If a width or d_in is not a positive integer.

    >>> bounds((3, 2), d_in=2)._asdict()  # doctest: +NORMALIZE_WHITESPACE
    {'montufar_2014_lower': 9, 'serra_2018_lower': None, 'arora_2018_lower': 4,
     'hanin_rolnick_2019': 13, 'serra_2018_upper': 25, 'montufar_2017_upper': 28,
     'raghu_2017_upper': 28, 'montufar_2014_upper': 32}
    >>> bounds((3, 2), d_in=2).lower, bounds((3, 2), d_in=2).upper
    (9, 25)
    """
    shape = _check_shape(shape, d_in)
    if slope == 1:
        return Bounds(*[1] * len(Bounds._fields))
    above = montufar_2017_upper(shape, d_in), raghu_2017_upper(shape, d_in)
    if slope != 0:
        return Bounds(None, None, None, None, None, *above, montufar_2014_upper(shape))
    return Bounds(
        montufar_2014_lower(shape, d_in),
        serra_2018_lower(shape, d_in),
        arora_2018_lower(shape, d_in),
        hanin_rolnick_2019(shape, d_in),
        serra_2018_upper(shape, d_in),
        *above,
        montufar_2014_upper(shape),
    )


def arrangement(n: int, d: int) -> int:
    """The cells of n hyperplanes in general position in R^d, the most that n can make.

        Σ_{i ≤ d} C(n, i)

    So it is the largest count of activation patterns of one hidden layer of n neurons, and almost
    every such layer has it. General position: any k ≤ d of them meet in dimension d - k, and no
    d + 1 of them meet (Schläfli, 1901; Zaslavsky, Facing up to arrangements, 1975).

    >>> [arrangement(n, 2) for n in range(5)], arrangement(100, 3)
    ([1, 2, 4, 7, 11], 166751)
    """
    check_count("n", n, 0)
    check_count("d", d, 0)
    return _sum_of_binomials(n, d)


def central_arrangement(n: int, d: int) -> int:
    """The cells of n hyperplanes through one point of R^d, any d of them independent.

        2 Σ_{i < d} C(n - 1, i),   1 for n = 0

    It is the count of one hidden layer without biases (Schläfli, 1901; Cover, 1965).

    >>> [central_arrangement(n, 2) for n in range(5)], central_arrangement(5, 3)
    ([1, 2, 4, 6, 8], 22)
    """
    check_count("n", n, 0)
    check_count("d", d, 1)
    return 2 * _sum_of_binomials(n - 1, d - 1) if n else 1


def montufar_2014_upper(shape: Sequence[int]) -> int:
    """2^N for N hidden neurons: as many patterns as N bits have (Montúfar et al., NeurIPS 2014).

    >>> montufar_2014_upper((3, 2))
    32
    """
    return 2 ** sum(shape)


def montufar_2014_lower(shape: Sequence[int], d_in: int) -> int:
    """What folding the input space onto itself reaches.

        Π_{l < L} ⌊n_l / d⌋^d · Σ_{i ≤ d} C(n_L, i)   for all n_l ≥ d

    Each layer but the last folds a cube onto itself, ⌊n_l / d⌋ times along each axis; the last cuts
    all copies at once (Montúfar, Pascanu, Cho and Bengio, On the number of linear regions of deep
    neural networks, NeurIPS 2014). A network can look at some of its inputs only, so the largest
    value over d = 1 … d_in is taken.

    >>> montufar_2014_lower((4, 4), 2)
    44
    >>> montufar_2014_lower((3, 3, 3), 3)  # 8 for d = 3, but 3 · 3 · 4 for d = 1
    36
    """
    return max(_folds(shape, d, 0) for d in range(1, min(d_in, *shape) + 1)) if shape else 1


def serra_2018_lower(shape: Sequence[int], d_in: int) -> int | None:
    """What folding reaches if n neurons fold n + 1 times, which takes three of them at least.

        Π_{l < L} (⌊n_l / d⌋ + 1)^d · Σ_{i ≤ d} C(n_L, i)   for all n_l ≥ 3d

    (Serra, Tjandraatmadja and Ramalingam, Bounding and counting linear regions of deep neural
    networks, ICML 2018). The largest value over d = 1 … d_in; None if a layer has fewer than three
    neurons. For one input it equals the upper bound.

    >>> serra_2018_lower((6, 6), 2), serra_2018_lower((3, 3), 1), serra_2018_lower((3, 2), 1)
    (352, 16, None)
    """
    fitting = range(1, min(d_in, *(width // 3 for width in shape)) + 1) if shape else ()
    return max((_folds(shape, d, 1) for d in fitting), default=None)


def arora_2018_lower(shape: Sequence[int], d_in: int) -> int:
    """What a sawtooth of the width of a polytope reaches.

        2 Σ_{i < d} C(m - 1, i) · Π_{l ≥ 2} n_l,   m = ⌊n_1 / 2⌋

    The first layer makes Σ_{j ≤ m} |u_j·x|, linear on the cells of m hyperplanes through the origin
    and the support function of a zonotope; each further layer folds its values n_l times (Arora,
    Basu, Mianjy and Mukherjee, Understanding deep neural networks with rectified linear units, ICLR
    2018, which has equal widths from the second layer on).

    >>> arora_2018_lower((6, 2, 2), 2)  # 6 sectors of the plane, 4 teeth
    24
    """
    return central_arrangement(shape[0] // 2, d_in) * prod(shape[1:]) if shape else 1


def raghu_2017_upper(shape: Sequence[int], d_in: int) -> int:
    """Each layer cuts each of the cells before it as an arrangement in R^d_in does.

        Π_l Σ_{i ≤ d_in} C(n_l, i)

    (Raghu, Poole, Kleinberg, Ganguli and Sohl-Dickstein, On the expressive power of deep neural
    networks, ICML 2017, which gives its order n^(d_in L) for equal widths.)

    >>> raghu_2017_upper((3, 2, 3), 2)
    196
    """
    return prod(_sum_of_binomials(width, d_in) for width in shape)


def montufar_2017_upper(shape: Sequence[int], d_in: int) -> int:
    """Raghu's product with the dimension that widths leave: a cell's image is no wider than they.

        Π_l Σ_{i ≤ d_l} C(n_l, i),   d_l = min(d_in, n_1, …, n_{l-1})

    (Montúfar, Notes on the number of linear regions of deep neural networks, 2017). It holds for
    LeakyReLU, too.

    >>> montufar_2017_upper((3, 2, 3), 2), montufar_2017_upper((3, 1, 3), 2)
    (196, 56)
    """
    narrowest = (min(d_in, *shape[:layer], d_in) for layer in range(len(shape)))
    return prod(map(_sum_of_binomials, shape, narrowest))


def serra_2018_upper(shape: Sequence[int], d_in: int) -> int:
    """The product with the dimension that inactive neurons leave.

        Σ_{j ∈ J} Π_l C(n_l, j_l),   J = {j: 0 ≤ j_l ≤ min(d_in, n_1 - j_1, …, n_{l-1} - j_{l-1})}

    On cells with k active neurons in a layer, all that follows sees at most k dimensions (Serra,
    Tjandraatmadja and Ramalingam, ICML 2018, theorem 1). The sum is over ever longer j, grouped by
    the dimension they leave. Its proof is for ReLU: inactive LeakyReLUs keep their dimension.

    >>> serra_2018_upper((3, 2), 2)  # (1 + 3) · 4 + 3 · 3
    25
    >>> serra_2018_upper((1, 1, 1), 1), serra_2018_upper((3, 3), 1)
    (4, 16)
    """
    cells = {d_in: 1}
    for width in shape:
        choices = [comb(width, j) for j in range(width + 1)]
        found: dict[int, int] = {}
        for dimension, count in cells.items():
            for j in range(min(dimension, width) + 1):
                left = min(dimension, width - j)
                found[left] = found.get(left, 0) + count * choices[j]
        cells = found
    return sum(cells.values())


def hanin_rolnick_2019(shape: Sequence[int], d_in: int) -> int:
    """The order of the expected count of activation patterns of a random network, to a whole.

        N^d / d!  for N ≥ d,   2^N  for N < d,   with N hidden neurons and d = d_in

    The theorem: with independent weights and biases that have densities, biases not too
    concentrated, the expected count in a cube of side ≥ δ_0 is at most its volume times
    (T N)^d / d!, with T and δ_0 of the distributions alone (T = 32 C_grad C_bias; Hanin and
    Rolnick, Deep ReLU networks have surprisingly few activation patterns, NeurIPS 2019). Here T
    and the volume are 1: what to compare growth with, as depth has no part in it. One layer in
    general position has Σ_{i ≤ d} C(N, i) cells over all of R^d, whose leading term N^d / d! is.

    >>> hanin_rolnick_2019((8, 8), 2), hanin_rolnick_2019((16,), 2), hanin_rolnick_2019((2,), 5)
    (128, 128, 4)
    """
    neurons = sum(shape)
    if neurons < d_in:
        return 2**neurons
    return (2 * neurons**d_in + factorial(d_in)) // (2 * factorial(d_in))


def width_one_chain(depth: int, slope: float = 0.0) -> Counts:
    """The most regions that ``depth`` hidden layers of width 1 can make, in any dimension.

        activation patterns  L + 1
        affine pieces        min(L, 2) + 1 for ReLU, L + 1 for LeakyReLU of slope > 0, not 1
        breakpoints          affine pieces - 1, on a line

    All is constant across the first layer's weight vector, so let the input be one number x. Each
    preactivation is monotone in x, as φ and affine maps are. So each neuron changes its state at
    most once, which makes at most L + 1 patterns.

    LeakyReLU is strictly monotone and onto: every next hinge can be put anywhere, so the output can
    bend at each of L places.

    With ReLU, a_l is x ↦ min(max(αx + β, p), q), a ramp between two levels, one of which may be
    infinite: a_1 = max(wx + b, 0) is, and an affine map of a ramp is one, and its maximum with 0 is
    one. So the output never bends at more than two points; the second layer reaches two, c - a_1
    cut at 0: φ(1 - φ(x)) is 1, then 1 - x, then 0. Further layers can cut the ramp shorter, and so
    make new patterns: one each, if they cut it inside.

    >>> width_one_chain(1), width_one_chain(10).affine_pieces, width_one_chain(10, 0.01)[1]
    (Counts(activation_patterns=2, affine_pieces=2, breakpoints=1), 3, 11)
    """
    check_count("depth", depth, 0)
    if slope < 0:
        raise ValueError(f"slope must not be negative, got {slope}")
    if slope == 1:
        return Counts(1, 1, 0)
    bends = depth if slope else min(depth, 2)
    return Counts(depth + 1, bends + 1, bends)


def _folds(shape: Sequence[int], d: int, more: int) -> int:
    """The regions if layers fold each of d axes ⌊n_l / d⌋ + ``more`` times and the last cuts."""
    return prod((width // d + more) ** d for width in shape[:-1]) * _sum_of_binomials(shape[-1], d)


def _sum_of_binomials(n: int, d: int) -> int:
    """Σ_{i ≤ d} C(n, i), each from the last: C(n, i) = C(n, i - 1) (n - i + 1) / i."""
    total = term = 1
    for i in range(1, min(n, d) + 1):
        term = term * (n - i + 1) // i
        total += term
    return total


def _check_shape(shape: Sequence[int], d_in: int) -> tuple[int, ...]:
    check_count("d_in", d_in, 1)
    return check_widths((d_in, *shape, 1))[1:-1]
