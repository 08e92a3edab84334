"""What the singular vectors of trained networks' Jacobians are: single neurons, or the whole.

A right singular vector v_i of J = ∂o/∂θ (npnets.landscape.jacobian_svd) is a change of the
parameters, and σ_i how much the outputs feel of it. Of each it is said how local it is, the largest
share of its squared length in one hidden neuron's parameters, and, for networks of one input and
one output, how it lies to the directions that move slope and intercept of the least-squares line
through the outputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from npnets.landscape.directions import alignment, intercept_direction, slope_direction
from npnets.landscape.jacobian_svd import JacobianSVD, jacobian_svds
from npnets.landscape.locality import locality
from npnets.landscape.replicates import common_kind
from npnets.network import Network
from npnets.records import to_json


@dataclass(frozen=True, eq=False)
class JacobianModes:
    """The r singular values of each of K networks' Jacobians, and their right vectors."""

    singular_values: np.ndarray
    """(K, r) descending, in units of the output per unit of the parameters' norm."""
    tolerance: float
    """A value is significant if it is greater than so many times the first."""
    significant: np.ndarray
    """(K,) how many are."""
    condition_number: np.ndarray
    """(K,) the first over the last significant one."""
    neuron: np.ndarray
    """(K, r) the hidden neuron with the largest share of each right vector; -1 if none is."""
    share: np.ndarray
    """(K, r) that share, 0 to 1."""
    participation: np.ndarray
    """(K, r) how many neurons take part, 1 and more."""
    cosine_slope: np.ndarray | None
    """(K, r) |cosine| of each right vector and ∂slope/∂θ; None for other than 1-D networks,
    NaN where that direction is zero, as it is of a network that has collapsed."""
    cosine_intercept: np.ndarray | None
    """(K, r) likewise with ∂intercept/∂θ."""

    def rows(self) -> list[dict[str, Any]]:
        """As a table: a row for each network and singular value."""
        columns = {
            "singular_value": self.singular_values,
            "neuron": self.neuron,
            "share": self.share,
            "participation": self.participation,
            "cosine_slope": self.cosine_slope,
            "cosine_intercept": self.cosine_intercept,
        }
        present = {name: values for name, values in columns.items() if values is not None}
        return [
            {"network": k, "index": i + 1, **{name: v[k, i].item() for name, v in present.items()}}
            for k, i in np.ndindex(self.singular_values.shape)
        ]

    def record(self) -> dict[str, Any]:
        """The fields, for JSON."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def to_json(self) -> str:
        """The fields as one JSON document."""
        return to_json(self.record())


def jacobian_modes(
    nets: Sequence[Network],
    x: ArrayLike,
    *,
    tolerance: float | None = None,
    threads: int | None = None,
) -> JacobianModes:
    """Decompose the Jacobians of networks of one shape on the samples x, (n, d_in).

    Parameters
    ----------
    nets : at least one
    tolerance : below this share of σ_1 a value is not significant; None for max(n·d_out, P)·eps
    threads : how many networks at a time; None for all processors

    Raises
    ------
    ValueError
        If an argument breaks its rule, or a Jacobian overflows or is too large.

    >>> found = jacobian_modes([Network([[[2.0]]], [[1.0]])], [-1.0, 1.0, -1.0, 1.0])
    >>> found.singular_values.tolist(), found.significant.tolist(), found.neuron.tolist()
    ([[2.0, 2.0]], [2], [[-1, -1]])
    """
    widths, _ = common_kind(nets)
    found = jacobian_svds(nets, x, threads=threads)
    places = [locality(one.right, widths) for one in found]
    slope, intercept = _cosines(nets, found, x)
    return JacobianModes(
        np.array([one.singular_values for one in found]),
        found[0].tolerance if tolerance is None else tolerance,
        np.array([one.significant(tolerance) for one in found]),
        np.array([one.condition_number(tolerance) for one in found]),
        np.array([place.neuron for place in places]),
        np.array([place.share for place in places]),
        np.array([place.participation for place in places]),
        slope,
        intercept,
    )


def _cosines(
    nets: Sequence[Network], found: Sequence[JacobianSVD], x: ArrayLike
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """|cosine| of right vectors with ∂slope/∂θ and with ∂intercept/∂θ, (K, r) each, if 1-D."""
    if (nets[0].widths[0], nets[0].widths[-1]) != (1, 1):
        return None, None
    cosines = []
    for net, one in zip(nets, found, strict=True):
        line = np.column_stack([slope_direction(net, x), intercept_direction(net, x)])
        # A sum over n samples of weights of norm 1/(√n std) is no better than this.
        spread = np.std(np.asarray(x)) / np.sqrt(np.size(x))
        rounding = np.finfo(float).eps * one.singular_values[0] / spread
        moves = np.linalg.norm(line, axis=0) > rounding
        cosine = np.full((one.right.shape[1], 2), np.nan)
        if moves.any():
            cosine[:, moves] = np.abs(alignment(one.right, line[:, moves]).cosines)
        cosines.append(cosine)
    slope, intercept = np.moveaxis(np.array(cosines), 2, 0)
    return slope, intercept
