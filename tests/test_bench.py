"""The benchmarks' arithmetic, their table, and that what they compare does the same thing."""

from __future__ import annotations

import doctest
import importlib
import json
import subprocess
import sys

import numpy as np
import pytest

from bench.c_limit import compile_limit
from bench.cases import FILES, all_cases
from bench.cases.limit import TOLERANCE, Task
from bench.cases.training import SHAPES
from bench.child import spawn
from bench.environment import ROOT, users_environment
from bench.hessian_peers import HESSIANS, make_network, make_samples
from bench.peers import JAX, PEERS, jax_compile
from bench.report import BEGIN, END, Result, document, line, machine, table, write_table
from bench.runner import Case, Row, Samples, Skipped, clock, compare, require, take_turns
from npnets.curvature import hessian

WHERE = {"cpu": "abacus", "cores": 2, "date": "2000-01-01T00:00:00", "versions": {"python": "3"}}


def skipping(why):
    def prepare():
        raise Skipped(why)

    return prepare


def unwrapped(prepare):
    """What prepare returns, or a skipped test where it says why not."""
    try:
        return prepare()
    except Skipped as why:
        pytest.skip(str(why))


def result(row, **values):
    samples = Samples(values, {name: [1.0] * len(v) for name, v in values.items()})
    return Result("case", samples, (compare(row, samples),))


def test_all_are_prepared_first_and_then_measured_in_turn():
    calls = []

    def contender(name):
        def prepare():
            calls.append(f"prepare {name}")
            return lambda: calls.append(name) or float(len(calls))

        return prepare

    case = Case("case", {"A": contender("A"), "B": contender("B")}, [], repeats=3)
    samples = take_turns(case)
    assert calls == ["prepare A", "prepare B", *"ABABAB"]
    assert samples.values == {"A": [3.0, 5.0, 7.0], "B": [4.0, 6.0, 8.0]}
    assert {name: len(busy) for name, busy in samples.busy.items()} == {"A": 3, "B": 3}


def test_a_ratio_pairs_measurements_of_the_same_repeat():
    samples = Samples({"ours": [1.0, 2.0, 4.0], "theirs": [8.0, 8.0, 8.0]})
    faster = compare(Row("", "ours", ("theirs",), at_least=4), samples)
    assert faster.values == (8.0, 4.0, 2.0)
    assert faster.reached
    slower = compare(Row("", "ours", ("theirs",), at_most=0.2), samples)
    assert slower.values == (0.125, 0.25, 0.5)
    assert not slower.reached


def test_the_peer_of_a_row_is_the_fastest_by_median():
    samples = Samples({"ours": [1, 1, 1], "lucky once": [1, 9, 9], "fastest": [5, 5, 99]})
    compared = compare(Row("", "ours", ("lucky once", "fastest"), at_least=5), samples)
    assert compared.peer == "fastest"
    assert compared.median == 5


def test_nothing_is_reached_or_missed_where_nothing_was_aimed_at():
    assert compare(Row("", "ours", unit="s"), Samples({"ours": [1.0]})).reached is None


def test_clock_warms_up_and_divides():
    calls = []
    measure = clock(lambda: calls.append(1), per=1e9)
    assert calls == [1]
    assert 0 <= measure() < 1e-6
    assert calls == [1, 1]


def test_a_row_is_skipped_with_a_word_only_where_nobody_is_left():
    contenders = {
        "ours": lambda: lambda: 1.0,
        "old": lambda: lambda: 2.0,
        "jax": skipping("jax is not installed"),
        "jax too": skipping("jax is not installed"),
    }
    samples = take_turns(Case("case", contenders, [], repeats=2))
    assert samples.skipped["jax"] == "jax is not installed"
    assert compare(Row("", "ours", ("jax", "old"), at_least=1), samples).peer == "old"
    skipped = compare(Row("vs jax", "ours", ("jax", "jax too"), at_least=3), samples)
    assert line(skipped) == "| vs jax | skipped: jax is not installed |  | ≥ 3× |  |"
    assert skipped.reached is None
    assert compare(Row("", "jax", unit="s"), samples).skipped == "jax is not installed"


