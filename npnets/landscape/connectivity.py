"""Whether two networks are the same valley of the loss: matching their neurons, walking between.

Any order of a layer's neurons is the same function, so that two networks may be far apart and one.
`match_neurons` reorders the neurons of one network to be as those of another: by what they do, the
Pearson correlation of their activations over samples, or by where they are in parameter space.
Between two networks the straight line θ(t) = (1 - t) θ_0 + t θ_1 has the loss barrier

    max_t [ L(θ(t)) - (1 - t) L(θ_0) - t L(θ_1) ]

Entezari, Sedghi, Saukh and Neyshabur (2022), "The role of permutation invariance in linear mode
connectivity of neural networks"; Ainsworth, Hayase and Srinivasa (2023), "Git Re-Basin".
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from npnets.backprop import loss
from npnets.choices import check_choice
from npnets.curvature import exact_inputs, finite_array
from npnets.network import Network
from npnets.protocol import check_count

#: How neurons are paired: the best pair first, or all together; or so that parameters are closest.
MATCHERS = ("greedy", "assignment", "nearest")

Orders = tuple[np.ndarray, ...]


def match_neurons(
    reference: Network, net: Network, x: ArrayLike, matcher: str = "greedy"
) -> Orders:
    """For each hidden layer the neurons of a network that match neurons 0, 1, … of another.

    ``greedy`` pairs the two neurons of the highest correlation, then the two of the highest among
    those left, and so on; ``assignment`` finds the pairs of the highest sum. A neuron that says the
    same of every sample, such as a dead one, correlates with none: 0. ``nearest`` finds, of all
    orders of a single hidden layer, the one with the smallest ‖θ_reference - θ‖.

    Parameters
    ----------
    reference, net : of the same widths
    x : samples (n, d_in), which ``nearest`` does not look at
    matcher : one of MATCHERS

    Raises
    ------
    ValueError
        If an argument breaks its rule.

    >>> one = Network([[[1.0], [-1.0]], [[3.0, 4.0]]], [[0.0, 0.0], [0.0]])
    >>> other = Network([[[-2.0], [1.0]], [[1.0, 1.0]]], [[0.1, 0.0], [0.0]])
    >>> match_neurons(one, other, [-1.0, 0.0, 1.0])[0].tolist()
    [1, 0]
    """
    check_choice("matcher", matcher, MATCHERS)
    _check_same_widths(reference, net)
    if matcher == "nearest":
        return (_assignment(-_squared_distances(reference, net)),)
    pair = _greedy if matcher == "greedy" else _assignment
    one, other = (_activations(network, x) for network in (reference, net))
    return tuple(pair(_correlations(a, b)) for a, b in zip(one, other, strict=True))


def reorder(net: Network, orders: Sequence[ArrayLike]) -> Network:
    """The same function, with the neurons of each hidden layer in another order.

    Parameters
    ----------
    orders : for each hidden layer a permutation of its neurons' indices

    Raises
    ------
    ValueError
        If there is not one permutation for each hidden layer.

    >>> net = Network([[[1.0], [2.0]], [[3.0, 4.0]]], [[5.0, 6.0], [7.0]])
    >>> reorder(net, [[1, 0]]).parameters.tolist()
    [2.0, 1.0, 6.0, 5.0, 4.0, 3.0, 7.0]
    """
    widths = net.widths
    permutations = [np.asarray(order) for order in orders]
    if [sorted(order.tolist()) for order in permutations] != [
        list(range(width)) for width in widths[1:-1]
    ]:
        raise ValueError(
            f"orders must hold one permutation for each of the hidden widths {widths[1:-1]}, "
            f"got {[order.tolist() for order in permutations]}"
        )
    ends = [np.arange(widths[0]), *permutations, np.arange(widths[-1])]
    sides = zip(net.weights, pairwise(ends), strict=True)
    weights = [w[rows][:, columns] for w, (columns, rows) in sides]
    biases = [b[rows] for b, rows in zip(net.biases, ends[1:], strict=True)]
    return Network(weights, biases, net.activation, net.slope)


def losses_between(
    first: Network,
    second: Network,
    x: ArrayLike,
    y: ArrayLike,
    kind: str = "mse",
    points: int = 21,
) -> np.ndarray:
    """The loss at so many points of the line between two networks, both ends included, (points,).

    Parameters
    ----------
    first, second : of the same widths and activation
    x, y : samples (n, d_in), targets (n, d_out)
    kind : one of npnets.losses.LOSSES
    points : at least 2, evenly spaced

    Raises
    ------
    ValueError
        If an argument breaks its rule.

    >>> ends = [Network([[[w]]], [[0.0]]) for w in (1.0, -1.0)]
    >>> losses_between(*ends, [-1.0, 1.0], [0.0, 0.0], points=3).tolist()
    [1.0, 0.0, 1.0]
    """
    _check_same_widths(first, second)
    check_count("points", points, 2)
    net, samples = exact_inputs(first, x)
    targets = finite_array("y", y)
    start, end = net.parameters, finite_array("parameters", second.parameters)
    ways = ((1 - t) * start + t * end for t in np.linspace(0, 1, points))
    return np.array([loss(net.with_parameters(way), samples, targets, kind) for way in ways])


def barrier(losses: ArrayLike) -> np.ndarray:
    """The highest excess of losses over the line between the first and the last, never below 0.

    Parameters
    ----------
    losses : (…, points) evenly spaced

    >>> float(barrier([1.0, 5.0, 2.0]))
    3.5
    """
    values = np.asarray(losses, dtype=np.float64)
    t = np.linspace(0, 1, values.shape[-1])
    return np.max(values - (1 - t) * values[..., :1] - t * values[..., -1:], axis=-1)


def loss_barrier(
    first: Network,
    second: Network,
    x: ArrayLike,
    y: ArrayLike,
    kind: str = "mse",
    points: int = 21,
) -> float:
    """The loss barrier between two networks; parameters as for `losses_between`.

    >>> net = Network([[[1.0], [-1.0]], [[1.0, -1.0]]], [[0.0, 0.0], [0.0]])
    >>> loss_barrier(net, reorder(net, [[1, 0]]), [1.0, -1.0], [1.0, -1.0])
    1.0
    """
    return float(barrier(losses_between(first, second, x, y, kind, points)))


def _check_same_widths(first: Network, second: Network) -> None:
    """The same form, activation included: one can be turned into the other."""
    forms = [(net.widths, net.activation, net.slope) for net in (first, second)]
    if forms[0] != forms[1]:
        raise ValueError(f"networks must have the same form, got {first!r} and {second!r}")


def _activations(net: Network, x: ArrayLike) -> list[np.ndarray]:
    """What each hidden layer says of the samples, (n, width) each."""
    exact, samples = exact_inputs(net, x)
    return exact.forward(samples).inputs[1:]


def _correlations(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Pearson's correlation of each column of one with each of other; 0 with a constant."""
    return _standardized(one).T @ _standardized(other)


