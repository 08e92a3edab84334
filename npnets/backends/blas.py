"""NumPy's linear algebra on one thread, where the matrices are small and many.

A BLAS with threads of its own shares even a 49 × 49 eigenproblem out over all processors and has
them wait for each other busily. Beside any other busy thread that costs up to forty times what one
thread takes; and what is to run side by side here is networks, not the columns of one matrix.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock

from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

#: The limit that is set, once for each who is inside ``one_blas_thread``: the first one sets it,
#: the last one lifts it.
_inside: list = []
_LOCK = Lock()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """NumPy's BLAS and LAPACK calls inside take one thread each, whichever thread makes them.

    >>> import numpy as np
    >>> with one_blas_thread():
    ...     np.linalg.eigvalsh(np.eye(2)).tolist()
    [1.0, 1.0]
    """
    with _LOCK, _any_thread():
        limit = _inside[0] if _inside else _libraries().limit(limits=1, user_api="blas")
        _inside.append(limit)
    try:
        yield
    finally:
        with _LOCK, _any_thread():
            _inside.pop()
            if not _inside:
                limit.restore_original_limits()


@contextmanager
def _any_thread() -> Iterator[None]:
    """This thread may set OpenBLAS's limit inside, and any other one afterwards.

    Since threadpoolctl 3.8 the first thread that has set it keeps it for itself, and all others are
    ignored. Here the last one out need not be who was first in.
    """
    _set_free()
    try:
        yield
    finally:
        _set_free()


def _set_free() -> None:
    for library in _libraries().lib_controllers:
        if hasattr(library, "clear_controlling_thread"):
            library.clear_controlling_thread(force=True)


@cache
def _libraries() -> ThreadpoolController:
    """The libraries with thread pools, once for all: finding them takes milliseconds."""
    import numpy  # noqa: F401 - brings its BLAS along

    return ThreadpoolController()
