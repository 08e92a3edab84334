from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from rows import fill, make_first_store, make_row

from npnets.study import store as store_module
from npnets.study.plan import Settings
from npnets.study.schema import MIGRATIONS
from npnets.study.store import check_target, reading, writing


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "npnets.db"


def same(a, b) -> bool:
    return repr(a) == repr(b)  # NaN is unequal to itself, its text is not


def test_rows_come_back_to_the_last_bit_even_when_they_diverged(path):
    values = np.array([np.nan, np.inf, -np.inf, 0.1], dtype="<f4").tobytes()
    rows = [
        make_row("linear", "1-1", 0, loss=float("nan"), grid_loss=float("inf"), parameters=values),
        make_row("linear", "1-1", 1, loss=5e-324, normalized_loss=0.1 + 0.2),
        make_row("linear", "2", 0, grid_range=0.0),
    ]
    with writing(path) as store:
        store.add(rows)
    with reading(path) as store:
        assert all(same(a, b) for a, b in zip(store.rows(), rows, strict=True))
        assert same(store.rows(shape="2").__next__(), rows[2])
        columns = store.columns(("shape", "loss", "seed", "parameters"), "linear")
    assert columns["shape"].tolist() == ["1-1", "1-1", "2"]
    assert np.isnan(columns["loss"][0])
    assert columns["loss"].dtype == float
    assert columns["parameters"][0] == values


def test_a_shard_is_stored_whole_or_not_at_all(path):
    with writing(path) as store:
        store.add([make_row("linear", "3")])
        before = store.content_hash()
        with pytest.raises(sqlite3.IntegrityError):
            store.add([make_row("linear", "1-2"), make_row("linear", "3")])
        assert store.content_hash() == before
        store.add([make_row("linear", "1-2")])
        assert store.keys() == {("linear", "3", 0), ("linear", "1-2", 0)}


def test_content_hash_sees_every_bit_and_no_order(tmp_path):
    rows = [make_row(t, s) for t in ("linear", "step") for s in ("4", "1-3", "2-2")]
    flipped = bytes([rows[0].parameters[0] ^ 1]) + rows[0].parameters[1:]
    changed = [rows[0]._replace(parameters=flipped), *rows[1:]]
    hashes = []
    for i, order in enumerate((rows, rows[::-1], changed, rows[1:])):
        with writing(tmp_path / f"{i}.db") as store:
            for row in order:
                store.add([row])
            store.add_run({"started": str(i)})
            hashes.append(store.content_hash())
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 3


def test_targets_are_the_distinct_ones(path):
    with writing(path) as store:
        assert store.targets() == []
        with pytest.raises(ValueError, match="holds no networks"):
            check_target(store)
        fill(store, 3, ("sine", "absolute", "x + 1"))
        assert store.targets() == ["absolute", "sine", "x + 1"] == check_target(store)
        with pytest.raises(ValueError, match="target must be one of absolute, sine"):
            check_target(store, "cosine")


def test_settings_and_runs_come_back(path):
    with writing(path) as store:
        store.set_settings({"lr": 0.01, "optimizer": "adam", "steps": 3})
        store.add_run({"numpy": "1"})
        store.add_run({"numpy": "2"})
    with reading(path) as store:
        assert store.settings() == {"lr": 0.01, "optimizer": "adam", "steps": 3}
        assert store.runs() == [{"numpy": "1"}, {"numpy": "2"}]


def test_a_second_writer_is_refused_at_once_and_the_first_goes_on(path):
    with writing(path) as store:
        with pytest.raises(BlockingIOError, match="being written by another run"), writing(path):
            pass
        code = f"from npnets.study.store import writing\nwith writing({str(path)!r}): pass"
        other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert "BlockingIOError" in other.stderr
        store.add([make_row("linear", "3")])
    with writing(path) as store:
        assert len(store.keys()) == 1


def test_a_store_keeps_a_log_and_does_not_skip_its_syncs(path):
    with writing(path) as store:
        assert store._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert store._connection.execute("PRAGMA synchronous").fetchone() == (1,)  # NORMAL


