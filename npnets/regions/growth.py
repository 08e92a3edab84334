"""How many activation patterns the first neurons of a network make: regions as it grows.

Neurons in layer order see only those before them. So cutting the last ones off leaves a network
whose cells are those that share their first states, and counting these needs no new search.
"""

from __future__ import annotations

import numpy as np

#: Each octet with its bits in the opposite order.
_MIRRORED = np.packbits(np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)[:, ::-1])


def growth(words: np.ndarray, neurons: int) -> np.ndarray:
    """The distinct patterns of the first 0, 1, …, N neurons, (N + 1,), over all cells.

    Two cells share the states of the first n neurons if theirs first differ at a later one. In
    lexicographic order those that share them are neighbours, so that

        count(n) = 1 + the neighbours whose first difference is among the first n neurons

    Parameters
    ----------
    words : (m, ⌈N/64⌉) packed patterns, one of each cell, m ≥ 1
    neurons : N

    >>> from npnets.regions.patterns import pack
    >>> growth(pack(np.array([[1, 1, 0], [0, 1, 1], [0, 1, 0]], dtype=bool)), 3).tolist()
    [1, 2, 2, 3]
    """
    octets = _MIRRORED[np.ascontiguousarray(words, dtype="<u8").view(np.uint8)]
    if octets.shape[1] == 0:
        return np.ones(1, dtype=np.int64)
    rows = octets.view(f"V{octets.shape[1]}")[:, 0]
    octets = np.sort(rows).view(np.uint8).reshape(octets.shape)
    differing = octets[1:] ^ octets[:-1]
    octet = (differing != 0).argmax(axis=1)
    value = differing[np.arange(len(differing)), octet]
    first = 8 * octet + 8 - np.frexp(value.astype(np.float32))[1]
    seen = np.bincount(first[value != 0], minlength=neurons)
    return 1 + np.concatenate([[0], np.cumsum(seen)])
