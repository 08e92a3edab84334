from __future__ import annotations

import csv
import io
import json
from fractions import Fraction
from math import comb
from pathlib import Path

import numpy as np
import pytest
from rows import fill, make_row

from npnets.intervals import _order_of_interval, median_interval
from npnets.records import to_json
from npnets.study.export import save_csv, save_npz, write_csv
from npnets.study.schema import NetworkRow
from npnets.study.store import writing
from npnets.study.summary import (
    pearson,
    rank,
    summarize,
    summarize_table,
)
from npnets.study.table import read_table, read_tables


@pytest.fixture
def store(tmp_path):
    with writing(tmp_path / "npnets.db") as store:
        yield store


@pytest.mark.parametrize("n", [1, 2, 5, 6, 9, 20, 57, 105])
def test_median_interval_has_the_exact_binomial_ranks(n):
    below = [Fraction(sum(comb(n, i) for i in range(k + 1)), 2**n) for k in range(n)]
    expected = max((k for k in range(n) if 2 * below[k] <= Fraction(1, 20)), default=-1)
    assert _order_of_interval(n, 0.95) == expected


def test_median_interval_of_a_large_sample_agrees_with_scipy():
    from scipy.stats import binom

    k = _order_of_interval(65_536, 0.95)
    assert binom.cdf(k, 65_536, 0.5) <= 0.025 < binom.cdf(k + 1, 65_536, 0.5)


def test_median_interval_covers_the_median_at_least_as_often_as_it_says():
    rng = np.random.default_rng(0)
    intervals = [median_interval(rng.exponential(size=30)) for _ in range(2000)]
    coverage = np.mean([low <= np.log(2) <= high for low, high in intervals])
    assert 0.94 < coverage < 0.98


def test_pearson_is_numpys_and_nan_without_variation():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 50))
    assert pearson(x, y) == pytest.approx(np.corrcoef(x, y)[0, 1], rel=1e-12)
    assert np.isnan(pearson(np.ones(3), np.arange(3.0)))
    assert np.isnan(pearson(np.ones(1), np.ones(1)))


def test_a_shape_is_the_median_over_its_seeds(store):
    for seed, loss in enumerate((1.0, 100.0, 10.0)):
        store.add([make_row("linear", "2-1", seed, grid_loss=loss)])
    store.add([make_row("linear", "3", 0, grid_loss=50.0)])
    table = read_table(store, "linear")
    assert table.shape.tolist() == ["2-1", "3"]
    assert table.losses["grid"].tolist() == [10.0, 50.0]
    assert table.runs.tolist() == [3, 1]
    assert [best.shape for best in rank(table, "grid", 5)] == ["2-1", "3"]


def test_diverged_and_collapsed_networks_do_not_survive_and_lose_to_all_others(store):
    nan, inf = float("nan"), float("inf")
    store.add(
        [
            make_row("linear", "1-2", grid_loss=nan, loss=nan),
            make_row("linear", "2-1", grid_loss=inf, loss=7.0),
            make_row("linear", "3", grid_loss=33.0, loss=3.0, collapsed=1),
            make_row("linear", "1-1-1", grid_loss=44.0, loss=4.0),
        ]
    )
    summary = summarize_table(read_table(store, "linear"))
    assert [(s.depth, s.survivors, s.networks) for s in summary.survival] == [
        (1, 0, 1),
        (2, 0, 2),
        (3, 1, 1),
    ]
    grid = summary.domains[0]
    assert (grid.best.shape, grid.worst.shape) == ("3", "1-1-1")
    assert grid.ratio == pytest.approx(44 / 33)
    assert grid.depths[1].best.loss == inf
    assert grid.correlated_shapes == 2
    assert json.loads(summary.to_json())["domains"][0]["depths"][1]["best"]["loss"] is None


