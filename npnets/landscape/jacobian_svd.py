"""Singular values and vectors of Jacobians, the small values as accurate as the large ones.

With J = ∂o/∂θ, (n·d_out, P), of n samples and r = min(n·d_out, P),

    J = Σ_{i ≤ r} σ_i u_i v_iᵀ        σ_1 ≥ … ≥ σ_r ≥ 0

a change of θ along the right vector v_i changes the outputs by σ_i u_i, to first order. A method
that works on J as a whole (LAPACK's gesdd, behind numpy.linalg.svd) finds every σ_i to within
eps·σ_1, and all digits of a small one can be wrong. Here errors are relative to the single columns
of J: QR with column pivoting, then one-sided Jacobi rotations (Drmač and Veselić, 2008, "New fast
and accurate Jacobi SVD algorithm", SIAM J. Matrix Anal. Appl. 29). With J = B D, where D holds the
lengths of J's columns and those of B have length 1, every σ_i is known to about eps·κ(B) of itself,
however large κ(D) is.

Where columns depend on each other, κ(B) is infinite, and some σ_i is 0 but for rounding. ReLU
networks always are such a case: (W_in, b, -W_out) of a neuron is a combination of columns that
vanishes. So count the values that are *significant*, above a tolerance times σ_1. The columns of a
dead neuron are exactly zero and give values of exactly zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from numbers import Real
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from npnets.backends.threads import in_threads, thread_count
from npnets.curvature import check_dense
from npnets.landscape.crowds import Crowd, chunks, common_inputs
from npnets.network import Network
from npnets.records import to_json

#: Networks that a thread takes at a time.
CHUNK = 64


@dataclass(frozen=True, eq=False)
class JacobianSVD:
    """The singular value decomposition of a Jacobian, (m, P) with m = n·d_out, r = min(m, P).

    Signs of vectors mean nothing, nor do the vectors of values that agree to rounding.

    >>> found = JacobianSVD(np.array([8.0, 2.0, 1e-16]), np.eye(3), 100)
    >>> found.tolerance, found.significant(), found.condition_number()
    (2.220446049250313e-14, 2, 4.0)
    """

    singular_values: np.ndarray
    """(r,) descending, in units of the output per unit of the parameters' norm."""
    right: np.ndarray
    """(P, r) column i of unit length belongs to value i; parameters in θ's order."""
    n_rows: int
    """m, the rows of the Jacobian."""
    left: np.ndarray | None = None
    """(m, r) column i of unit length belongs to value i; None if not asked for."""

    @property
    def tolerance(self) -> float:
        """max(m, P)·eps with eps = 2⁻⁵²: below this share of σ_1, dependent columns look alike."""
        return float(max(self.n_rows, len(self.right)) * np.finfo(float).eps)

    def significant(self, tolerance: float | None = None) -> int:
        """How many values are greater than tolerance·σ_1; by default ``self.tolerance``.

        Raises
        ------
        ValueError
            If tolerance is not a number from 0 to 1, without 1.
        """
        tolerance = self.tolerance if tolerance is None else tolerance
        if not isinstance(tolerance, Real) or not 0 <= tolerance < 1:
            raise ValueError(f"tolerance must be a number >= 0 and < 1, got {tolerance!r}")
        return int((self.singular_values > tolerance * self.singular_values[0]).sum())

    def condition_number(self, tolerance: float | None = None) -> float:
        """σ_1 over the last significant value."""
        values = self.singular_values
        return float(values[0] / values[self.significant(tolerance) - 1])

    def to_json(self) -> str:
        """The values and what they say, as one JSON document, with the vectors as rows."""
        return to_json(
            {
                "shape": [self.n_rows, len(self.right)],
                "singular_values": self.singular_values.tolist(),
                "tolerance": self.tolerance,
                "significant": self.significant(),
                "condition_number": self.condition_number(),
                "right": self.right.T.tolist(),
                "left": None if self.left is None else self.left.T.tolist(),
            },
        )


