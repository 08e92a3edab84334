"""x² on [0, 1]: by interpolation, by the best that n neurons can do, and by depth."""

from __future__ import annotations

import numpy as np

from npnets.choices import check_choice
from npnets.constructions.sawtooths import tent_weights
from npnets.network import Network
from npnets.protocol import check_count

FITS = ("interpolation", "sup", "l2")


def square_from_relus(n: int = 4, fit: str = "interpolation") -> Network:
    """x² on [0, 1] by one hidden layer of n neurons.

    interpolation
        Hinges at 0, 1/n, …, (n - 1)/n, equal to x² there and at 1: n pieces on [0, 1].

            (1/n²) φ(nx) + (2/n²) Σ_{0<i<n} φ(nx - i),     sup error 1/(4n²), ∫ error² = 1/(30n⁴)

    sup, l2
        The best of all networks of the shape. Hinges at t, 3t, …, (2n - 1)t, t = 1/(2n + 1), equal
        jumps 4t of the slope, and n + 1 pieces on [0, 1], the first constant:

            t²/2 + 4t² Σ_{0<i≤n} φ(x/t - (2i - 1)),        sup error t²/2
            t²/3 + 4t² Σ_{0<i≤n} φ(x/t - (2i - 1)),        ∫ error² = 4t⁴/45

    Both optima differ in the constant only. Why they are best: on a piece of length h no straight
    line comes closer to x² than h²/8 in sup norm or h⁵/180 in ∫ error², and no line of slope ≤ 0 on
    a piece [0, t] closer than t²/2 or 4t⁵/45, which constants reach.

    1. If a neuron has no hinge inside (0, 1) or two have the same, there are at most n pieces and
       the errors are at least 1/(8n²) and 1/(180n⁴), more than the above, which are
       1/(8 (n + ½)²) and 1/(180 (n + ½)⁴).
    2. If two pieces meet in a kink that bends down, the function is concave on both, and no concave
       function is closer to x² than a line. So they count as one, and again there are n pieces.
    3. Else all n neurons bend up inside (0, 1). Before the first hinge only neurons that look left
       are active, so the slope there is minus the sum of their jumps, which is ≤ 0: the first piece
       costs t²/2 or 4t⁵/45. Equal cost of all in sup norm, and the least sum of costs in the other,
       is at lengths t, 2t, …, 2t. There the best lines of the pieces meet: errors at all ends are
       t²/2, or 2t²/3, so they make one continuous function, and its jumps are as above.

    All weights are exact in floats where n is a power of two and fit is interpolation; hinges are
    exact rationals always, the values to rounding.

    Parameters
    ----------
    n : neurons, at least 1
    fit : interpolation, sup or l2

    >>> square_from_relus(4)([0.25, 0.5, 0.75, 1.0, 0.125])[:, 0].tolist()
    [0.0625, 0.25, 0.5625, 1.0, 0.03125]
    >>> float(81 * 2 * abs(square_from_relus(4, "sup")([0.0]) - 0.0)[0, 0])
    1.0
    """
    check_count("n", n, 1)
    check_choice("fit", fit, FITS)
    if fit == "interpolation":
        pieces, hinges, constant = n, np.arange(n), 0.0
        jumps = np.where(hinges == 0, 1.0, 2.0)
    else:
        pieces, hinges = 2 * n + 1, 2 * np.arange(n) + 1
        constant = (1 / 2 if fit == "sup" else 1 / 3) / pieces**2
        jumps = np.full(n, 4.0)
    return Network(
        [np.full((n, 1), float(pieces)), jumps[None] / pieces**2],
        [(-hinges).astype(float), np.array([constant])],
    )


def square_from_depth(k: int) -> Network:
    """x² on [0, 1] by k hidden layers of at most 3 neurons: the interpolant on 2^k pieces.

        x² ≈ x - Σ_{0<s≤k} T^s(x) / 4^s,     sup error 4^-(k+1), ∫ error² = 1/(30 · 16^k)

    with T^s the sawtooth of 2^s pieces: the interpolants of x² on 2^(s-1) and on 2^s pieces differ
    by it (Yarotsky, Error bounds for approximations with deep ReLU networks, Neural Networks 94,
    2017, proposition 2). Two neurons of a layer fold, the third carries the sum. All weights are
    exact in floats for k ≤ 500. On [0, 1] there are 2^k activation patterns and affine pieces.

    >>> square_from_depth(2).widths
    (1, 2, 3, 1)
    >>> square_from_depth(2)([0.25, 0.5, 0.75, 1.0, 0.125])[:, 0].tolist()
    [0.0625, 0.25, 0.5625, 1.0, 0.03125]
    """
    check_count("k", k, 1, 500)
    tent = tent_weights()[0]
    # The first layer's φ(x) is the sum so far, too: on [0, 1] x is what is carried.
    sums = np.array([[1.0, 0.0] - tent / 4])
    weights, biases = [np.ones((2, 1))], [np.array([0.0, -0.5])]
    for s in range(2, k + 1):
        fold = np.zeros(weights[-1].shape[0])
        fold[:2] = tent
        weights.append(np.vstack([fold, fold, sums]))
        biases.append(np.array([0.0, -0.5, 0.0]))
        sums = np.array([[*-tent / 4**s, 1.0]])
    return Network([*weights, sums], [*biases, np.zeros(1)])
