"""Activation patterns as bits, and what is counted of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

#: Neurons whose states one word holds.
WORD = 64


class Counts(NamedTuple):
    """How many linear regions, by each definition; None where one was not counted.

    >>> Counts(activation_patterns=3, affine_pieces=2, breakpoints=1)._asdict()
    {'activation_patterns': 3, 'affine_pieces': 2, 'breakpoints': 1}
    """

    activation_patterns: int
    """Cells on which every neuron keeps its state."""
    affine_pieces: int | None
    """Neighbouring cells of the same affine function, merged."""
    breakpoints: int | None
    """Kinks of the output inside an interval; None in more than one dimension."""


def word_count(neurons: int) -> int:
    """How many words hold the states of so many neurons.

    >>> word_count(0), word_count(64), word_count(65)
    (0, 1, 2)
    """
    return -(-neurons // WORD)


def pack(bits: np.ndarray) -> np.ndarray:
    """The states of N neurons in each of m cells, (m, N) bool, as words, (m, ⌈N/64⌉) uint64.

    Bit k % 64 of word k // 64 is neuron k, counted through the layers.

    >>> pack(np.array([[True, False, True], [False, False, False]])).tolist()
    [[5], [0]]
    """
    cells, neurons = bits.shape
    padded = np.zeros((cells, word_count(neurons) * WORD), dtype=bool)
    padded[:, :neurons] = bits
    octets = np.packbits(padded, axis=1, bitorder="little")
    return octets.view("<u8").astype(np.uint64, copy=False)


def unpack(words: np.ndarray, n_bits: int) -> np.ndarray:
    """The states of N neurons, (m, n_bits) bool, from their words: the inverse of ``pack``.

    >>> unpack(np.array([[5], [0]], dtype=np.uint64), 3).tolist()
    [[True, False, True], [False, False, False]]
    """
    octets = np.ascontiguousarray(words, dtype="<u8").view(np.uint8)
    return np.unpackbits(octets, axis=1, count=n_bits, bitorder="little").astype(bool)
