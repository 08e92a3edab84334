"""Many networks of different widths in flat arrays, one network after another."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, chain
from typing import NamedTuple

import numpy as np


class Layout(NamedTuple):
    """Where each of K networks lies; network k's part of an array is ``offsets[k]:offsets[k+1]``.

    >>> layout = Layout.of([(1, 2, 1), (1, 1)])
    >>> layout.widths.tolist(), layout.offsets.tolist(), layout.row_offsets.tolist()
    ([1, 2, 1, 1, 1], [0, 7, 9], [0, 4, 6])
    """

    widths: np.ndarray
    """All widths, input and output included."""
    width_offsets: np.ndarray
    """(K + 1,) offsets into ``widths``."""
    offsets: np.ndarray
    """(K + 1,) offsets into all parameters."""
    row_offsets: np.ndarray
    """(K + 1,) offsets into all neurons, inputs and outputs included."""

    @classmethod
    def of(cls, widths: Sequence[tuple[int, ...]]) -> Layout:
        """The layout of networks of these widths, which are taken to be valid."""
        flat = np.fromiter(chain.from_iterable(widths), dtype=np.int64)
        width_offsets = np.array([0, *accumulate(map(len, widths))])
        rows, parameters = np.zeros((2, len(flat) + 1), dtype=np.int64)  # before each width
        rows[1:] = flat
        parameters[2:] = flat[1:] * (flat[:-1] + 1)  # of the layer that ends in each width
        parameters[width_offsets[:-1] + 1] = 0  # the first width of a network ends no layer
        rows.cumsum(out=rows)
        parameters.cumsum(out=parameters)
        return cls(flat, width_offsets, parameters[width_offsets], rows[width_offsets])