def test_a_link_to_a_store_is_the_same_store(path, tmp_path):
    link = tmp_path / "link.db"
    with writing(path):
        link.symlink_to(path)
        with pytest.raises(BlockingIOError), writing(link):
            pass


def test_readers_see_whole_shards_while_a_run_writes(path):
    with writing(path) as store:
        store.add([make_row("linear", "3")])
        with reading(path) as reader:
            store._connection.execute("BEGIN IMMEDIATE")
            store._connection.execute("DELETE FROM networks")
            assert len(reader.keys()) == 1
            store._connection.execute("ROLLBACK")
            store.add([make_row("linear", "1-2")])
            assert len(reader.keys()) == 2


def test_an_older_store_is_migrated_by_writers_and_by_readers(path, tmp_path, monkeypatch):
    with writing(path) as store:
        store.add([make_row("linear", "3")])
    other = tmp_path / "other.db"
    other.write_bytes(path.read_bytes())
    newer = (*MIGRATIONS, ("CREATE TABLE notes (text TEXT)", "INSERT INTO notes VALUES ('hi')"))
    monkeypatch.setattr(store_module, "MIGRATIONS", newer)
    for open_store, file in ((writing, path), (reading, other)):
        with open_store(file) as store:
            assert list(store._read("SELECT text FROM notes")) == [("hi",)]
            assert list(store._read("PRAGMA user_version")) == [(len(newer),)]
            assert same(next(store.rows()), make_row("linear", "3"))


def test_a_failing_migration_leaves_the_older_store(path, monkeypatch):
    with writing(path) as store:
        store.add([make_row("linear", "3")])
    broken = (*MIGRATIONS, ("CREATE TABLE notes (text TEXT)", "NONSENSE"))
    with monkeypatch.context() as patch:
        patch.setattr(store_module, "MIGRATIONS", broken)
        with pytest.raises(OSError, match="syntax error"), writing(path):
            pass
    with writing(path) as store:
        assert list(store._read("SELECT name FROM sqlite_master WHERE name = 'notes'")) == []
        assert len(store.keys()) == 1


@pytest.mark.parametrize("open_store", [reading, writing])
def test_the_first_stores_are_opened_with_all_they_hold(path, open_store):
    rows = [make_row("linear", shape, loss=float("nan")) for shape in ("1-2", "2-1", "3")]
    make_first_store(path, rows, Settings(neurons=3))
    with open_store(path) as store:
        assert store.settings() == asdict(Settings(neurons=3))
        assert [repr(row) for row in store.rows()] == [
            repr(row._replace(breakpoints=None)) for row in rows
        ]
        assert store.uncounted() == [row[:3] for row in rows]
        assert np.isnan(store.columns(("breakpoints",), "linear")["breakpoints"]).all()


def test_breakpoints_are_set_for_all_or_none(path):
    with writing(path) as store:
        fill(store, 3)
        store.add([make_row("linear", "4", breakpoints=None), make_row("linear", "2-2")])
        assert store.uncounted() == [("linear", "4", 0)]
        before = store.content_hash()
        with pytest.raises(OverflowError):
            store.set_breakpoints([(("linear", "4", 0), 7), (("linear", "3", 0), 2**70)])
        assert store.content_hash() == before
        store.set_breakpoints([(("linear", "4", 0), 7)])
        assert store.uncounted() == []
        assert next(store.rows(shape="4")).breakpoints == 7
        assert next(store.rows(shape="2-2")) == make_row("linear", "2-2")
        keys = [("linear", "2-2", 0), ("linear", "1-2", 0)]
        assert store.parameters(keys) == [make_row(*key).parameters for key in keys]


def test_a_first_store_that_cant_be_written_says_what_to_do(read_only_folder):
    path = read_only_folder / "old.db"
    root = os.geteuid() == 65534
    if root:
        os.seteuid(0)
    os.chmod(read_only_folder, 0o755)
    make_first_store(path, [make_row("linear", "3")], Settings(neurons=3))
    os.chmod(read_only_folder, 0o555)
    if root:
        os.seteuid(65534)
    with pytest.raises(OSError, match="older npnets and must be upgraded"), reading(path):
        pass


