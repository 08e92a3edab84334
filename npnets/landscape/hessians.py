"""Gradients and Hessians of many networks of different shapes in one call.

The same values as ``npnets.curvature`` to rounding, from compiled kernels that derive them another
way; for networks of tens of neurons some ten to a hundred times as fast.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from npnets.backends.threads import in_threads, thread_count
from npnets.curvature import check_dense, check_no_overflow, finite_array
from npnets.landscape.crowds import Crowd, chunks, common_inputs
from npnets.losses import get_loss, targets_like
from npnets.network import Network

#: Networks that a thread takes at a time, if their matrices are small.
CHUNK = 64


class Derivatives(NamedTuple):
    """What many networks' loss does around their parameters."""

    gradients: list[np.ndarray]
    """(P,) of each network."""
    matrices: list[np.ndarray]
    """(P, P) of each network, exactly symmetric: its Hessian or Gauss-Newton matrix."""


def hessians(
    nets: Sequence[Network],
    x: ArrayLike,
    y: ArrayLike,
    kind: str = "mse",
    *,
    threads: int | None = None,
) -> list[np.ndarray]:
    """∂²L/∂θ², (P, P) in float64, of each network's mean loss over the same samples.

    Raises
    ------
    ValueError
        If an argument breaks its rule, holds NaN, or one matrix would take more than 4 GiB.

    >>> one, two = hessians([Network([[[2.0]]], [[1.0]])] * 2, [3.0, 1.0], [0.0, 0.0])
    >>> one.tolist(), bool((one == two).all())
    ([[10.0, 4.0], [4.0, 2.0]], True)
    """
    matrices = derivatives(nets, x, y, kind, threads=threads).matrices
    for k, matrix in enumerate(matrices):
        check_no_overflow(f"nets[{k}]", matrix)
    return matrices


def derivatives(
    nets: Sequence[Network],
    x: ArrayLike,
    y: ArrayLike,
    kind: str = "mse",
    *,
    gauss_newton: bool = False,
    threads: int | None = None,
) -> Derivatives:
    """The gradient and the Hessian, or Gauss-Newton matrix, of each network, in float64.

    Entries that overflow are infinite or NaN.

    Parameters
    ----------
    nets : networks of any shapes and activations, with the same numbers of inputs and outputs
    x, y, kind : as for `npnets.curvature.hessian`; all networks share them
    gauss_newton : the Gauss-Newton matrix instead of the Hessian
    threads : how many networks are worked on at a time; None for all processors

    Raises
    ------
    ValueError
        If an argument breaks its rule; the message names it.

    >>> derivatives([Network([[[2.0]]], [[1.0]])], [3.0, 1.0], [0.0, 0.0]).gradients[0].tolist()
    [24.0, 10.0]
    """
    threads = thread_count(threads)
    get_loss(kind)  # for what it says of a bad one
    if len(nets) == 0:
        return Derivatives([], [])
    samples = _Samples.of(nets, x, y, kind)

    def work(chunk: range) -> Derivatives:
        return _differentiate(Crowd.of(nets, chunk), samples, gauss_newton)

    count = max(1, min(CHUNK, len(nets) // (4 * threads)))
    done = in_threads(work, chunks(nets, count), threads)
    return Derivatives(
        list(chain.from_iterable(some.gradients for some in done)),
        list(chain.from_iterable(some.matrices for some in done)),
    )


class _Samples(NamedTuple):
    """The samples as the kernel takes them: last, in whole blocks; see its docstring."""

    x: np.ndarray
    y: np.ndarray
    weights: np.ndarray
    loss: int

    @classmethod
    def of(cls, nets: Sequence[Network], x: ArrayLike, y: ArrayLike, kind: str) -> _Samples:
        from npnets_kernels import losses, rows

        from npnets.backends import compiled

        samples, d_out = common_inputs(nets, x), len(nets[0].biases[-1])
        for k, net in enumerate(nets):
            if len(net.biases[-1]) != d_out:
                raise ValueError(
                    f"nets must all have {d_out} outputs as the first has, "
                    f"got widths {net.widths} for nets[{k}]"
                )
        targets = targets_like(np.empty((len(samples), d_out)), finite_array("y", y), kind)
        total = {"mse": targets.size / 2, "binary_cross_entropy": targets.size}
        weight = 1 / total.get(kind, len(targets))
        return cls(
            compiled.pad_samples(samples.T, rows.LANES),
            compiled.pad_samples(targets.T, rows.LANES),
            compiled.pad_weights(len(samples), weight, samples.dtype, rows.LANES),
            losses.NAMES.index(kind),
        )


def _differentiate(crowd: Crowd, samples: _Samples, gauss_newton: bool) -> Derivatives:
    from npnets_kernels import hessian as kernel

    n_blocks, curved = len(samples.weights) // kernel.LANES, not gauss_newton
    n_numbers = kernel.workspace_size(crowd.widths, crowd.width_offsets, n_blocks, curved)
    check_dense("workspace of the hessian", (n_numbers, 1))
    gradients, matrices = kernel.hessians(*crowd, *samples, curved, n_numbers)
    found, place = Derivatives([], []), 0
    for start, stop in pairwise(crowd.offsets.tolist()):
        size = stop - start
        found.gradients.append(gradients[start:stop])
        found.matrices.append(matrices[place : place + size**2].reshape(size, size))
        place += size**2
    return found
