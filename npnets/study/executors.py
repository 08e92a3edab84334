"""Where shards are trained. An executor's ``run`` yields results as they come, in any order."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class LocalExecutor:
    """Threads of this process: the training kernels release the GIL.

    >>> sorted(LocalExecutor(threads=2).run(abs, [-3, 1, -2]))
    [1, 2, 3]
    """

    def __init__(self, threads: int) -> None:
        if threads < 1:
            raise ValueError(f"threads must be a positive integer, got {threads!r}")
        self.threads = threads

    def run(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Generator[Result]:
        """Apply a function to each item, with at most two items per thread in flight.

        On Ctrl-C no further item is begun, those that run are finished and their results yielded,
        and KeyboardInterrupt is raised then.
        """
        waiting = iter(items)
        flying: set[Future[Result]] = set()
        with ThreadPoolExecutor(self.threads) as pool:
            try:
                while True:
                    room = 2 * self.threads - len(flying)
                    flying |= {pool.submit(function, item) for item in islice(waiting, room)}
                    if not flying:
                        return
                    done, flying = wait(flying, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in done)
            except KeyboardInterrupt:
                begun = [future for future in flying if not future.cancel()]
                yield from (future.result() for future in begun)
                raise
            finally:
                pool.shutdown(cancel_futures=True)
