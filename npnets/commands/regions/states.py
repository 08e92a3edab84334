"""Activation patterns by layer, as text and as numbers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from npnets.network import Network

#: Patterns unpacked at a time, of perhaps a million.
AT_A_TIME = 1 << 12


def shape_of_states(net: Network) -> tuple[int, ...]:
    """The hidden widths; () of an identity network, whose neurons have no states."""
    from npnets.regions.exact import slope_below

    return () if slope_below(net) == 1 else net.widths[1:-1]


def layers_of(shape: tuple[int, ...]) -> list[slice]:
    """Which of all hidden neurons each hidden layer has.

    >>> layers_of((5, 7))
    [slice(0, 5, None), slice(5, 12, None)]
    """
    return [slice(*ends) for ends in pairwise(accumulate(shape, initial=0))]


def states_text(words: np.ndarray, shape: tuple[int, ...]) -> Iterator[str]:
    """Of each packed pattern a digit per neuron, 1 if it is active, and a blank between layers.

    >>> import numpy as np
    >>> list(states_text(np.array([[5]], dtype=np.uint64), (2, 2)))
    ['10 10']
    """
    import numpy as np

    from npnets.regions.patterns import unpack

    blanks = list(accumulate(shape))[:-1]
    for first in range(0, len(words), AT_A_TIME):
        states = unpack(words[first : first + AT_A_TIME], sum(shape))
        letters = np.insert(np.where(states, ord("1"), ord("0")), blanks, ord(" "), axis=1)
        for row in letters.astype(np.uint8):
            yield row.tobytes().decode()


def active_in_layers(words: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """How many neurons of each layer are active in each packed pattern, (m, layers).

    >>> import numpy as np
    >>> active_in_layers(np.array([[7]], dtype=np.uint64), (2, 2)).tolist()
    [[2, 1]]
    """
    import numpy as np

    return np.bitwise_count(words[:, None] & layer_masks(shape)).sum(axis=2, dtype=np.int64)


def layer_masks(shape: tuple[int, ...]) -> np.ndarray:
    """Packed patterns, (layers, words), in which the neurons of one layer are active, no others."""
    import numpy as np

    from npnets.regions.patterns import pack

    bits = np.zeros((len(shape), sum(shape)), dtype=bool)
    for row, layer in zip(bits, layers_of(shape), strict=True):
        row[layer] = True
    return pack(bits)
