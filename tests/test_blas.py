"""Linear algebra on one thread, for as long as anybody wants it."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import numpy as np
import pytest
import scipy.linalg  # noqa: F401 - brings its BLAS along, as numba may in the midst of a test
from threadpoolctl import threadpool_info, threadpool_limits

from npnets.backends import blas
from npnets.initializers import initialize
from npnets.landscape.spectrum import spectra


def blas_threads():
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


@pytest.fixture(autouse=True)
def three_threads():
    """What is to be given back, whatever the processors."""
    blas._libraries.cache_clear()  # so that it knows what other tests have loaded
    with threadpool_limits(limits=3, user_api="blas"):
        assert blas_threads() == {3}
        yield


def test_a_decomposition_takes_one_thread_and_gives_the_others_back(monkeypatch):
    seen, eigh = [], np.linalg.eigh
    monkeypatch.setattr(np.linalg, "eigh", lambda a: (seen.append(blas_threads()), eigh(a))[1])
    spectra([initialize((1, 3, 1)), initialize((1, 4, 1))], [1.0, 2.0], [0.0, 1.0], threads=2)
    assert seen == [{1}, {1}]
    assert blas_threads() == {3}


def test_an_error_gives_the_others_back_too():
    with pytest.raises(KeyError), blas.one_blas_thread():
        raise KeyError
    assert blas_threads() == {3}


def test_a_thread_keeps_the_limit_neither_for_itself_nor_from_others():
    def inside():
        with blas.one_blas_thread():
            return blas_threads()

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(inside).result() == {1}
        with threadpool_limits(limits=2, user_api="blas"):
            assert blas_threads() == {2}
            assert pool.submit(inside).result() == {1}
            assert blas_threads() == {2}
        assert blas_threads() == {3}


@pytest.mark.parametrize(("first_out", "last_out"), [("a", "b"), ("b", "a")])
def test_of_two_who_overlap_the_last_one_out_gives_the_others_back(first_out, last_out):
    with ExitStack() as pools:
        threads = {name: pools.enter_context(ThreadPoolExecutor(1)) for name in "ab"}
        inside = {name: ExitStack() for name in "ab"}
        for name in "ab":
            threads[name].submit(inside[name].enter_context, blas.one_blas_thread()).result()
            assert threads[name].submit(blas_threads).result() == {1}
        threads[first_out].submit(inside[first_out].close).result()
        assert threads[last_out].submit(blas_threads).result() == {1}
        threads[last_out].submit(inside[last_out].close).result()
    assert blas_threads() == {3}
