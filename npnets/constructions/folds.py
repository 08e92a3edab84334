"""Networks that fold a cube onto itself along every axis."""

from __future__ import annotations

import numpy as np

from npnets.constructions.sawtooths import sawtooth
from npnets.network import Network
from npnets.protocol import check_count


def folds(k: int, d: int = 2) -> Network:
    """k layers of 2d neurons that fold the cube [0, 1]^d, each along all d axes.

        Σ_i T^k(x_i),   T the tent map with its peak at ½

    A layer maps each of the 2^d cubes of half the side onto the whole one, and what further layers
    do to the whole they do to each of them. So there are 2^(dk) activation patterns and affine
    pieces on the cube, the cubes of side 2^-k; over R^d (2^k + 2)^d, or 3^d for k = 1. It is a
    sawtooth for each input, side by side (Montúfar, Pascanu, Cho and Bengio, On the number of
    linear regions of deep neural networks, NeurIPS 2014). All weights are exact in floats.

    Raises
    ------
    ValueError
        If k or d is not a positive integer.

    >>> folds(3).widths
    (2, 4, 4, 4, 1)
    >>> folds(1)([[0.0, 0.0], [0.5, 0.0], [0.5, 0.5], [0.25, 1.0]])[:, 0].tolist()
    [0.0, 1.0, 2.0, 0.5]
    """
    check_count("d", d, 1)
    one = sawtooth(k)
    weights = [np.kron(np.eye(d), w) for w in one.weights[:-1]]
    biases = [np.tile(b, d) for b in one.biases[:-1]]
    return Network([*weights, np.tile(one.weights[-1], d)], [*biases, one.biases[-1]])
