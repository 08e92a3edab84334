"""Runs that are killed, and go on as if nothing had happened.

A run is killed in two ways: with SIGKILL at a random moment, and inside a commit. For the second
the kernel strikes: a limit on the size of the run's files, drawn anew for each run, kills it in
the very write that would cross the limit, after a torn write of the bytes up to it. The run says
"(" before each COMMIT and ")" after it, so what it said last tells where it was hit.
"""

from __future__ import annotations

import random
import re
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
import os, resource, signal, sqlite3, sys
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
def speaking_connect(*arguments, **options):
    return connect(*arguments, **options, factory=Speaking)
store_module.sqlite3.connect = speaking_connect
store_module.CHECKPOINT_PAGES = int(sys.argv[3])
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
study(sys.argv[1])
"""


def study(path: str) -> str:
    """A study of 1,024 networks that takes no time to train, in many small transactions."""
    run_module.train_shard = make_shard
    plan = Plan(Settings(neurons=10), ("linear", "quadratic"), (1, 10))
    with writing(path) as store:
        run(plan.settings, unfinished(plan, store, 4), store, threads=4)
        return store.content_hash()


def run_limited(path: Path, limit: int, checkpoint_pages: int) -> tuple[int, bytes]:
    """Run the study with no file longer than ``limit`` bytes: its exit code, and what it said."""
    command = [sys.executable, "-c", UNTRAINED_RUN, path, str(limit), str(checkpoint_pages)]
    done = subprocess.run(command, stdout=subprocess.PIPE)
    return done.returncode, done.stdout


def check(path: Path) -> int:
    """Check a store that lost its run, and count its networks."""
    try:
        with reading(path) as store:
            assert list(store._read("PRAGMA integrity_check")) == [("ok",)]
            rows = list(store.rows())
    except ValueError as error:  # killed before the file had a schema
        if not re.search("does not exist|is empty", str(error)):
            raise
        return 0
    assert len({row[:3] for row in rows}) == len(rows)
    return len(rows)


def survive_kills_in_commits(folder: Path, hits: int) -> None:
    """Kill studies until that many commits were hit; each must end as one left in peace."""
    clock, whole = random.Random(0), study(str(folder / "whole.db"))
    hit = studies = 0
    while hit < hits:
        path, before = folder / f"killed{studies}.db", 0
        pages = clock.choice([1, 10, 8000])  # often a checkpoint at the commit, or never one
        while True:
            longest = max((file.stat().st_size for file in folder.glob(path.name + "*")), default=0)
            code, said = run_limited(path, longest + clock.randint(1, 60_000), pages)
            now = check(path)
            assert now >= before
            before = now
            if code == 0:
                break
            assert code == -signal.SIGXFSZ
            hit += said.endswith(b"(")
        assert study(str(path)) == whole
        assert check(path) == 1024
        studies += 1


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
        now = check(path)
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
