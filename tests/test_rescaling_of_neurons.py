"""What the rescaling of neurons is said to explain, computed another way."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import minimize

from npnets.experiments.rescaling_of_neurons import _distances, balance, flatness, shares
from npnets.initializers import initialize
from npnets.landscape.anatomy import spectra_of_networks
from npnets.landscape.connectivity import reorder
from npnets.network import Network
from npnets.samples import held_out


def rescaled(net: Network, alpha: np.ndarray) -> Network:
    (w, v), (b, c) = net.weights, net.biases
    return Network([w * alpha[:, None], v / alpha], [b * alpha, c], net.activation)


def shortest(net: Network) -> np.ndarray:
    """θ of the least length among all rescalings, by minimisation over log α."""

    def squared_length(log_alpha: np.ndarray) -> float:
        return float(np.sum(rescaled(net, np.exp(log_alpha)).parameters ** 2))

    start = np.zeros(net.widths[1])
    found = minimize(squared_length, start, method="BFGS", options={"gtol": 1e-10})
    return rescaled(net, np.exp(found.x)).parameters


@pytest.mark.parametrize("seed", range(3))
def test_a_balanced_network_is_the_same_function_by_the_shortest_parameters(seed):
    net = initialize((1, 5, 1), "normal", seed)
    balanced = balance(net)
    x = held_out(1)[:100]
    exact = Network.from_parameters(net.widths, net.parameters.astype(np.float64))
    np.testing.assert_allclose(balanced(x), exact(x), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(balanced.parameters, shortest(exact), rtol=1e-6)


def test_a_rescaled_and_reordered_copy_is_no_further_away_once_matched_and_balanced():
    net = initialize((1, 6, 1), "torch", 3)
    alpha = np.linspace(0.5, 2, 6)
    order = [4, 2, 0, 5, 1, 3]
    copy = reorder(rescaled(net, alpha), [order])
    distances = np.array(_distances(net, copy, held_out(1)[:1000]))
    theta, other = net.parameters, copy.parameters
    assert distances[0, 0] == pytest.approx(math.dist(theta, other), rel=1e-12)
    assert distances[0, 1] == pytest.approx(math.dist(shortest(net), shortest(copy)), rel=1e-5)
    assert distances[1, 0] == pytest.approx(
        math.dist(theta, rescaled(net, alpha).parameters), rel=1e-6
    )
    assert distances[1, 1] == pytest.approx(0, abs=1e-6)


def test_shares_are_of_the_distances_they_are_named_after():
    found = shares(np.array([[[10.0, 8.0], [6.0, 3.0]]]))
    assert {name: share.tolist() for name, share in found.items()} == {
        "as trained": [0.2],
        "left by matching": [0.5],
        "before matching": [0.3],
    }


def test_flat_dimensions_of_a_network_whose_hessian_is_known():
    """Two neurons active on every sample and a dead one fit the line 2x + 1 exactly.

    The Hessian is 2/n JᵀJ, and J has rank 2: 8 of the 10 eigenvalues are zero. Three belong to the
    dead neuron, two to the scaling of the others.
    """
    net = Network([[[1.0], [0.5], [0.0]], [[1.0, 2.0, 3.0]]], [[9.0, 9.0, -1.0], [-26.0]])
    x = held_out(1)[:200]
    y = 2 * x + 1
    np.testing.assert_allclose(net(x), y, atol=1e-13)
    found = flatness(spectra_of_networks([net], "linear", n=200).trained, x, y)
    assert found.scaling.tolist() == pytest.approx([1.0], abs=1e-9)
    assert found.zeros.tolist() == [2.5]
