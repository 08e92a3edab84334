"""Work that many networks give, shared out over threads, which compiled kernels let run at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from npnets.backends import processors
from npnets.protocol import check_count

Chunk = TypeVar("Chunk")
Done = TypeVar("Done")


def thread_count(threads: int | None) -> int:
    """So many threads; for None as many as there are processors."""
    return processors() if threads is None else check_count("threads", threads, 1)


def in_threads(work: Callable[[Chunk], Done], chunks: Iterable[Chunk], threads: int) -> list[Done]:
    """The result of each chunk, in the chunks' order; the first error ends the rest.

    >>> in_threads(len, ["a", "bc"], threads=2)
    [1, 2]
    """
    if threads == 1:
        return [work(chunk) for chunk in chunks]
    with ThreadPoolExecutor(threads) as pool:
        futures = [pool.submit(work, chunk) for chunk in chunks]
        try:
            return [future.result() for future in futures]
        finally:
            pool.shutdown(cancel_futures=True)
