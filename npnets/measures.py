"""What is measured of every trained network: its losses, its dead neurons, its collapse.

All in float64. Dead is a hidden neuron whose preactivation is not positive on any of 1000 held-out
samples. Collapsed is a network whose output is one constant on the held-out samples, that is,
wherever it could have learnt from data.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from npnets.activations import get_activation
from npnets.backends.evaluation import Evaluated, evaluate
from npnets.backends.layout import Layout
from npnets.samples import DEAD_SAMPLE, held_out, uniform_grid
from npnets.targets import Target, get_target
from npnets.training import Trained

#: An output that varies by less than this, next to its own size or the target's standard
#: deviation, is rounding and not a function.
CONSTANT = 1e-6


@dataclass(frozen=True, eq=False)
class Measured:
    """Arrays of length K, one entry a network; losses are mean squared errors."""

    loss: np.ndarray
    """On held-out samples of N(0, I)."""
    normalized_loss: np.ndarray
    """The same, divided by the target's variance there."""
    grid_loss: np.ndarray
    """On the uniform grid on [-5, 5]^d."""
    normalized_grid_loss: np.ndarray
    """The same, divided by the target's variance there."""
    output_range: np.ndarray
    """Largest minus smallest output on the held-out samples."""
    grid_range: np.ndarray
    """The same on the grid."""
    collapsed: np.ndarray
    """(bool) Whether the output is constant on the held-out samples."""
    dead: list[tuple[int, ...]]
    """Dead neurons in each hidden layer."""


def measure(trained: Trained, target: Target | str | None = None) -> Measured:
    """Measure networks on a target, by default the one they were trained on.

    >>> from npnets.training import train
    >>> measured = measure(train([(16,), (1,) * 16], "linear", steps=500))
    >>> measured.normalized_loss.round(2).tolist()
    [0.0, 1.0]
    >>> measured.collapsed.tolist(), sum(measured.dead[1]) > 0
    ([False, True], True)
    """
    d_in = trained.protocol.target.d_in
    goal = trained.protocol.target if target is None else get_target(target, d_in)
    normal, grid = held_out(d_in), uniform_grid(d_in)
    layout = Layout.of([trained.widths(k) for k in range(len(trained))])
    theta = trained.parameters.astype(np.float64)
    activation, slope = trained.protocol.activation, trained.protocol.slope

    def on(x: np.ndarray, hidden: bool = False) -> Evaluated:
        return evaluate(layout, theta, activation, slope, x, goal(x), hidden)

    on_normal, on_grid = on(normal), on(grid)
    highest = on(normal[:DEAD_SAMPLE], hidden=True).highest
    outputs = layout.row_offsets[1:] - 1
    largest_output = np.maximum(np.abs(on_normal.lowest), np.abs(on_normal.highest))[outputs]
    output_range = _output_range(layout, on_normal)
    return Measured(
        on_normal.loss,
        on_normal.loss / goal(normal).var(),
        on_grid.loss,
        on_grid.loss / goal(grid).var(),
        output_range,
        _output_range(layout, on_grid),
        output_range <= CONSTANT * np.maximum(goal(normal).std(), largest_output),
        _dead(trained, layout, highest),
    )


def _output_range(layout: Layout, found: Evaluated) -> np.ndarray:
    """Largest minus smallest output of each network, NaN if its loss is."""
    outputs = layout.row_offsets[1:] - 1
    output_range = found.highest[outputs] - found.lowest[outputs]
    return np.where(np.isnan(found.loss), np.nan, output_range)


def _dead(trained: Trained, layout: Layout, highest: np.ndarray) -> list[tuple[int, ...]]:
    """Neurons of each hidden layer that never rise above their value at z = 0.

    That value tells the sign of the preactivation, because φ(z) > φ(0) exactly where z > 0.
    """
    phi = get_activation(trained.protocol.activation, trained.protocol.slope).value
    silent = (highest <= phi(np.zeros(1))[0]).astype(np.int64)
    starts = np.concatenate([[0], np.cumsum(layout.widths)[:-1]])
    layers = np.add.reduceat(silent, starts).tolist() if len(starts) > 1 else []
    ends = layout.width_offsets.tolist()
    return [tuple(layers[start + 1 : stop - 1]) for start, stop in pairwise(ends)]
