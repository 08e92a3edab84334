from __future__ import annotations

import numpy as np
import pytest

from npnets.regions.patterns import pack, unpack, word_count


@pytest.mark.parametrize("neurons", [0, 1, 7, 8, 63, 64, 65, 128, 200])
@pytest.mark.parametrize("cells", [0, 1, 5])
def test_what_is_packed_comes_back(cells, neurons):
    bits = np.random.default_rng(neurons).random((cells, neurons)) < 0.5
    words = pack(bits)
    assert words.shape == (cells, word_count(neurons))
    assert words.dtype == np.uint64
    back = unpack(words, neurons)
    assert back.dtype == bool
    assert (back == bits).all()
    assert back.shape == bits.shape


def test_each_neuron_has_the_bit_of_its_number():
    words = pack(np.eye(130, dtype=bool))
    for k in range(130):
        row = [0, 0, 0]
        row[k // 64] = 1 << (k % 64)
        assert words[k].tolist() == row


def test_words_that_are_not_contiguous_are_read_as_they_are():
    bits = np.random.default_rng(0).random((6, 70)) < 0.5
    assert (unpack(pack(bits)[::2], 70) == bits[::2]).all()
    assert (unpack(np.asfortranarray(pack(bits)), 70) == bits).all()