def test_summary_of_a_study_known_by_hand(store):
    store.add(
        [
            make_row("linear", "16", grid_loss=1.0, loss=0.1),  # 49 parameters
            make_row("linear", "6-10", grid_loss=0.5, loss=0.3),  # 93
            make_row("linear", "14-2", grid_loss=4.0, loss=0.2),  # 61
            make_row("linear", "2-14", grid_loss=8.0, loss=0.4),  # 61
        ]
    )
    store.add([make_row("linear", "1-1", grid_loss=1e-9)])  # 6 parameters, the best by far
    by_the_best = summarize(store)[0].domains[0]
    assert (by_the_best.matched_shapes, by_the_best.matched_ratio) == (2, 2.0)
    store._connection.execute("DELETE FROM networks WHERE shape = '1-1'")
    summary = summarize(store)[0]
    grid, normal = summary.domains
    assert (grid.domain, normal.domain) == ("grid", "normal")
    assert (grid.best.shape, grid.best.parameter_count, grid.worst.shape) == ("6-10", 93, "2-14")
    assert (normal.best.shape, normal.worst.shape) == ("16", "2-14")
    assert (grid.ratio, grid.matched_shapes, grid.matched_ratio) == (16.0, 2, 2.0)
    assert [d.best_ratio for d in grid.depths] == [1.0, 0.5]
    assert [d.median_loss for d in grid.depths] == [1.0, 4.0]
    assert grid.depths[1].median_ratio == 4.0
    last = np.array([10, 2, 14, 16])
    expected = np.corrcoef(last, np.log10([0.5, 4.0, 8.0, 1.0]))[0, 1]
    assert grid.correlations["last_width"] == pytest.approx(expected)
    assert summary.shapes == summary.networks == 4


def test_ratios_to_depth_1_are_unknown_without_it(store):
    store.add([make_row("linear", "2-1")])
    depths = summarize(store)[0].domains[0].depths
    assert np.isnan(depths[0].best_ratio)
    assert np.isnan(depths[0].median_ratio)


def test_tables_are_of_one_target_and_depth_if_asked(store):
    fill(store, 4)
    assert [t.target for t in read_tables(store)] == ["linear", "quadratic"]
    (table,) = read_tables(store, "quadratic", depth=2)
    assert table.shape.tolist() == ["1-3", "2-2", "3-1"]
    with pytest.raises(ValueError, match="depth must be one that store"):
        read_tables(store, depth=7)


def test_json_has_null_for_what_is_no_number():
    value = {"a": [float("nan"), float("inf"), 1.5], "b": ("x", None, True)}
    assert json.loads(to_json(value)) == {"a": [None, None, 1.5], "b": ["x", None, True]}


def test_csv_reads_back_exactly(store, tmp_path):
    fill(store, 4)
    store.add([make_row("sine", "4", loss=float("nan"), grid_loss=float("inf"))])
    text = io.StringIO()
    write_csv(store, text)
    save_csv(store, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == text.getvalue()
    lines = list(csv.DictReader(io.StringIO(text.getvalue())))
    for line, row in zip(lines, store.rows(), strict=True):
        assert list(line) == list(NetworkRow._fields[:-1])
        assert line["shape"] == row.shape
        assert repr(float(line["loss"])) == repr(row.loss)
        assert float(line["grid_loss"]) == row.grid_loss


def test_npz_reads_back_exactly_and_without_pickle(store, tmp_path):
    fill(store, 4)
    save_npz(store, tmp_path / "out.npz")
    assert sorted(p.name for p in tmp_path.glob("out*")) == ["out.npz"]
    with np.load(tmp_path / "out.npz", allow_pickle=False) as arrays:
        rows = list(store.rows())
        assert arrays["parameters"].dtype == np.float32
        assert arrays["shape"].tolist() == [row.shape for row in rows]
        assert arrays["setting_lr"] == 0.01
        offsets = arrays["offsets"]
        for k, row in enumerate(rows):
            assert arrays["parameters"][offsets[k] : offsets[k + 1]].tobytes() == row.parameters


@pytest.mark.parametrize("save", [save_csv, save_npz])
def test_an_export_replaces_no_store_and_no_device(save, store, tmp_path):
    store.set_settings({"dtype": "float32"})
    store.add([make_row("linear", "2-1")])
    with pytest.raises(ValueError, match="output must not replace an SQLite file"):
        save(store, store.path)
    assert len(store.keys()) == 1
    null = Path("/dev/null")
    if null.is_char_device():
        save_csv(store, null)
        assert null.is_char_device()
    link = tmp_path / "link.csv"
    link.symlink_to(tmp_path / "real.csv")
    save(store, link)
    assert link.is_symlink()
    assert (tmp_path / "real.csv").stat().st_size > 0


def test_a_failed_export_leaves_no_file(store, tmp_path, monkeypatch):
    fill(store, 3)
    monkeypatch.setattr(np, "savez", lambda *a, **k: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        save_npz(store, tmp_path / "out.npz")
    assert list(tmp_path.glob("out*")) == []
