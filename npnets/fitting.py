"""Training on given samples, all of them at every step, with the reference engine.

``npnets.training`` draws fresh minibatches from N(0, I) and is compiled; this is for what has a
fixed set of samples, and for any of the losses.
"""

from __future__ import annotations

from numpy.typing import ArrayLike

from npnets.backprop import loss_and_gradient
from npnets.network import Network
from npnets.optimizers import make_optimizer
from npnets.protocol import check_count


def fit(
    net: Network,
    x: ArrayLike,
    y: ArrayLike,
    kind: str = "mse",
    *,
    steps: int = 2000,
    optimizer: str = "adam",
    lr: float = 0.01,
) -> Network:
    """The network after so many steps down the gradient of its mean loss on x, (n, d_in), and y.

    Raises
    ------
    ValueError
        If an argument breaks its rule.

    >>> half = fit(Network([[[0.0]]], [[0.0]]), [1.0], [1.0], optimizer="sgd", steps=1, lr=0.25)
    >>> half.parameters.tolist()
    [0.5, 0.5]
    """
    theta, chosen = net.parameters, make_optimizer(optimizer, lr)
    for _ in range(check_count("steps", steps, 0)):
        _, gradient = loss_and_gradient(net, x, y, kind)
        theta = chosen.step(theta, gradient)
        net = Network.from_parameters(net.widths, theta, net.activation, net.slope)
    return net
