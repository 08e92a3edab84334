"""Patterns of single neurons, such as moving one kink, told from those of the whole network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from npnets.curvature import finite_array
from npnets.landscape.neurons import hidden_neurons
from npnets.network import parameter_count


class Locality(NamedTuple):
    """How far each of r vectors over the parameters is the business of single hidden neurons."""

    neuron: np.ndarray
    """(r,) the hidden neuron with the largest share, counted through all layers; -1 if none is."""
    share: np.ndarray
    """(r,) its share of the vector's squared length, 0 to 1."""
    participation: np.ndarray
    """(r,) the number of neurons that take part, 1 and more."""


def locality(right_vectors: ArrayLike, widths: Sequence[int]) -> Locality:
    """Tell patterns of single neurons, such as moving one kink, from those of the whole network.

    A hidden neuron's parameters are its incoming weights, its bias and its outgoing weights (one
    between two hidden neurons is both's); what is left, biases of outputs or all of a network
    without hidden neurons, counts as one more neuron, but not as a candidate for the largest share.
    With s_h for the share of the squared length in neuron h's parameters and p_h = s_h / Σ s, the
    number that take part is the participation ratio 1 / Σ p_h².

    Parameters
    ----------
    right_vectors : (P, r) a vector in each column, such as ``JacobianSVD.right``
    widths : with input and output

    Raises
    ------
    ValueError
        If right_vectors is not (P, r), not finite, or has a column of zeros.

    >>> vectors = np.array([[1.0, 0, 1, 0, 1, 0, 0], [1, 1, 1, 1, 1, 1, 0]]).T
    >>> found = locality(vectors, (1, 2, 1))
    >>> found.neuron.tolist(), found.share.tolist(), found.participation.round(6).tolist()
    ([0, 0], [1.0, 0.5], [1.0, 2.0])
    """
    vectors, owners = finite_array("right_vectors", right_vectors), _owners(widths)
    if vectors.ndim != 2 or len(vectors) != owners.shape[1]:
        raise ValueError(
            f"right_vectors must have shape ({owners.shape[1]}, r), got {vectors.shape}"
        )
    squares = vectors**2
    total = squares.sum(axis=0)
    if not total.all():
        raise ValueError(f"right_vectors must have no column of zeros, got one: {total.argmin()}")
    shares = owners @ squares / total
    participation = shares.sum(axis=0) ** 2 / (shares**2).sum(axis=0)
    if len(shares) == 1:
        return Locality(np.full(len(total), -1), np.zeros(len(total)), participation)
    return Locality(shares[:-1].argmax(axis=0), shares[:-1].max(axis=0), participation)


def _owners(widths: Sequence[int]) -> np.ndarray:
    """(hidden neurons + 1, P): 1 where a parameter is a neuron's; the last row is for the rest."""
    neurons = hidden_neurons(widths)
    owners = np.zeros((len(neurons) + 1, parameter_count(widths)))
    for row, neuron in zip(owners, neurons, strict=False):
        row[neuron.incoming] = row[neuron.outgoing] = 1.0
    owners[-1] = ~owners.any(axis=0)
    return owners
