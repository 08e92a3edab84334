"""Shares of single neurons in vectors over the parameters."""

import numpy as np
import pytest

from npnets.landscape.jacobian_svd import jacobian_svd
from npnets.landscape.locality import locality
from npnets.network import Network


def test_a_neurons_own_vector_is_local_and_the_outputs_bias_is_no_neurons():
    vectors = np.zeros((10, 4))
    vectors[[1, 4, 7], 0] = [0.3, -2.0, 1.0]  # weight, bias and outgoing weight of neuron 1
    vectors[9, 1] = -1.0  # the output's bias
    vectors[[0, 1, 2], 2] = 1.0  # the three incoming weights
    vectors[[3, 9], 3] = 1.0, -1.0  # a hidden bias and the output's
    found = locality(vectors, (1, 3, 1))
    assert found.neuron[[0, 3]].tolist() == [1, 0]
    np.testing.assert_allclose(found.share, [1, 0, 1 / 3, 1 / 2], atol=1e-15)
    np.testing.assert_allclose(found.participation, [1, 1, 3, 2])


def test_a_weight_between_hidden_neurons_belongs_to_both():
    widths = (1, 2, 2, 1)  # W1 0-1, b1 2-3, W2 4-7, b2 8-9, W3 10-11, b3 12
    vectors = np.zeros((13, 3))
    vectors[6, 0] = 1.0  # from neuron 0 to neuron 3
    vectors[[1, 3, 5, 7], 1] = 0.5  # all of neuron 1
    vectors[[6, 7, 9, 11], 2] = 0.5  # all of neuron 3
    found = locality(vectors, widths)
    assert found.neuron.tolist() == [0, 1, 3]
    assert found.share.tolist() == [1.0, 1.0, 1.0]
    np.testing.assert_allclose(found.participation, [2, 1.5**2 / (1 + 2 / 16), 1.5**2 / 1.125])


def test_length_and_sign_do_not_matter_and_all_neurons_alike_are_all_there():
    vectors = np.random.default_rng(0).standard_normal((49, 5))
    found, scaled = locality(vectors, (1, 16, 1)), locality(-1e-3 * vectors, (1, 16, 1))
    np.testing.assert_allclose(scaled.share, found.share)
    np.testing.assert_allclose(scaled.participation, found.participation)
    assert (found.participation < 17).all()
    everywhere = locality(np.ones((49, 1)), (1, 16, 1))
    np.testing.assert_allclose(everywhere.share, 3 / 49)
    np.testing.assert_allclose(everywhere.participation, 49**2 / (16 * 9 + 1))


def test_without_hidden_neurons_nobody_has_a_share():
    found = locality(np.eye(3), (2, 1))
    assert found.neuron.tolist() == [-1, -1, -1]
    assert found.share.tolist() == [0, 0, 0]
    assert found.participation.tolist() == [1, 1, 1]


def test_far_kinks_are_patterns_of_single_neurons():
    """Neurons that never fire together have orthogonal columns: all but the bias is local."""
    net = Network([np.array([[1.0], [-1.0]]), np.array([[1.0, 2.0]])], [[-2.0, -2.0], [0.0]])
    found = jacobian_svd(net, np.linspace(-5, 5, 101))
    local = locality(found.right, net.widths)
    assert found.significant() == 5
    assert (np.sort(local.share)[-4:] > 0.8).all()
    assert set(local.neuron[local.share > 0.8]) == {0, 1}


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        (np.ones((6, 1)), r"right_vectors must have shape \(7, r\), got \(6, 1\)"),
        (np.ones(7), r"right_vectors must have shape \(7, r\), got \(7,\)"),
        (np.eye(7)[:, :2] * [1, 0], "right_vectors must have no column of zeros, got one: 1"),
        (np.full((7, 1), np.nan), "right_vectors must be finite, got nan"),
    ],
)
def test_bad_vectors_are_named(vectors, message):
    with pytest.raises(ValueError, match=message):
        locality(vectors, (1, 2, 1))
