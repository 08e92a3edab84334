"""One task for everybody: train networks of one shape on x², in each library's own way.

The protocol is the same for all: ReLU, mean squared error, Adam with lr 0.01, 64 fresh samples of
N(0, 1) at every step, float32, one thread. Networks, optimisers and compiled functions are made
before the clock starts, except npnets', whose ``train`` includes all it does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from bench.runner import require

BATCH, LR = 64, 0.01
Shape = tuple[int, ...]
Task = Callable[[Shape, int, int], Callable[[], object]]
"""(shape, networks, steps) → a function that trains them once; peers' return their last loss."""


@dataclass(frozen=True)
class Peer:
    """How a library trains, and how much of it makes one measurement.

    Libraries that train one network at a time take fewer steps, for each costs the same.
    """

    task: Task
    networks: int
    steps: int


def npnets_train(shape: Shape, networks: int, steps: int) -> Callable[[], object]:
    """npnets.training.train: initial parameters, minibatches and training."""
    from npnets.training import train

    return lambda: train([shape] * networks, "quadratic", steps=steps, threads=1)


def torch_loop(
    shape: Shape, networks: int, steps: int, foreach: bool, fused: bool
) -> Callable[[], object]:
    """PyTorch's eager loop over steps, with one of its three ways to update."""
    torch = require("torch")
    torch.set_num_threads(1)
    layers = []
    for fan_in, fan_out in pairwise((1, *shape)):
        layers += [torch.nn.Linear(fan_in, fan_out), torch.nn.ReLU()]
    net = torch.nn.Sequential(*layers, torch.nn.Linear(shape[-1], 1))
    adam = torch.optim.Adam(net.parameters(), lr=LR, foreach=foreach, fused=fused)
    mean_squared_error = torch.nn.MSELoss()

    def run() -> float:
        for _ in range(steps):
            x = torch.randn(BATCH, 1)
            adam.zero_grad()
            loss = mean_squared_error(net(x), x * x)
            loss.backward()
            adam.step()
        return loss.item()

    return run


def jax_scan(shape: Shape, networks: int, steps: int, drawn: bool) -> Callable[[], object]:
    """jax's jit(vmap(scan)), warm, all networks on the same minibatches.

    They are drawn inside the scan or given beforehand, for free. Samples come last, as in npnets:
    with samples as rows the same function takes jax two to three times as long.
    """
    jax = require("jax")
    compiled, theta, data = jax_compile(shape, networks, steps, drawn)

    def run() -> float:
        losses, _ = jax.block_until_ready(compiled(theta, data))
        return float(losses.mean())

    return run


def jax_compile(shape: Shape, networks: int, steps: int, drawn: bool) -> tuple[Any, Any, Any]:
    """The compiled function of ``jax_scan`` and what it is called with."""
    jax = require("jax")
    jnp, tree_map = jax.numpy, jax.tree.map

    def loss(theta: Any, x: Any) -> Any:
        a = x
        for w, b in theta[:-1]:
            a = jax.nn.relu(w @ a + b[:, None])
        w, b = theta[-1]
        return jnp.mean((w @ a + b[:, None] - x * x) ** 2)

    def step(state: Any, inputs: Any) -> Any:
        theta, m, v, _ = state
        t, batch = inputs
        x = jax.random.normal(batch, (1, BATCH)) if drawn else batch
        value, g = jax.value_and_grad(loss)(theta, x)
        m = tree_map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
        v = tree_map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
        step_size, root = LR / (1 - 0.9**t), jnp.sqrt(1 - 0.999**t)
        theta = tree_map(
            lambda p, m, v: p - step_size * m / (jnp.sqrt(v) / root + 1e-8), theta, m, v
        )
        return (theta, m, v, value), None

    def train(theta: Any, batches: Any) -> Any:
        zeros = tree_map(jnp.zeros_like, theta)
        numbers = jnp.arange(1, steps + 1, dtype=jnp.float32)
        state, _ = jax.lax.scan(step, (theta, zeros, zeros, 0.0), (numbers, batches))
        return state[3], state[0]

    theta = _jax_parameters(jax, shape, networks)
    key = jax.random.key(1)
    batches = jax.random.split(key, steps) if drawn else jax.random.normal(key, (steps, 1, BATCH))
    together = jax.jit(jax.vmap(train, in_axes=(0, None)))
    return together.lower(theta, batches).compile(), theta, batches


def _jax_parameters(jax: Any, shape: Shape, networks: int) -> Any:
    """U(±1/√fan_in), a leading axis for the networks."""
    theta, key = [], jax.random.key(0)
    for fan_in, fan_out in pairwise((1, *shape, 1)):
        key, for_weights, for_biases = jax.random.split(key, 3)
        draw = partial(jax.random.uniform, minval=-(fan_in**-0.5), maxval=fan_in**-0.5)
        w = draw(for_weights, (networks, fan_out, fan_in))
        theta.append((w, draw(for_biases, (networks, fan_out))))
    return theta


def sklearn_fit(shape: Shape, networks: int, steps: int) -> Callable[[], object]:
    """scikit-learn's MLPRegressor, one partial_fit a step."""
    model = require("sklearn.neural_network").MLPRegressor(
        hidden_layer_sizes=shape,
        activation="relu",
        solver="adam",
        alpha=0.0,
        batch_size=BATCH,
        learning_rate_init=LR,
    )
    random = np.random.default_rng(0)

    def run() -> float:
        for _ in range(steps):
            x = random.standard_normal((BATCH, 1), dtype=np.float32)
            model.partial_fit(x, np.square(x[:, 0]))
        return float(model.loss_)

    return run


TORCH: dict[str, Task] = {
    "torch, Adam for-loop": partial(torch_loop, foreach=False, fused=False),
    "torch, Adam foreach": partial(torch_loop, foreach=True, fused=False),
    "torch, Adam fused": partial(torch_loop, foreach=False, fused=True),
}
JAX: dict[str, Task] = {
    "jax, data drawn inside": partial(jax_scan, drawn=True),
    "jax, data given": partial(jax_scan, drawn=False),
}
PEERS: dict[str, Peer] = {
    "npnets": Peer(npnets_train, 512, 2000),
    **{name: Peer(task, 1, 300) for name, task in TORCH.items()},
    **{name: Peer(task, 512, 500) for name, task in JAX.items()},
    "scikit-learn": Peer(sklearn_fit, 1, 300),
}
