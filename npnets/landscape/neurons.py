"""Which parameters are the business of which neuron."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from npnets.network import parameter_count, split_parameters


class Neuron(NamedTuple):
    """A hidden neuron, and where its parameters are in θ."""

    layer: int
    """Its hidden layer, from 0 on."""
    place: int
    """Its place there, from 0 on."""
    incoming: np.ndarray
    """Its incoming weights and its bias."""
    outgoing: np.ndarray
    """Its outgoing weights, which are incoming ones of the next layer."""


def hidden_neurons(widths: Sequence[int]) -> list[Neuron]:
    """All hidden neurons, layer after layer.

    >>> [(one.incoming.tolist(), one.outgoing.tolist()) for one in hidden_neurons((1, 2, 1))]
    [([0, 2], [4]), ([1, 3], [5])]
    """
    weights, biases = split_parameters(np.arange(parameter_count(widths)), widths)
    return [
        Neuron(layer, i, np.append(weights[layer][i], bias), weights[layer + 1][:, i])
        for layer in range(len(weights) - 1)
        for i, bias in enumerate(biases[layer])
    ]


def neuron_groups(widths: Sequence[int]) -> list[tuple[str, np.ndarray]]:
    """Which parameters are a neuron's: its name and their places in θ, for each in turn.

    A hidden neuron has its incoming weights and its bias, in the last hidden layer its outgoing
    weights, too; what is left are the biases of the outputs, or all of a linear model.

    >>> [(name, places.tolist()) for name, places in neuron_groups((1, 2, 1))]
    [('1', [0, 2, 4]), ('2', [1, 3, 5]), ('output', [6])]
    """
    depth, size = len(widths) - 2, parameter_count(widths)
    groups = []
    for layer, i, incoming, outgoing in hidden_neurons(widths):
        name = f"{i + 1}" if depth == 1 else f"{layer + 1}.{i + 1}"
        last = layer == depth - 1
        groups.append((name, np.append(incoming, outgoing) if last else incoming))
    return [*groups, ("output", np.arange(size - widths[-1] if depth else 0, size))]
