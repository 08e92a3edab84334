"""Runs that are killed, and go on as if nothing had happened.

A run is killed with SIGKILL in two ways: at a random moment, and inside a commit. For the second
the run speaks: it writes a byte just before and just after every COMMIT, which is made slow by a
full sync and a checkpoint at each; the killer waits for a "before" and strikes a random instant
later, and whether the "after" came says whether the commit was hit.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rows import make_shard

from npnets.study import run as run_module
from npnets.study.plan import Plan, Settings
from npnets.study.run import run, unfinished
from npnets.study.store import reading, writing

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")

HOUSE = Path(__file__).parent.parent
PATHS = [str(HOUSE), str(HOUSE / "kernels"), str(HOUSE / "tests")]

UNTRAINED_RUN = f"""
import os, sqlite3, sys
sys.path[:0] = {PATHS!r}
from test_crash import study
from npnets.study import store as store_module

class Speaking(sqlite3.Connection):
    def execute(self, sql, *values):
        if sql != "COMMIT":
            return super().execute(sql, *values)
        os.write(1, b"(")
        cursor = super().execute(sql)
        os.write(1, b")")
        return cursor

connect = sqlite3.connect
def slow_connect(*arguments, **options):
    return connect(*arguments, **options, factory=Speaking)
store_module.sqlite3.connect = slow_connect
store_module.SYNCHRONOUS = "FULL"
store_module.CHECKPOINT_PAGES = 1
study(sys.argv[1])
"""


def study(path: str) -> str:
    """A study of 1,024 networks that takes no time to train, in many small transactions."""
    run_module.train_shard = make_shard
    plan = Plan(Settings(neurons=10), ("linear", "quadratic"), (1, 10))
    with writing(path) as store:
        run(plan.settings, unfinished(plan, store, 4), store, threads=4)
        return store.content_hash()


def kill_in_commit(path: Path, instant: float, commits: int) -> bool:
    """Kill a run ``instant`` seconds into one of its commits; whether the commit was hit."""
    process = subprocess.Popen(
        [sys.executable, "-c", UNTRAINED_RUN, str(path)], stdout=subprocess.PIPE
    )
    said = b""
    while said.count(b"(") < commits and (byte := process.stdout.read(1)):
        said += byte
    time.sleep(instant)
    process.send_signal(signal.SIGKILL)
    said += process.stdout.read()
    process.wait()
    return said.endswith(b"(")


def check(path: Path) -> int:
    """Check a store that lost its run, and count its networks."""
    if not path.exists() or path.stat().st_size <= 4096:  # killed before it had a schema
        return 0
    with reading(path) as store:
        assert list(store._read("PRAGMA integrity_check")) == [("ok",)]
        rows = list(store.rows())
    assert len({row[:3] for row in rows}) == len(rows)
    return len(rows)


def survive_kills_in_commits(folder: Path, hits: int) -> None:
    """Kill one study until that many commits were hit, finish it, and compare with a whole one."""
    clock, path = random.Random(0), folder / "killed.db"
    hit = kills = before = 0
    while hit < hits:
        assert kills < 20 * hits, "commits are too quick to be hit"
        hit += kill_in_commit(path, clock.uniform(0, 0.002), clock.randint(3, 4))
        kills += 1
        now = check(path)
        assert now >= before
        before = now
    assert study(str(path)) == study(str(folder / "whole.db"))
    assert check(path) == 1024


def survive_kills_at_random(folder: Path, kills: int, neurons: int) -> None:
    """Kill a real `npnets enumerate` at random moments, finish it, and compare with a whole one."""
    command = [sys.executable, HOUSE / "cli.py", "enumerate", "--neurons", str(neurons)]
    clock, path = random.Random(1), folder / "killed.db"
    _seconds([*command, "--store", folder / "whole.db"])  # compiles, if nothing has yet
    longest = _seconds([*command, "--store", folder / "timed.db"])
    before = 0
    for _ in range(kills):
        process = subprocess.Popen([*command, "--store", path], stdout=subprocess.DEVNULL)
        time.sleep(clock.uniform(0, longest))
        process.kill()
        process.wait()
        now = check(path) if path.exists() and path.stat().st_size else 0
        assert now >= before
        before = now
    _seconds([*command, "--store", path])
    with reading(path) as killed, reading(folder / "whole.db") as whole:
        assert killed.content_hash() == whole.content_hash()
        assert len(killed.keys()) == 2 * 2 ** (neurons - 1)


def _seconds(command: list) -> float:
    start = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - start


def test_a_study_killed_in_a_commit_ends_as_if_it_had_not_been(tmp_path):
    survive_kills_in_commits(tmp_path, hits=1)


@pytest.mark.slow
def test_a_study_killed_in_many_commits_ends_as_if_it_had_not_been(tmp_path):
    survive_kills_in_commits(tmp_path, hits=20)


def test_a_real_run_killed_at_random_ends_as_if_it_had_not_been(tmp_path):
    survive_kills_at_random(tmp_path, kills=2, neurons=6)


@pytest.mark.slow
def test_a_real_run_killed_often_ends_as_if_it_had_not_been(tmp_path):
    survive_kills_at_random(tmp_path, kills=20, neurons=11)
