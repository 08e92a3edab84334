"""Patterns of the first neurons, against sets of tuples."""

import numpy as np
import pytest

from npnets.regions.growth import growth
from npnets.regions.patterns import pack


@pytest.mark.parametrize("neurons", [0, 1, 7, 8, 9, 63, 64, 65, 130])
@pytest.mark.parametrize("cells", [1, 2, 200])
def test_it_counts_the_different_beginnings_of_all_patterns(neurons, cells):
    states = np.random.default_rng(neurons).random((cells, neurons)) < 0.1
    expected = [len({tuple(row[:n]) for row in states.tolist()}) for n in range(neurons + 1)]
    assert growth(pack(states), neurons).tolist() == expected
