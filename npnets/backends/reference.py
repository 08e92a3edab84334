"""Train with the reference engine: one network and one step at a time, as the formulas read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from npnets.backprop import loss_and_gradient
from npnets.network import Network, parameter_count
from npnets.optimizers import make_optimizer
from npnets.protocol import Protocol


class Reference:
    """A ``Backend`` that trains with NumPy."""

    def __init__(
        self, protocol: Protocol, widths: Sequence[tuple[int, ...]], theta: np.ndarray
    ) -> None:
        ends = np.cumsum([parameter_count(w) for w in widths])
        self.protocol, self.widths = protocol, widths
        self.thetas = np.split(theta, ends[:-1])
        self.optimizers = [make_optimizer(protocol.optimizer, protocol.lr) for _ in widths]

    @property
    def theta(self) -> np.ndarray:
        return np.concatenate(self.thetas)

    def advance(self, x: np.ndarray, y: np.ndarray, start: int, record: bool) -> np.ndarray:
        losses = np.empty((len(self.widths), len(x)), self.thetas[0].dtype)
        for k, widths in enumerate(self.widths):
            for step, (inputs, targets) in enumerate(zip(x, y, strict=True)):
                net = Network.from_parameters(
                    widths, self.thetas[k], self.protocol.activation, self.protocol.slope
                )
                losses[k, step], gradient = loss_and_gradient(net, inputs.T, targets.T)
                self.thetas[k] = self.optimizers[k].step(self.thetas[k], gradient)
        return losses if record else losses[:, :0]
