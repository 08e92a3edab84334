"""A store's networks in files for other programs."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np

from npnets.study.schema import COUNT_COLUMNS, NetworkRow
from npnets.study.store import Store

FORMATS = ("csv", "npz")
SQLITE_HEADER = b"SQLite format 3\0"


def write_csv(store: Store, file: IO[str]) -> None:
    """Write every column but the parameters, one line per network, in the order of the keys.

    Floats are written so that they read back exactly; inf and nan are spelt so. A number of
    breakpoints that there is not is left empty.
    """
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(NetworkRow._fields[:-1])
    writer.writerows(row[:-1] for row in store.rows())


def save_csv(store: Store, path: Path) -> None:
    """``write_csv`` to a file, which appears when it is complete."""
    with (
        _complete_or_absent(path) as partial,
        partial.open("w", newline="", encoding="utf-8") as file,
    ):
        write_csv(store, file)


def save_npz(store: Store, path: Path) -> None:
    """Save every column as an array of a NumPy archive, which needs no pickle to load.

    The parameters are one flat array, network after network; those of network k are
    ``parameters[offsets[k]:offsets[k + 1]]``. The settings are ``setting_…`` entries. A number of
    breakpoints that there is not is NaN.
    """
    rows = list(store.rows())
    arrays = {
        name: np.array([row[i] for row in rows], float if name in COUNT_COLUMNS else None)
        for i, name in enumerate(NetworkRow._fields)
        if name != "parameters"
    }
    settings = store.settings()
    dtype = np.dtype(settings["dtype"])
    parameters = np.frombuffer(b"".join(row.parameters for row in rows), dtype.newbyteorder("<"))
    with _complete_or_absent(path) as partial, partial.open("wb") as file:
        np.savez(
            file,
            allow_pickle=False,
            parameters=parameters.astype(dtype),
            offsets=np.r_[0, np.cumsum(arrays["parameter_count"])],
            **arrays,
            **{f"setting_{name}": np.array(value) for name, value in settings.items()},
        )


@contextmanager
def _complete_or_absent(path: Path) -> Iterator[Path]:
    """A file to write, which takes its place if nothing fails and vanishes otherwise.

    Devices and pipes are written as they are, links are followed.

    Raises
    ------
    ValueError
        If the file there now is an SQLite file, which may well be a store.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        yield path
        return
    if path.is_file():
        with path.open("rb") as file:
            if file.read(len(SQLITE_HEADER)) == SQLITE_HEADER:
                raise ValueError(f"output must not replace an SQLite file, got {path}")
    partial = path.with_name(path.name + ".partial")
    try:
        yield partial
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
