"""One task for everybody: the Hessian of one network's mean squared error on given samples.

ReLU, float64, one thread; each library in the way its documentation shows, with the parameters as
one vector. Networks, data and compiled functions are made before the clock starts.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from bench.runner import require
from npnets.initializers import initialize
from npnets.network import Network

Shape = tuple[int, ...]
SAMPLES = 1000
Task = Callable[[Network, np.ndarray, np.ndarray], Callable[[], Any]]
"""(network, x, y) → a function that returns its Hessian."""


def make_network(shape: Shape, seed: int = 0) -> Network:
    return initialize((1, *shape, 1), "he_normal", seed)


def make_samples() -> tuple[np.ndarray, np.ndarray]:
    """x (n, 1) of N(0, 1) and y = x²."""
    x = np.random.default_rng(0).standard_normal((SAMPLES, 1))
    return x, x * x


def npnets_hessian(net: Network, x: np.ndarray, y: np.ndarray) -> Callable[[], np.ndarray]:
    """npnets.landscape.hessians.hessians of one network, with all its checks."""
    from npnets.landscape.hessians import hessians

    return lambda: hessians([net], x, y, threads=1)[0]


def torch_autograd_hessian(net: Network, x: np.ndarray, y: np.ndarray) -> Callable[[], Any]:
    """torch.autograd.functional.hessian, row by row."""
    torch = require("torch")
    loss, theta = _torch_loss(torch, net, x, y)
    return lambda: torch.autograd.functional.hessian(loss, theta).numpy()


def torch_vectorized_hessian(net: Network, x: np.ndarray, y: np.ndarray) -> Callable[[], Any]:
    """torch.autograd.functional.hessian with vectorize=True, all rows at once."""
    torch = require("torch")
    loss, theta = _torch_loss(torch, net, x, y)
    return lambda: torch.autograd.functional.hessian(loss, theta, vectorize=True).numpy()


def torch_func_hessian(net: Network, x: np.ndarray, y: np.ndarray) -> Callable[[], Any]:
    """torch.func.hessian: forward over reverse mode."""
    torch = require("torch")
    loss, theta = _torch_loss(torch, net, x, y)
    hessian = torch.func.hessian(loss)
    return lambda: hessian(theta).numpy()


def jax_hessian(net: Network, x: np.ndarray, y: np.ndarray) -> Callable[[], Any]:
    """jit(jax.hessian), warm."""
    jax = require("jax")
    jax.config.update("jax_enable_x64", True)
    places, samples, targets = _places(net), jax.numpy.asarray(x), jax.numpy.asarray(y)

    def loss(theta: Any) -> Any:
        a = samples
        for (start, middle, stop), w in zip(places, net.weights, strict=True):
            z = a @ theta[start:middle].reshape(w.shape).T + theta[middle:stop]
            a = jax.nn.relu(z)
        return jax.numpy.mean((z - targets) ** 2)

    theta = jax.numpy.asarray(net.parameters)
    compiled = jax.jit(jax.hessian(loss)).lower(theta).compile()
    return lambda: jax.block_until_ready(compiled(theta))


def blas_gram(net: Network, x: np.ndarray, y: np.ndarray) -> Callable[[], np.ndarray]:
    """J Jᵀ alone, with J as (P, n) given: the least that a Gauss-Newton matrix takes BLAS."""
    from npnets.curvature import jacobian

    j = np.ascontiguousarray(jacobian(net, x).T)
    return lambda: j @ j.T


def _torch_loss(torch: Any, net: Network, x: np.ndarray, y: np.ndarray) -> tuple[Any, Any]:
    torch.set_num_threads(1)
    places, samples, targets = _places(net), torch.tensor(x), torch.tensor(y)

    def loss(theta: Any) -> Any:
        a = samples
        for (start, middle, stop), w in zip(places, net.weights, strict=True):
            z = a @ theta[start:middle].reshape(w.shape).T + theta[middle:stop]
            a = torch.relu(z)
        return torch.nn.functional.mse_loss(z, targets)

    return loss, torch.tensor(net.parameters)


def _places(net: Network) -> list[tuple[int, int, int]]:
    """Where each layer's weights start, and its biases start and stop, among the parameters."""
    places, start = [], 0
    for fan_in, fan_out in pairwise(net.widths):
        middle = start + fan_out * fan_in
        places.append((start, middle, middle + fan_out))
        start = middle + fan_out
    return places


HESSIANS: dict[str, Task] = {
    "npnets": npnets_hessian,
    "torch.autograd, row by row": torch_autograd_hessian,
    "torch.autograd, vectorized": torch_vectorized_hessian,
    "torch.func": torch_func_hessian,
    "jax": jax_hessian,
}