def foreign(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()


def newer(path: Path) -> None:
    with writing(path) as store:
        store._connection.execute("PRAGMA user_version = 99")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path.write_text("not a database, but long enough\n" * 99), "not an SQLite"),
        (lambda path: path.write_text("short"), "not an SQLite file"),
        (foreign, "not an npnets store"),
        (newer, "schema version 99, this npnets reads up to 2"),
        (lambda path: path.mkdir(), "is a folder"),
    ],
)
@pytest.mark.parametrize("open_store", [reading, writing])
def test_what_is_no_store_is_refused_and_untouched(path, make, message, open_store):
    make(path)
    before = path.is_file() and path.read_bytes()
    files = sorted(path.parent.iterdir())
    with pytest.raises(ValueError, match=message), open_store(path):
        pass
    assert before == (path.is_file() and path.read_bytes())
    assert sorted(path.parent.iterdir()) == files


def test_a_missing_store_is_made_by_writers_only(path):
    with pytest.raises(ValueError, match="does not exist"), reading(path):
        pass
    with pytest.raises(ValueError, match="folder that exists"), writing(path / "no" / "where.db"):
        pass
    assert list(path.parent.iterdir()) == []


def test_an_empty_file_becomes_a_store_by_writing_only(path):
    path.touch()
    with pytest.raises(ValueError, match="is empty"), reading(path):
        pass
    assert path.stat().st_size == 0
    with writing(path) as store:
        store.add([make_row("linear", "3")])


def test_a_full_disk_is_one_clear_error_and_costs_only_the_shard(path):
    with writing(path) as store:
        store.add([make_row("linear", "3")])
        before = store.content_hash()
        store._connection.execute("PRAGMA max_page_count = 10")
        big = [make_row("linear", f"1-{i}", parameters=bytes(4000)) for i in range(1, 40)]
        with pytest.raises(OSError, match="database or disk is full"):
            store.add(big)
        assert store.content_hash() == before
        store._connection.execute("PRAGMA max_page_count = 10000")
        store.add(big)
        assert list(store._read("PRAGMA integrity_check")) == [("ok",)]


def test_a_damaged_store_is_one_clear_error(path):
    with writing(path) as store:
        fill(store, 8)
    data = path.read_bytes()
    path.write_bytes(data[:8192] + b"\xff" * (len(data) - 8192))
    with pytest.raises(OSError, match="is damaged"), reading(path) as store:
        list(store.rows())


def test_a_store_in_a_read_only_folder_can_be_read(path, monkeypatch):
    with writing(path) as store:
        fill(store, 3)
    monkeypatch.setattr(os, "access", lambda *arguments: False)
    with reading(path) as store:
        assert len(store.keys()) == 8
    assert not path.with_name(path.name + "-shm").exists()


@pytest.fixture
def read_only_folder():
    """A folder that even root may not write to: root acts as nobody while it lasts."""
    if not hasattr(os, "geteuid"):
        pytest.skip("folders have no owner here")
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o555)
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)
        yield Path(folder)
        if root:
            os.seteuid(0)
        os.chmod(folder, 0o755)


def test_a_read_only_folder_is_one_clear_error_for_writers(read_only_folder):
    with pytest.raises(OSError, match="can't be locked"), writing(read_only_folder / "a.db"):
        pass


def test_a_read_only_file_is_one_clear_error_for_writers(path, monkeypatch):
    with writing(path) as store:
        fill(store, 3)
        store._connection.execute("PRAGMA query_only = TRUE")
        with pytest.raises(OSError, match="readonly database"):
            store.add([make_row("linear", "4")])


def test_odd_characters_in_a_path_are_just_characters(tmp_path):
    path = tmp_path / "what? 100%#1 ü.db"
    with writing(path) as store:
        fill(store, 2)
    with reading(path) as store:
        assert len(store.keys()) == 4
    assert path.exists()
