"""Errors and extremes of many networks on samples, from the compiled kernel."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from npnets_kernels.activations import NAMES
from npnets_kernels.evaluate import evaluate as kernel

from npnets.backends.compiled import pad_samples, pad_weights
from npnets.backends.layout import Layout


class Evaluated(NamedTuple):
    """What K networks do on samples; rows are their neurons', as ``Layout.row_offsets`` has them.

    Neurons that were not watched have the extremes inf and -inf.
    """

    loss: np.ndarray
    """(K,) the mean squared error."""
    lowest: np.ndarray
    """(rows,) the least value of each neuron, after its activation."""
    highest: np.ndarray
    """(rows,) the greatest."""


def evaluate(
    layout: Layout,
    theta: np.ndarray,
    activation: str,
    slope: float,
    x: np.ndarray,
    y: np.ndarray,
    hidden: bool = False,
) -> Evaluated:
    """Networks with parameters θ, one after another, on x (n, d_in) and y (n, d_out), in float64.

    Outputs are watched, and with ``hidden`` all neurons, which takes twice the time.

    >>> x = np.array([[0.0], [1.0]])
    >>> evaluate(Layout.of([(1, 1)]), np.array([2.0, 1.0]), "relu", 0.0, x, 0 * x).loss.tolist()
    [5.0]
    """
    return Evaluated(
        *kernel(
            layout.widths,
            layout.width_offsets,
            theta,
            layout.offsets,
            layout.row_offsets,
            pad_samples(x.T),
            pad_samples(y.T),
            pad_weights(len(x), 1 / y.size, theta.dtype),
            NAMES.index(activation),
            float(slope),
            hidden,
        )
    )
