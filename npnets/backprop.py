"""The loss of a network on data, and its gradient by a backward pass written out by hand.

Write δ_l = ∂L/∂z_l, (n, fan_out), for the gradient with respect to layer l's preactivations
z_l = a_{l-1} W_lᵀ + b_l, where a_l = φ(z_l). The loss gives δ_L = ∂L/∂o. Since z_l is linear in the
layer's parameters, and each sample (row) adds its share,

    ∂L/∂W_l = δ_lᵀ a_{l-1}        ∂L/∂b_l = Σ_rows δ_l

and since L depends on z_{l-1} only through a_{l-1} = φ(z_{l-1}) and z_l,

    δ_{l-1} = (δ_l W_l) ∘ φ'(z_{l-1}).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from npnets.activations import get_activation
from npnets.losses import get_loss, targets_like
from npnets.network import Forward, Network, join_parameters


def loss(net: Network, x: ArrayLike, y: ArrayLike, kind: str = "mse") -> float:
    """The mean loss of the network on the samples x, (n, d_in), with targets y, (n, d_out).

    Raises
    ------
    ValueError
        If kind is not one of npnets.losses.LOSSES, or x or y do not fit the network.

    >>> loss(Network([[[2.0]]], [[1.0]]), [0.0, 1.0], [1.0, 1.0])
    2.0
    """
    function = get_loss(kind)
    output = net(x)
    return function.value(output, targets_like(output, y, kind))


def gradient(net: Network, x: ArrayLike, y: ArrayLike, kind: str = "mse") -> np.ndarray:
    """∂L/∂θ, (P,), in the order of `Network.parameters` and the network's dtype.

    >>> gradient(Network([[[2.0]]], [[1.0]]), [0.0, 1.0], [1.0, 1.0]).tolist()
    [2.0, 2.0]
    """
    return loss_and_gradient(net, x, y, kind)[1]


def loss_and_gradient(
    net: Network, x: ArrayLike, y: ArrayLike, kind: str = "mse"
) -> tuple[float, np.ndarray]:
    """`loss` and `gradient` from one forward pass."""
    function = get_loss(kind)
    forward = net.forward(x)
    output = forward.preactivations[-1]
    targets = targets_like(output, y, kind)
    return function.value(output, targets), backward(net, forward, function.delta(output, targets))


def backward(net: Network, forward: Forward, delta: np.ndarray) -> np.ndarray:
    """∂L/∂θ, (P,), from a forward pass and δ_L = ∂L/∂o, (n, d_out)."""
    derivative = get_activation(net.activation, net.slope).derivative
    weight_gradients, bias_gradients = [], []
    for layer in reversed(range(len(net.weights))):
        weight_gradients.append(delta.T @ forward.inputs[layer])
        bias_gradients.append(delta.sum(axis=0))
        if layer > 0:
            z = forward.preactivations[layer - 1]
            delta = (delta @ net.weights[layer]) * derivative(z)
    return join_parameters(weight_gradients[::-1], bias_gradients[::-1])
