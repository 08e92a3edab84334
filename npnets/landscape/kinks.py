"""The edges of a loss: where a neuron with a kinked activation turns on at one of the samples.

Let z_a be the preactivation of one neuron at one sample, n_a = ∂z_a/∂θ, and
e_a = ∂L/∂φ(z_a) · (φ'(0+) - φ'(0-)) the jump of the loss's slope as z_a passes zero upwards. Where
z_a is near zero the loss is not quadratic, but, with g the gradient that holds for z_a < 0,

    L(θ + dθ) - L(θ) ≈ g·dθ + ½ dθᵀS dθ + Σ_a e_a [max(0, z_a + n_a·dθ) - max(0, z_a)]

For e_a > 0 that is convex, and its minimum may lie on the edges. The dual problem,

    maximise  λ·z - ½ (g + Nᵀλ)ᵀ S⁻¹ (g + Nᵀλ)    over  0 ≤ λ_a ≤ e_a,    dθ = -S⁻¹ (g + Nᵀλ)

has few unknowns: λ_a = 0 where dθ leads to z_a < 0, e_a where z_a > 0, between them on the edge. At
a minimum on edges z_a = 0, and g + Nᵀλ, the smallest subgradient, is zero (Clarke, 1983).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from npnets.activations import get_activation
from npnets.curvature import gauss_newton, hessian, preactivation_jacobians
from npnets.network import Forward, Network, parameter_count

#: A neuron is on its kink if |z| is below this share of Σ |w a| + |b|.
TOUCHING = 1e-12
#: A minimum is looked at from both sides of the kinks within this share: nearer, it is no pocket.
NEARBY = 1e-9
#: A multiplier is at its bound if it is closer to it than this share of the range.
SNAP = 1e-12

EPS = float(np.finfo(np.float64).eps)
TINY = float(np.finfo(np.float64).tiny)


class Place(NamedTuple):
    """A hidden neuron at a sample."""

    layer: int
    neuron: int
    sample: int


@dataclass(frozen=True, eq=False)
class Kinks:
    """Some convex kinks, seen from where a network is."""

    places: tuple[tuple[Place, ...], ...]
    """Of each of the m kinks; of several samples, where they share z_a and n_a."""
    values: np.ndarray
    """(m,) z_a."""
    normals: np.ndarray
    """(m, P) n_a."""
    jumps: np.ndarray
    """(m,) e_a > 0."""

    def select(self, mask: np.ndarray) -> Kinks:
        """Those where a mask, (m,) bool, is true."""
        chosen = tuple(self.places[k] for k in np.flatnonzero(mask))
        return Kinks(chosen, self.values[mask], self.normals[mask], self.jumps[mask])

    def touching(self, theta: np.ndarray) -> Kinks:
        """Those that the network with parameters θ is on."""
        return self.select(np.abs(self.values) <= TOUCHING * np.abs(self.normals) @ np.abs(theta))

    def below(self, gradient: np.ndarray) -> np.ndarray:
        """The gradient, (P,), were all these neurons still off at their samples."""
        return gradient - (self.jumps * (self.values > 0)) @ self.normals

    def smallest_subgradient(self, gradient: np.ndarray) -> np.ndarray:
        """The shortest g + Nᵀλ, 0 ≤ λ ≤ e, (P,), of a network that is on all of them."""
        if not self.places:
            return gradient
        below = self.below(gradient)
        shares = _bounded_least_squares(self.normals.T, -below, self.jumps)
        return below + (shares * self.jumps) @ self.normals

    def multipliers(
        self, gradient: np.ndarray, stiffness: np.ndarray, vectors: np.ndarray
    ) -> np.ndarray:
        """λ, (m,), of the dual problem with S = Σ_i s_i q_i q_iᵀ, stiffness s > 0, vectors q."""
        if not self.places:
            return np.zeros(0)
        softened = self.normals @ vectors / np.sqrt(stiffness)
        below = (vectors.T @ self.below(gradient)) / np.sqrt(stiffness)
        linear = self.values - softened @ below
        # Each unknown in its own unit; nearly parallel normals would leave the matrix singular.
        units = 1 / np.linalg.norm(softened, axis=1)
        scaled = softened * units[:, None]
        root = np.linalg.cholesky(scaled @ scaled.T + 1e-13 * np.eye(len(units)))
        wanted = np.linalg.solve(root, linear * units)
        return self.jumps * _bounded_least_squares(root.T, wanted, self.jumps / units)

    def rise(self, step: np.ndarray) -> float:
        """Σ_a e_a [max(0, z_a + n_a·dθ) - max(0, z_a)]."""
        after = np.maximum(0, self.values + self.normals @ step)
        return float(self.jumps @ (after - np.maximum(0, self.values)))


def convex_kinks(net: Network, x: np.ndarray, y: np.ndarray, places: Sequence[Place]) -> Kinks:
    """The kinks at these places, without those that are concave, of the mean squared error.

    >>> net = Network([[[1.0]], [[2.0]]], [[-3.0], [0.0]])
    >>> found = convex_kinks(net, np.array([[3.0]]), np.array([[-1.0]]), [Place(0, 0, 0)])
    >>> found.values.tolist(), found.normals.tolist(), found.jumps.tolist()
    ([0.0], [[3.0, 1.0, 0.0, 0.0]], [4.0])
    """
    if not places:
        return Kinks((), np.zeros(0), np.zeros((0, parameter_count(net.widths))), np.zeros(0))
    samples, rows = np.unique([place.sample for place in places], return_inverse=True)
    forward = net.forward(x[samples])
    at = [(p.layer, (row, p.neuron)) for p, row in zip(places, rows.tolist(), strict=True)]
    values, jacobians = forward.preactivations, preactivation_jacobians(net, forward)
    jumps = _jumps(net, forward, y[samples], y.size)
    return _merged(
        places,
        np.array([values[layer][entry] for layer, entry in at]),
        np.array([jacobians[layer][entry] for layer, entry in at]),
        np.array([jumps[layer][entry] for layer, entry in at]),
    )


def _jumps(net: Network, forward: Forward, y: np.ndarray, count: int) -> list[np.ndarray]:
    """∂L/∂φ(z) · (φ'(0+) - φ'(0-)) of each hidden layer, (n, width), of a mean over ``count``."""
    phi = get_activation(net.activation, net.slope)
    left, right = _slopes(net)
    delta = 2 / count * (forward.preactivations[-1] - y)
    jumps: list[np.ndarray] = []
    for layer in reversed(range(net.depth)):
        epsilon = delta @ net.weights[layer + 1]
        jumps.insert(0, epsilon * (right - left))
        delta = epsilon * phi.derivative(forward.preactivations[layer])
    return jumps


def _slopes(net: Network) -> tuple[float, float]:
    """φ'(0-), which by convention is φ'(0), and φ'(0+)."""
    left, right = get_activation(net.activation, net.slope).derivative(np.array([0.0, TINY]))
    return float(left), float(right)


