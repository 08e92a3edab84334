"""Which parameters are the business of which neuron."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from npnets.network import parameter_count, split_parameters


def neuron_groups(widths: Sequence[int]) -> list[tuple[str, np.ndarray]]:
    """Which parameters are a neuron's: its name and their places in θ, for each in turn.

    A hidden neuron has its incoming weights and its bias, in the last hidden layer its outgoing
    weights, too; what is left are the biases of the outputs, or all of a linear model.

    >>> [(name, places.tolist()) for name, places in neuron_groups((1, 2, 1))]
    [('1', [0, 2, 4]), ('2', [1, 3, 5]), ('output', [6])]
    """
    weights, biases = split_parameters(np.arange(parameter_count(widths)), widths)
    depth = len(weights) - 1
    groups = []
    for layer in range(depth):
        for j, bias in enumerate(biases[layer]):
            outgoing = weights[-1][:, j].tolist() if layer == depth - 1 else []
            name = f"{j + 1}" if depth == 1 else f"{layer + 1}.{j + 1}"
            groups.append((name, np.array([*weights[layer][j], bias, *outgoing])))
    rest = biases[-1] if depth else np.arange(parameter_count(widths))
    return [*groups, ("output", rest)]
