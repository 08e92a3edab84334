"""One writer per store, held by the operating system and so released by any death."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path


@contextmanager
def run_lock(store: Path) -> Iterator[None]:
    """Hold the right to write to a store.

    The lock is SQLite's exclusive lock on an empty file beside the store, because readers of the
    store must not be kept out. The file stays: removing it would let two runs hold "the" lock.

    Raises
    ------
    BlockingIOError
        If another run holds it.
    OSError
        If the folder can't be written.
    """
    file = store.resolve()
    path = file.with_name(file.name + "-lock")
    try:
        connection = sqlite3.connect(path, timeout=0, isolation_level=None)
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise BlockingIOError(
                f"store {store} is being written by another run: wait for it, or use another store"
            ) from None
        raise OSError(f"store {store} can't be locked: {error}") from None
    with closing(connection):
        yield