def _merged(
    places: Sequence[Place], values: np.ndarray, normals: np.ndarray, jumps: np.ndarray
) -> Kinks:
    """One kink of all that coincide, as where all inputs of a neuron are off for many samples."""
    groups: dict[bytes, list[int]] = {}
    for k, row in enumerate(np.column_stack([values, normals])):
        groups.setdefault(row.tobytes(), []).append(k)
    firsts = [group[0] for group in groups.values()]
    members = tuple(tuple(places[k] for k in group) for group in groups.values())
    total = np.array([jumps[group].sum() for group in groups.values()])
    return Kinks(members, values[firsts], normals[firsts], total).select(total > 0)


def kinks_between(net: Network, other: Network, x: np.ndarray, most: int) -> list[Place] | None:
    """Where one of two networks of a shape has a neuron on and the other has it off.

    None if there are more than ``most`` such kinks; a neuron's places with the same preactivation
    count as one.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        here, there = (each.forward(x).preactivations[:-1] for each in (net, other))
    places: list[Place] = []
    kinks = 0
    for layer, (z, w) in enumerate(zip(here, there, strict=True)):
        samples, neurons = np.nonzero((z > 0) != (w > 0))
        kinks += len(set(zip(neurons.tolist(), z[samples, neurons].tolist(), strict=True)))
        if kinks > most:
            return None
        pairs = zip(neurons.tolist(), samples.tolist(), strict=True)
        places += [Place(layer, neuron, sample) for neuron, sample in pairs]
    return places


def kinks_at(net: Network, x: np.ndarray) -> list[Place]:
    """Every place where a neuron is on its kink or as good as on it.

    >>> kinks_at(Network([[[1.0]], [[0.0]]], [[-3.0], [1.0]]), np.array([[3.0], [4.0]]))
    [Place(layer=0, neuron=0, sample=0)]
    """
    left, right = _slopes(net)
    if left == right:
        return []
    places = []
    for layer, (a, z) in enumerate(zip(*net.forward(x), strict=True)):
        size = np.abs(a) @ np.abs(net.weights[layer]).T + np.abs(net.biases[layer])
        if layer < net.depth:
            found = np.argwhere(np.abs(z) <= NEARBY * size).tolist()
            places += [Place(layer, neuron, sample) for sample, neuron in found]
    return places


def flipped(net: Network, x: np.ndarray, places: Iterable[Place]) -> Network:
    """The network with these neurons, on their kinks, moved just to the other side by their bias.

    >>> net = Network([[[0.0]], [[0.0]]], [[0.0], [1.0]])
    >>> flipped(net, np.array([[3.0]]), [Place(0, 0, 0)]).biases[0][0] > 0
    np.True_
    """
    inputs, preactivations = net.forward(x)
    biases = [b.copy() for b in net.biases]
    for layer, neuron, sample in places:
        w, b = net.weights[layer][neuron], net.biases[layer][neuron]
        z = preactivations[layer][sample, neuron]
        size = np.abs(w) @ np.abs(inputs[layer][sample]) + abs(b)
        reach = abs(z) + 4 * EPS * size + TINY
        biases[layer][neuron] = b + (-reach if z > 0 else reach)
    return Network(net.weights, biases, net.activation, net.slope)


def entangled(net: Network, x: np.ndarray, places: Sequence[Place]) -> bool:
    """Whether there are more sides to these kinks than each neuron being on or off.

    So it is if a neuron may be on for some of its samples and off for others, or feeds another.
    """
    inputs = net.forward(x).inputs
    distinct = {(p.layer, p.neuron, inputs[p.layer][p.sample].tobytes()) for p in places}
    neurons = {(p.layer, p.neuron) for p in places}
    return len(distinct) > len(neurons) or len({p.layer for p in places}) > 1


def bend(net: Network, x: np.ndarray, place: Place) -> np.ndarray:
    """∂²z_a/∂θ², (P, P); zero in the first layer.

    z_a is the output of a network of its own, whose loss (z_a - y)² has half the Hessian
    n_a n_aᵀ + (z_a - y) ∂²z_a/∂θ².
    """
    layer, neuron, sample = place
    size = parameter_count(net.widths)
    found = np.zeros((size, size))
    if layer == 0:
        return found
    row = slice(neuron, neuron + 1)
    part = Network(
        (*net.weights[:layer], net.weights[layer][row]),
        (*net.biases[:layer], net.biases[layer][row]),
        net.activation,
        net.slope,
    )
    z = part(x[sample : sample + 1])
    below = sum(w.size + len(w) for w in net.weights[:layer])
    fan_out, fan_in = net.weights[layer].shape
    weights = below + neuron * fan_in + np.arange(fan_in)
    own = np.concatenate([np.arange(below), weights, [below + fan_out * fan_in + neuron]])
    at = x[sample : sample + 1]
    found[np.ix_(own, own)] = hessian(part, at, z - 0.5) - gauss_newton(part, at, z)
    return found


def _bounded_least_squares(a: np.ndarray, b: np.ndarray, most: np.ndarray) -> np.ndarray:
    """u/most where 0 ≤ u ≤ most has the least |a u - b|, exactly 0 or 1 at the bounds."""
    from scipy.optimize import lsq_linear

    shares = lsq_linear(a, b, (0, most), method="bvls", tol=1e-15).x / most
    return np.where(shares < SNAP, 0.0, np.where(shares > 1 - SNAP, 1.0, shares))