def jacobian_svd(net: Network, x: ArrayLike, *, left: bool = False) -> JacobianSVD:
    """The decomposition of one network's Jacobian on the samples x, (n, d_in).

    Parameters
    ----------
    net : a network of P parameters
    x : samples (n, d_in), or (n,) when d_in is 1
    left : whether to compute the left vectors, too; values then differ by rounding

    Raises
    ------
    ValueError
        If an argument breaks its rule, or the Jacobian overflows or is too large to keep.
    numpy.linalg.LinAlgError
        If 50 sweeps of rotations are not enough; half a dozen are usual.

    >>> jacobian_svd(Network([[[2.0]]], [[1.0]]), [-1.0, 1.0, -1.0, 1.0]).singular_values.tolist()
    [2.0, 2.0]
    """
    (found,) = jacobian_svds([net], x, left=left, threads=1)
    return found


def jacobian_svds(
    nets: Sequence[Network], x: ArrayLike, *, left: bool = False, threads: int | None = None
) -> list[JacobianSVD]:
    """`jacobian_svd` of each of many networks, of any shapes, on the same samples.

    Each is the same to the last bit as alone, whatever the others and the number of threads, None
    for all processors. Without left vectors, no more than P rows of a Jacobian are kept at a time.

    >>> nets = [Network([[[2.0]]], [[1.0]]), Network([[[1.0]], [[0.0]]], [[0.0], [0.0]])]
    >>> [found.significant() for found in jacobian_svds(nets, [-1.0, 0.5, 1.0])]
    [2, 2]
    """
    threads = thread_count(threads)
    if len(nets) == 0:
        return []
    samples = _Samples.of(nets, x)
    work = _with_left if left else _right_only
    most = max(1, min(CHUNK, len(nets) // (8 * threads)))
    parts = chunks(nets, most, "right vectors")
    done = in_threads(lambda chunk: work(nets, chunk, samples), parts, threads)
    return list(chain.from_iterable(done))


class _Samples(NamedTuple):
    """What the kernels take of the samples: x (d_in, N) and weights (N,) with padding, and n."""

    x: np.ndarray
    weights: np.ndarray
    n: int

    @classmethod
    def of(cls, nets: Sequence[Network], x: ArrayLike) -> _Samples:
        from npnets.backends.compiled import pad_samples, pad_weights

        samples = common_inputs(nets, x)
        return cls(
            pad_samples(samples.T),
            pad_weights(len(samples), 1.0, samples.dtype),
            len(samples),
        )


def _right_only(nets: Sequence[Network], ks: Sequence[int], samples: _Samples) -> list[JacobianSVD]:
    from npnets_kernels.jacobian_svd import jacobian_svds as kernel

    crowd = Crowd.of(nets, ks)
    sizes = np.diff(crowd.offsets)
    check_dense("right vectors", (sizes.max(), sizes.max()))
    status, values, right = kernel(*crowd, *samples)
    found, value, vector = [], 0, 0
    for k, code, size in zip(ks, status.tolist(), sizes.tolist(), strict=True):
        _check_status(code, k)
        n_rows = samples.n * len(nets[k].biases[-1])
        r = min(n_rows, size)
        vectors = right[vector : vector + r * size].reshape(r, size)
        found.append(JacobianSVD(values[value : value + r], vectors.T, n_rows))
        value, vector = value + r, vector + r * size
    return found


def _with_left(nets: Sequence[Network], ks: Sequence[int], samples: _Samples) -> list[JacobianSVD]:
    from npnets_kernels.jacobian import jacobian
    from npnets_kernels.svd import svd

    found = []
    for k in ks:
        widths, _, theta, _, (activation,), (slope,) = Crowd.of(nets, [k])
        n_rows = samples.n * len(nets[k].biases[-1])
        check_dense("jacobian", (n_rows, len(theta)))
        columns = jacobian(widths, theta, activation, slope, *samples)
        status, values, right, left = svd(columns, n_rows, True)
        _check_status(status, k)
        # The kernels take one output after another, a Jacobian one sample after another.
        left = left[:, :n_rows].reshape(len(values), -1, samples.n).transpose(2, 1, 0)
        left = left.reshape(n_rows, len(values))
        found.append(JacobianSVD(values, right[:, : len(theta)].T, n_rows, left))
    return found


def _check_status(status: int, k: int) -> None:
    from npnets_kernels.svd import DONE, TOO_LARGE

    if status == TOO_LARGE:
        raise ValueError(f"nets[{k}] must have a Jacobian on x of entries below 1e150, got larger")
    if status != DONE:
        raise np.linalg.LinAlgError(f"the rotations of nets[{k}]'s Jacobian did not converge")
