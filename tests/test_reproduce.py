"""``npnets reproduce`` and ``npnets claims``: what they print of experiments' results."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from commands import npnets

from npnets.reproduction.form import experiments
from npnets.reproduction.running import run_or_load

# npnets reproduce


def test_reproduce_prints_claims_beside_measurements_beside_verdicts(trial, out):
    result = npnets("reproduce", "--out", out)
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    lines = [line.split() for line in result.stdout.splitlines()]
    split = "A5: reproduced in 1 of 2 variants (init=torch), else not reproduced"
    assert split.split() in lines
    assert ["A8:", "partly"] in lines
    share = next(line for line in lines if line[:1] == ["distance_share"])
    assert share == [
        "distance_share",
        "~10",
        "%",
        "0.1035",
        "[0.1,",
        "0.107]",
        "8",
        "100%",
        "holds",
    ]
    assert "init=normal: not reproduced, 0 of 2 figures hold" in result.stdout
    for suffix in (".json", ".png", ".svg"):
        assert str(out / f"trial{suffix}") in result.stdout
        assert (out / f"trial{suffix}").exists()


def test_reproduce_again_runs_and_draws_nothing_and_says_the_same(trial, out, monkeypatch):
    first = npnets("reproduce", "A5", "--out", out)
    monkeypatch.setattr("npnets.figures.saving.save", None)
    second = npnets("reproduce", "a5", "A5", "--out", out)
    assert second.exit_code == 0, second.output
    assert second.stdout == first.stdout
    assert "A8" not in second.stdout
    assert len(trial.RUNS) == 1


def test_quick_runs_are_kept_apart_and_are_no_verdict_of_a_claim(trial, out):
    full = npnets("reproduce", "A5", "--out", out)
    quick = npnets("reproduce", "A5", "--quick", "--out", out)
    assert quick.exit_code == 0, quick.output
    assert "A5: in a quick run, reproduced, undecided, in 1 of 2 variants" in quick.stdout
    assert "holds, undecided" in quick.stdout
    assert "undecided" not in full.stdout
    assert [config.seeds for config in trial.RUNS] == [8, 2]
    assert npnets("reproduce", "A5", "--out", out).stdout == full.stdout
    assert len(trial.RUNS) == 2
    listed = npnets("claims", "--out", out / "quick")
    assert "reproduced" not in listed.stdout.replace("not reproduced", "")
    assert "other settings" in listed.stderr


def test_reproduce_says_when_a_result_is_of_other_sources_or_made_anew(trial, out):
    npnets("reproduce", "A5", "--out", out)
    path = out / "trial.json"
    document = json.loads(path.read_text())
    document["provenance"]["source"] = "0123"
    path.write_text(json.dumps(document))
    result = npnets("reproduce", "A5", "--out", out)
    assert result.exit_code == 0
    assert f"Note: {path} is kept from source 0123, now " in result.stderr
    assert len(trial.RUNS) == 1
    path.write_text("{")
    result = npnets("reproduce", "A5", "--out", out)
    assert f"Note: {path} is damaged" in result.stderr
    assert "made anew" in result.stderr
    assert len(trial.RUNS) == 2


def test_reproduce_prints_json(trial, out):
    result = npnets("reproduce", "A5", "A1", "--json", "--out", out)
    document = json.loads(result.stdout)
    assert document["quick"] is False
    by_id = {claim["id"]: claim for claim in document["claims"]}
    assert list(by_id) == ["A1", "A5"]
    assert by_id["A1"]["state"] == "no experiment yet"
    claim = by_id["A5"]
    assert (claim["state"], claim["variant"]) == ("reproduced", "init=torch")
    assert claim["agreed"] == [1, 2]
    assert claim["settled"] is True
    assert [one["verdict"] for one in claim["variants"]] == ["reproduced", "not reproduced"]
    share = claim["variants"][0]["findings"][0]
    assert share["values"] == [0.1 + 0.001 * seed for seed in range(8)]
    assert share["holds"] is True
    assert share["settled"] is True
    assert all(Path(file).exists() for file in claim["files"])


def test_reproduce_says_where_there_is_no_experiment(trial, out):
    result = npnets("reproduce", "B1", "A5", "--out", out)
    assert result.exit_code == 0
    assert "B1: no experiment yet" in result.stdout
    assert "A5: reproduced" in result.stdout


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_reproduce_of_nothing_but_claims_without_an_experiment_is_a_mistake(trial, out, flags):
    result = npnets("reproduce", "B1", "A10", *flags, "--out", out)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "Error: IDS must be of claims with an experiment, got B1 A10: no experiment yet\n"
    )
    assert not out.exists()


@pytest.mark.parametrize("name", ["claims", "reproduce"])
def test_an_unknown_claim_is_one_line_of_error_that_names_the_nearest(name, out):
    result = npnets(name, "A9", "A99", "--out", out)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert "got 'A99' (did you mean 'A9'?)" in result.stderr
    assert not out.exists()


def test_out_must_be_a_folder_that_can_be_written_to(trial, tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    result = npnets("reproduce", "A5", "--out", file)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "--out must be a folder, got " in result.stderr
    if os.getuid():
        folder = tmp_path / "read-only"
        folder.mkdir(mode=0o500)
        result = npnets("reproduce", "A5", "--out", folder)
        assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert trial.RUNS == []


# npnets claims


def test_claims_lists_every_claim_with_its_state(trial, out):
    npnets("reproduce", "--out", out)
    result = npnets("claims", "--out", out)
    assert result.exit_code == 0
    assert result.stderr == ""
    *lines, empty, total = result.stdout.splitlines()
    assert empty == ""
    assert len(lines) == 55
    assert all(len(line) <= 100 for line in lines)
    states = {line.split()[0]: line for line in lines}
    assert "A5  reproduced in 1 of 2  " in states["A5"]
    assert "A8  partly  " in states["A8"]
    assert "A1  no experiment yet  " in states["A1"]
    assert total.startswith("55 claims: 53 no experiment yet, 1 reproduced, 1 partly.")


def test_claims_without_results_are_not_measured_yet_and_nothing_is_made(trial, out):
    result = npnets("claims", "--out", out)
    assert "A5  not measured yet  " in result.stdout
    assert not out.exists()


def test_one_claim_is_shown_in_full(trial, out):
    before = npnets("claims", "A5", "--out", out).stdout
    for piece in ("A5: not measured yet", "~10 %", "0.1 ×/÷ 1.5", "3.5. Measured by trial."):
        assert piece in before
    npnets("reproduce", "A5", "--out", out)
    after = npnets("claims", "A5", "--out", out).stdout
    for piece in ("A5: reproduced", "init=torch: reproduced, 2 of", "init=normal: not reproduced"):
        assert piece in after
    assert "No experiment measures it yet." in npnets("claims", "B1", "--out", out).stdout


def test_claims_print_markdown_or_json_and_not_both(trial, out):
    npnets("reproduce", "A5", "--out", out)
    markdown = npnets("claims", "--markdown", "--out", out)
    row = markdown.stdout.splitlines()[2]
    assert row.startswith("| A5 | ")
    told = "**reproduced** in 1 of 2 variants (init=torch), else not reproduced"
    assert row.endswith(f"{told} | 2 of 2 figures hold |")
    both = npnets("claims", "--markdown", "--json", "--out", out)
    assert (both.exit_code, both.stdout, both.stderr.count("\n")) == (2, "", 1)
    assert "--markdown and --json must not be given together" in both.stderr


@pytest.mark.parametrize("name", ["claims", "reproduce"])
def test_claims_with_a_comma_between_are_refused_with_how_to_write_them(name, out):
    result = npnets(name, "A1,A2", "--out", out)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "got 'A1,A2' (write A1 A2)" in result.stderr


def test_claims_prints_json(trial, out):
    claims = json.loads(npnets("claims", "--json", "--out", out).stdout)["claims"]
    assert len(claims) == 55
    assert sum(claim["experiment"] == "trial" for claim in claims) == 2
    assert {claim["state"] for claim in claims} == {"no experiment yet", "not measured yet"}
    rule = claims[1]["figures"][1]["rule"]
    assert (rule["low"], rule["high"], rule["text"]) == (3, 4, "3 to 4")


def test_claims_says_that_a_file_is_damaged(trial, out):
    out.mkdir()
    (out / "trial.json").write_text("{")
    result = npnets("claims", "--out", out)
    assert result.exit_code == 0
    assert result.stderr.startswith("Note: ")
    assert "trial.json is damaged" in result.stderr
    assert "A5  not measured yet" in result.stdout


def test_claims_say_of_a_kept_result_that_it_is_from_other_sources(tmp_path):
    name = "compositions_of_sixteen"
    run_or_load(name, experiments()[name].Config(), tmp_path)
    path = tmp_path / f"{name}.json"
    document = json.loads(path.read_text())
    document["provenance"]["experiment"] = "0" * 16
    path.write_text(json.dumps(document))
    told = npnets("claims", "A9", "--out", tmp_path)
    assert told.exit_code == 0
    assert f"{name}.json is from" in told.stderr


def test_claims_want_a_folder(tmp_path):
    file = tmp_path / "file"
    file.touch()
    refused = npnets("claims", "--out", file)
    assert refused.exit_code == 2
    assert "--out must be a folder" in refused.stderr