def test_an_error_is_no_reason_to_skip():
    def broken():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        take_turns(Case("case", {"broken": broken}, []))


def test_only_a_missing_library_is_skipped(tmp_path, monkeypatch):
    (tmp_path / "broken_library.py").write_text("1 / 0")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(Skipped, match="no_such_library is not installed"):
        require("no_such_library")
    with pytest.raises(ZeroDivisionError):
        require("broken_library")


def test_a_line_holds_median_range_aim_and_verdict():
    of = Row("ours vs theirs", "ours", ("theirs",), at_least=1000)
    compared = result(of, ours=[1.0, 1.0, 1.0], theirs=[900.0, 1234.5, 2000.0]).rows[0]
    assert line(compared) == "| ours vs theirs (theirs) | 1,234× | 900–2,000 | ≥ 1,000× | reached |"
    compared = result(Row("help", "ours", unit="s", at_most=0.3), ours=[0.25, 0.5]).rows[0]
    assert line(compared) == "| help | 0.375 s | 0.25–0.5 | ≤ 0.3 s | **missed** |"


def test_the_table_replaces_what_is_between_the_marks_and_nothing_else(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text(f"# Before\n{BEGIN}\nold\n{END}\nAfter ×\n", encoding="utf-8")
    text = table(WHERE, [result(Row("help", "ours", unit="s"), ours=[0.25])])
    for _ in range(2):
        write_table(text, readme)
        page = readme.read_text(encoding="utf-8")
        assert page == f"# Before\n{BEGIN}\n{text}\n{END}\nAfter ×\n"
    assert text.endswith("\n\nabacus, 2 cores, 2000-01-01; python 3.")


@pytest.mark.parametrize("page", [None, "no marks", f"{END} before {BEGIN}", BEGIN])
def test_without_a_place_for_the_table_the_file_stays(page, tmp_path):
    readme = tmp_path / "README.md"
    if page is not None:
        readme.write_text(page)
    with pytest.raises(ValueError, match=f"must have a line {BEGIN}"):
        write_table("table", readme)
    assert page == (readme.read_text() if readme.exists() else None)


def test_the_document_holds_every_repeat_and_every_row():
    of = Row("vs", "ours", ("theirs",), at_least=3)
    done = result(of, ours=[1.0, 2.0], theirs=[4.0, 4.0])
    facts = json.loads(json.dumps(document(WHERE, [done], quick=False)))
    assert facts["machine"] == WHERE
    case = facts["cases"][0]
    assert case["contenders"]["ours"] == {"values": [1.0, 2.0], "busy": [1.0, 1.0]}
    row = case["rows"][0]
    assert (row["median"], row["min"], row["max"], row["peer"]) == (3.0, 2.0, 4.0, "theirs")
    assert row["reached"] is True


def test_the_machine_is_named():
    facts = json.loads(json.dumps(machine()))
    assert facts["cpu"]
    assert {"python", "npnets", "numpy", "numba"} <= set(facts["versions"])


@pytest.mark.parametrize("quick", [True, False])
def test_every_case_has_the_shape_that_the_runner_expects(quick, tmp_path):
    cases = all_cases(quick, tmp_path)
    assert len({case.name for case in cases}) == len(cases)
    for case in cases:
        assert case.rows
        assert case.repeats > 0
        for row in case.rows:
            assert {row.measured, *row.beside} <= set(case.contenders), row
            assert row.at_least is None or (row.at_most is None and row.beside), row
    for file in FILES:
        assert file.__doc__


def test_quick_and_whole_runs_have_the_same_cases_with_the_same_aims(tmp_path):
    def aims(quick):
        return [
            (case.name, [(row.at_least, row.at_most) for row in case.rows])
            for case in all_cases(quick, tmp_path)
        ]

    assert aims(quick=True) == aims(quick=False)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_limit_c_and_the_kernel_end_with_the_same_parameters(shape, tmp_path):
    train = unwrapped(lambda: compile_limit(tmp_path))
    task = Task(shape, networks=8, steps=20)
    by_kernel = task.with_kernel()
    assert np.abs(by_kernel - task.theta).max() > 0.05
    np.testing.assert_allclose(task.with_c(train), by_kernel, rtol=0, atol=TOLERANCE)


def test_limit_c_refuses_batches_it_does_not_know(tmp_path):
    train = unwrapped(lambda: compile_limit(tmp_path))
    x = np.zeros((1, 1, 63))
    with pytest.raises(ValueError, match="x and y must have 64 samples"):
        train((1, 2, 1), np.zeros((1, 7)), x, x, [0.01], [0.0])


def test_without_a_compiler_the_limit_is_skipped(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    with pytest.raises(Skipped, match="there is no C compiler"):
        compile_limit(tmp_path)


@pytest.mark.parametrize("name", [name for name in PEERS if name != "npnets"])
def test_every_peer_learns(name):
    run = unwrapped(lambda: PEERS[name].task((16,), 4, 100))
    first = run()
    last = [run() for _ in range(4)][-1] if name not in JAX else first
    assert last < 1.0  # of about 3 in the beginning


def test_jax_trains_as_the_kernel_does():
    jax = pytest.importorskip("jax")
    shape = (5, 7, 4)
    compiled, theta, batches = jax_compile(shape, 3, 20, drawn=False)
    task = Task(shape, networks=3, steps=20)
    task.theta, task.x = flat(theta), np.array(batches)
    task.y = task.x**2
    _, trained = jax.block_until_ready(compiled(theta, batches))
    np.testing.assert_allclose(flat(trained), task.with_kernel(), rtol=0, atol=1e-5)


def flat(theta):
    """jax's layers as one parameter vector a network."""
    arrays = [np.asarray(array) for layer in theta for array in layer]
    return np.concatenate([array.reshape(len(array), -1) for array in arrays], axis=1)


def test_a_child_is_timed_alone_and_its_memory_is_its_own():
    ballast = np.ones(50_000_000)  # 400 MB, which a forked process inherits
    child = spawn([sys.executable, "-c", "import time; time.sleep(0.2); print('done')"], {})
    assert child.stdout == "done\n"
    assert child.seconds >= 0.2
    assert 1e6 < child.peak_bytes < 0.5 * ballast.nbytes
    child = spawn([sys.executable, "-c", "held = bytes([1]) * 100_000_000"], {})
    assert 100e6 < child.peak_bytes < 200e6


def test_a_child_that_fails_is_an_error():
    with pytest.raises(RuntimeError, match="nonsense"):
        spawn([sys.executable, "-c", "raise SystemExit('nonsense')"], {})


def bench(*arguments):
    command = [sys.executable, "-m", "bench", *arguments]
    return subprocess.run(
        command, env=users_environment(), cwd=ROOT, capture_output=True, text=True
    )


def test_a_case_runs_from_the_command_line(tmp_path):
    ran = bench("--quick", "limit-16", "--json", str(tmp_path / "bench.json"))
    assert ran.returncode == 0, ran.stderr
    assert "| kernel 16 vs C by hand" in ran.stdout
    facts = json.loads((tmp_path / "bench.json").read_text())
    assert [case["name"] for case in facts["cases"]] == ["limit-16"]
    assert facts["quick"] is True


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["nope"], "names must be of train-16"), (["--quick", "--update-readme"], "a whole run")],
)
def test_what_it_does_not_know_is_refused_in_a_line(arguments, words):
    ran = bench(*arguments)
    assert ran.returncode == 2
    assert words in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("module", ["runner", "report", "environment", "child", "peers"])
def test_examples_in_the_docstrings_hold(module):
    assert doctest.testmod(importlib.import_module(f"bench.{module}")).failed == 0


@pytest.mark.parametrize("shape", [(16,), (3, 2)])
def test_all_peers_compute_the_same_hessian(shape):
    net, (x, y) = make_network(shape), make_samples()
    expected = hessian(net, x, y)
    compared = 0
    for task in HESSIANS.values():
        try:
            actual = task(net, x, y)()
        except Skipped:
            continue
        np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-12 * np.abs(expected).max())
        compared += 1
    assert compared >= 1