def _standardized(columns: np.ndarray) -> np.ndarray:
    """Columns of mean 0 and length 1, those of constants zero."""
    constant = np.ptp(columns, axis=0) == 0
    centred = np.where(constant, 0.0, columns - columns.mean(axis=0))
    return centred / np.where(constant, 1.0, np.linalg.norm(centred, axis=0))


def _squared_distances(reference: Network, net: Network) -> np.ndarray:
    """Between the parameters of each hidden neuron of one network and of another, (k, k)."""
    if reference.depth != 1:
        raise ValueError(f"matcher nearest needs a single hidden layer, got {reference!r}")
    one, other = (
        np.column_stack([n.weights[0], n.biases[0], n.weights[1].T]).astype(np.float64)
        for n in (reference, net)
    )
    return np.sum((one[:, None] - other[None]) ** 2, axis=-1)


def _greedy(similarities: np.ndarray) -> np.ndarray:
    """The column for each row, of the highest similarity of all that are left."""
    left = similarities.copy()
    columns = np.empty(len(left), dtype=np.int64)
    for _ in range(len(left)):
        row, column = np.unravel_index(np.argmax(left), left.shape)
        columns[row] = column
        left[row], left[:, column] = -np.inf, -np.inf
    return columns


def _assignment(similarities: np.ndarray) -> np.ndarray:
    """The column for each row so that the similarities of the pairs have the highest sum."""
    from scipy.optimize import linear_sum_assignment

    return linear_sum_assignment(similarities, maximize=True)[1]
