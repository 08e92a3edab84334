"""The commands about linear regions, as a user types them."""

import re

import naive_regions
import numpy as np
import pytest
from commands import (
    document,
    first_numbers,
    heavy_imports_of_help,
    npnets,
    printed,
    refused,
    table,
)
from networks import as_lists
from npnets_kernels.compiled import cache_folder

from npnets.commands.compiling import note_if_compiling
from npnets.commands.regions.progress import cells_so_far
from npnets.files import save
from npnets.initializers import initialize
from npnets.network import Network
from npnets.training import train

REGIONS = {
    "line": ["line", "3-2", "--low", "-2", "--high", "2"],
    "segment": ["line", "3-2", "--dims", "3", "--from", "0,0,0", "--to", "1,2,-1"],
    "plane": ["plane", "3-2", "--low", "-2", "--high", "2,3"],
    "slice": ["plane", "3-2", "--dims", "3", "--plane", "0,0,1:1,0,0:0,1,-1"],
    "count": ["count", "3-2", "--dims", "3", "--patterns"],
}


@pytest.mark.parametrize("name", REGIONS)
def test_text_says_what_was_counted_on_what_beside_which_bounds_and_how_it_was_decided(name):
    text = printed("regions", *REGIONS[name])
    assert "3-2-1 (relu), initialised: init torch, seed 0\nOn " in text
    assert "activation patterns: cells on which every neuron keeps its state" in text
    assert "no network has more (Serra et al. 2018)" in text
    assert "Decisions: " in text
    assert "--certify" in text
    assert "nan" not in text
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize("name", REGIONS)
def test_every_field_of_the_json_document_is_in_the_help(name):
    command = REGIONS[name][0]
    told = re.findall(r"\w+", printed("regions", command, "--help").replace("-\n", "-"))
    assert set(document("regions", *REGIONS[name])) <= set(told)


@pytest.mark.parametrize("name", REGIONS)
def test_text_json_and_csv_count_the_same(name):
    text, found = printed("regions", *REGIONS[name]), document("regions", *REGIONS[name])
    counted = [f"{count:,}" for count in found["counts"].values() if count is not None]
    assert first_numbers(text) == counted
    cells = found["counts"]["activation_patterns"]
    assert len(table("regions", *REGIONS[name])) == len(found["patterns"]) == cells
    assert len(set(found["patterns"])) == cells
    assert found["by_layer"][-1] == cells


def pattern_text(pattern):
    digits = "".join("01"[state] for state in pattern)
    return f"{digits[:3]} {digits[3:]}"


def test_a_line_is_that_of_the_rational_oracle():
    net = initialize((1, 3, 2, 1))
    expected = naive_regions.line_intervals(*as_lists(net), -2, 2)
    found = document("regions", *REGIONS["line"])
    assert found["patterns"] == [pattern_text(pattern) for _, _, pattern, _, _ in expected]
    assert found["counts"]["affine_pieces"] == naive_regions.line_pieces(expected)


def test_the_plane_and_the_count_find_the_same_patterns():
    box = ["4-3", "--low", "-2", "--high", "1,3"]
    plane, count = (
        document("regions", "plane", *box),
        document("regions", "count", *box, "--patterns"),
    )
    assert sorted(plane["patterns"]) == sorted(count["patterns"])
    assert plane["counts"] == count["counts"]
    assert (count["low"], count["high"]) == ([-2.0, -2.0], [1.0, 3.0])


def test_a_witness_has_the_pattern_of_its_cell():
    found = document("regions", *REGIONS["count"])
    z = initialize((3, 3, 2, 1)).forward(found["witnesses"]).preactivations
    states = np.concatenate(z[:-1], axis=1) > 0
    assert found["patterns"] == [pattern_text(row) for row in states.tolist()]
    row = table("regions", *REGIONS["count"])[0]
    assert [float(row[f"x_{c}"]) for c in (1, 2, 3)] == found["witnesses"][0]


def test_pieces_of_a_segment_are_the_network_on_it():
    found = document("regions", *REGIONS["segment"])
    ends = np.array([found["low"], *found["positions"], found["high"]])
    t = (ends[:-1] + ends[1:]) / 2
    y = np.array(found["slopes"])[:, 0] * t + np.array(found["intercepts"])[:, 0]
    x = t[:, None] * np.array([1.0, 2.0, -1.0])
    np.testing.assert_allclose(y, initialize((3, 3, 2, 1))(x)[:, 0], atol=1e-12)


def test_infinite_ends_are_null_in_json_and_inf_in_csv():
    found = document("regions", "line", "3")
    assert (found["low"], found["high"]) == (None, None)
    rows = table("regions", "line", "3")
    assert (rows[0]["start"], rows[-1]["end"]) == ("-inf", "inf")
    assert "from -∞" not in printed("regions", "line", "3")
    assert re.search(r"^ +-∞ ", printed("regions", "line", "3"), re.M)


def test_numbers_have_the_digits_that_were_typed_and_that_tell_neighbours_apart(tmp_path):
    kinks = [1000000.25, 1000000.5, 1000000.5 + 2**-30]
    net = Network([[[1.0]] * 3, [[1.0, 1.0, 1.0]]], [[-kink for kink in kinks], [0.0]])
    save(net, tmp_path / "net.npz")
    ends = ["--low", "1000000", "--high", "1000001"]
    text = printed("regions", "line", tmp_path / "net.npz", *ends)
    assert "On x in [1000000, 1000001]:" in text
    rows = [line.split() for line in text.splitlines() if re.match(r" +\d\S+ +(yes|1000000)", line)]
    assert [row[0] for row in rows[1:]] == [row[-4] for row in rows[:-1]]
    assert len({row[0] for row in rows}) == 4
    assert [float(row[0]) for row in rows[2:]] == pytest.approx(kinks[1:], abs=1e-9, rel=0)
    corners = ["--low", "0.12345678", "--high", "1e7,2"]
    assert "[0.12345678, 10000000] × [0.12345678, 2]" in printed("regions", "plane", "3", *corners)


def test_networks_of_width_one_are_shown_the_most_that_they_can_have():
    found = document("regions", "line", "1-1-1")["bounds"]["width_one_chain"]
    assert found == {"activation_patterns": 4, "affine_pieces": 3, "breakpoints": 2}
    leaky = document("regions", "count", "1-1-1", "--activation", "leaky_relu")["bounds"]
    most = {"activation_patterns": 4, "affine_pieces": 4, "breakpoints": None}
    assert leaky["width_one_chain"] == most
    assert document("regions", "line", "1-2-1")["bounds"]["width_one_chain"] is None
    text = printed("regions", "line", "1-1-1")
    assert re.search(r"^ +3  affine pieces: no network of width 1 has more", text, re.M)
    assert "width 1" not in printed("regions", "line", "2-1")


def test_an_untold_target_is_one_of_the_inputs_there_are():
    for name, d_in, target in (("count", 3, "mean-square"), ("plane", 2, "interaction-2d")):
        found = document("regions", name, "3", "--dims", d_in, "--train", "--steps", 2)
        assert found["target"] == target
    segment = ["--dims", 2, "--from", "0,0", "--to", "1,1"]
    found = document("regions", "line", "3", "--train", "--steps", 2, *segment)
    assert found["target"] == "interaction-2d"
    assert document("regions", "line", "3", "--train", "--steps", 2)["target"] == "linear"


@pytest.mark.parametrize("name", ["line", "plane", "count"])
def test_a_slope_is_told_where_there_is_one(name):
    assert document("regions", name, "3")["slope"] is None
    leaky = ["--activation", "leaky_relu", "--slope", "0.25"]
    assert document("regions", name, "3", *leaky)["slope"] == 0.25


@pytest.mark.parametrize(
    ("name", "figure"), {"line": "pieces", "plane": "cells", "count": "region_counts"}.items()
)
def test_one_region_is_no_regions(name, figure, monkeypatch, tmp_path):
    titles = []
    monkeypatch.setattr(f"npnets.figures.{figure}.draw", lambda _, title, **k: titles.append(title))
    ends = ["--low", "1e6", "--high", "1000001"]
    text = printed("regions", name, "1", *ends, "--figure", tmp_path / "a.png")
    assert "of the first hidden layer: 1." in text
    assert "1 activation pattern" in titles[0]
    assert "1 activation patterns" not in titles[0]
    assert "1 affine pieces" not in titles[0]


def test_certify_is_told():
    for name in ("line", "plane", "count"):
        assert document("regions", *REGIONS[name], "--certify")["certified"]
        text = printed("regions", *REGIONS[name], "--certify")
        of = "the activation patterns " if name == "count" else ""
        assert f"The counts are exact, and {of}were proven once more." in text
        assert not document("regions", *REGIONS[name])["certified"]


def test_a_shape_is_trained_as_it_is_anywhere_else():
    trained = train([(3, 2)], "sine", 40, seeds=5, activation="leaky_relu", slope=0.25)
    expected = trained.network(0).forward(np.array([0.3])).preactivations[-1].item()
    options = ["--train", "--target", "sine", "--steps", "40", "--seed", "5"]
    kind = ["--activation", "leaky_relu", "--slope", "0.25"]
    found = document("regions", "line", "3-2", *options, *kind)
    piece = np.searchsorted(found["positions"], 0.3)
    y = found["slopes"][piece][0] * 0.3 + found["intercepts"][piece][0]
    assert y == pytest.approx(expected, abs=1e-6)
    assert (found["target"], found["steps"], found["seed"]) == ("sine", 40, 5)


def test_an_identity_network_is_one_cell_without_states():
    found = document("regions", "line", "3-2", "--activation", "identity")
    assert found["counts"] == {"activation_patterns": 1, "affine_pieces": 1, "breakpoints": 0}
    for name in ("line", "plane"):
        text = printed("regions", name, "3-2", "--activation", "identity")
        assert "No neuron has states." in text


def test_long_tables_are_cut_and_say_so(tmp_path):
    printed("construct", "sawtooth", "6", tmp_path / "saw.npz")
    text = printed("regions", "line", tmp_path / "saw.npz", "--low", "0", "--high", "1")
    assert "… and 44 more; all of them: --csv or --json" in text
    assert first_numbers(text) == ["64", "64", "63"]


def test_a_count_keeps_no_cell_unless_asked():
    found = document("regions", "count", "3-2", "--dims", "3")
    assert found["counts"] == document("regions", *REGIONS["count"])["counts"] | {
        "affine_pieces": None
    }
    assert found["patterns"] is found["witnesses"] is found["by_layer"] is None
    assert "Affine pieces: with --patterns" in printed("regions", "count", "3-2")


def test_a_part_says_that_it_is_one():
    arguments = ["count", "8", "--dims", "3", "--max-regions", "10"]
    text = printed("regions", *arguments)
    assert "a part of them, since --max-regions 10 was reached" in text
    assert first_numbers(text)[0] == "at least 10"
    found = document("regions", *arguments)
    assert not found["complete"]
    assert found["counts"]["activation_patterns"] == 10
    assert document("regions", "count", "8", "--dims", "3")["complete"]


@pytest.mark.parametrize("name", ["plane", "count"])
def test_a_part_is_not_said_to_be_exact(name):
    most = {"plane": "--max-cells", "count": "--max-regions"}[name]
    arguments = [name, "5-5", most, 10]
    for certify, proof in ([], "is proven once more by --certify"), (["--certify"], "was proven"):
        text = printed("regions", *arguments, *certify)
        assert f"The counts are lower bounds: there are more. What was counted {proof}" in text
        assert "exact, and" not in text
    found = document("regions", *arguments, "--certify")
    assert (found["complete"], found["certified"]) == (False, True)
    whole = document("regions", name, "5-5", "--certify")
    assert found["counts"]["activation_patterns"] < whole["counts"]["activation_patterns"]
    told = " ".join(printed("regions", name, "--help").split())
    assert "counts are then lower bounds, and certified is said of" in told


def test_of_a_plane_with_too_many_cells_the_first_layers_are_told():
    arguments = ["plane", "4-5", "--low", "-2", "--high", "2"]
    whole = document("regions", *arguments)
    most = whole["by_layer"][0]
    assert most < whole["by_layer"][1]
    found = document("regions", *arguments, "--max-cells", most)
    assert (found["complete"], found["level_set"]) == (False, None)
    assert found["by_layer"] == [most] == [len(set(found["patterns"]))]
    assert set(found["patterns"]) == {pattern[:4] for pattern in whole["patterns"]}
    text = printed("regions", *arguments, "--max-cells", most)
    assert "[-2, 2]^2, cut by layer 1 only: --max-cells was reached within layer 2" in text
    text = printed("regions", "plane", "9", "--max-cells", 2)
    assert "[-1, 1]^2, not cut at all: --max-cells was reached within layer 1" in text
    assert "keeps whole layers only" in " ".join(printed("regions", "plane", "--help").split())


def test_progress_is_for_terminals(monkeypatch, capsys):
    with cells_so_far(None) as progress:
        assert progress is None
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with cells_so_far(2000) as progress:
        progress(1500)
    assert "1,500 of at most 2,000 cells …" in capsys.readouterr().err
    with cells_so_far(None) as progress:
        progress(1)
    assert "\r\033[K1 cell …" in capsys.readouterr().err


def test_who_watches_is_told_that_kernels_compile_until_their_code_is_kept(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr("npnets_kernels.compiled.cache_folder", lambda: str(tmp_path))
    note_if_compiling("box_walk")
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    note_if_compiling("box_walk", "box_proof")
    assert capsys.readouterr().err == "Compiling, where that was not done before …\n"
    for module in ("box_walk", "box_proof"):
        (tmp_path / f"{module}.walk-1.py311.nbi").touch()
    note_if_compiling("box_walk", "box_proof")
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("npnets_kernels.compiled.cache_folder", lambda: None)
    note_if_compiling("box_walk")
    assert "Compiling" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["line", "plane", "count"])
def test_what_was_compiled_is_not_said_to_be_compiled_again(name, monkeypatch):
    """The modules of kernels that a command names are kept once it has run."""
    if cache_folder() is None:
        pytest.skip("no folder can be written")
    printed("regions", *REGIONS[name], "--certify")
    notes = []
    monkeypatch.setattr("npnets.commands.compiling.note", notes.append)
    printed("regions", *REGIONS[name], "--certify")
    assert notes == []


@pytest.mark.parametrize("name", REGIONS)
@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_figures_are_drawn_to_the_file_that_is_named_and_the_same_each_time(name, suffix, tmp_path):
    first, second = (tmp_path / f"{k}{suffix}" for k in (1, 2))
    assert printed("regions", *REGIONS[name], "--figure", first).endswith(f"\n{first}\n")
    document("regions", *REGIONS[name], "--figure", second)
    assert first.read_bytes() == second.read_bytes()


def test_a_file_of_pytorch_is_told_its_activation(tmp_path):
    files = pytest.importorskip("safetensors.numpy")
    path = tmp_path / "net.safetensors"
    arrays = {"0.weight": np.ones((2, 1)), "0.bias": np.zeros(2)}
    arrays |= {"2.weight": np.ones((1, 2)), "2.bias": np.zeros(1)}
    files.save_file(arrays, path)
    assert "say which: --activation relu" in npnets("regions", "line", path).stderr
    assert document("regions", "line", path, "--activation", "relu")["slopes"] == [[0.0], [2.0]]
    leaky = document("regions", "line", path, "--activation", "leaky_relu", "--slope", "0.5")
    assert leaky["slopes"] == [[1.0], [2.0]]


def onnx_file(path, *, sigmoid):
    onnx = pytest.importorskip("onnx")
    helper, numpy_helper = onnx.helper, onnx.numpy_helper
    value = onnx.helper.make_tensor_value_info
    last = helper.make_node("Sigmoid" if sigmoid else "Identity", ["z"], ["y"], name="last")
    nodes = [
        helper.make_node("Gemm", ["x", "w", "b"], ["h"], transB=1),
        helper.make_node("Relu", ["h"], ["a"]),
        helper.make_node("Gemm", ["a", "v", "c"], ["z"], transB=1),
        last,
    ]
    arrays = {"w": [[1.0], [1.0]], "b": [0.0, -1.0], "v": [[1.0, -2.0]], "c": [0.0]}
    tensors = [numpy_helper.from_array(np.float32(a), name) for name, a in arrays.items()]
    ends = [value(name, onnx.TensorProto.FLOAT, ["n", 1]) for name in "xy"]
    graph = helper.make_graph(nodes, "net", ends[:1], ends[1:], tensors)
    onnx.save(helper.make_model(graph), path)


def test_an_onnx_file_is_read_and_one_of_another_graph_names_the_node(tmp_path):
    onnx_file(tmp_path / "good.onnx", sigmoid=False)
    assert document("regions", "line", tmp_path / "good.onnx")["positions"] == [0.0, 1.0]
    onnx_file(tmp_path / "bad.onnx", sigmoid=True)
    message = "the last layer must be linear, a sigmoid follows it"
    assert refused(npnets("regions", "line", tmp_path / "bad.onnx"), message)


BAD = {
    "regions line 16-0": "shape must be positive widths",
    "regions line two": "shape must be positive widths",
    "regions line nothere.npz": "got 'nothere.npz', which does not exist",
    "regions line {text}": "cannot be loaded: not a zip archive",
    "regions line {store}": "or a network's file (.npz, .safetensors, .onnx), got",
    "regions line {nan}": "nan.npz has no linear regions to count: weights[0] must be finite",
    "regions line {tanh}": "tanh.npz has no linear regions to count: activation must be one of",
    "regions line 16 --activation tanh": "--activation must be one of relu, leaky_relu, identity",
    "regions line 16 --activation reul": "did you mean 'relu'?",
    "regions line 16 --init no": "--init must be one of",
    "regions line 16 --low 1 --high 1": "--low must be below --high, got 1 and 1",
    "regions line 16 --low 2 --high -1": "--low must be below --high, got 2 and -1",
    "regions line 16 --low nan": "--low must be below --high, got nan and ∞",
    "regions line 16 --low a": "Invalid value for '--low'",
    "regions line 16 --dims 0": "--dims must be an integer >= 1, got 0",
    "regions line 16 --seed -1": "--seed must be an integer >= 0, got -1",
    "regions line 16 --slope -1 --activation leaky_relu": "--slope must be a finite number >= 0",
    "regions line 16 --steps 9": "--steps must be left out without --train",
    "regions line 16 --train --steps -9": "--steps must be an integer from 0",
    "regions line 16 --train --target sin": "did you mean",
    "regions line 16 --train --target x1*x2": "x1",
    "regions line 16 --dims 3": "--from and --to must be given for a network of 3 inputs",
    "regions line 16 --dims 3 --train": "--from and --to must be given for a network of 3 inputs",
    "regions line {two_inputs}": "--from and --to must be given for a network of 2 inputs",
    "regions line 16 --from 0": "--from and --to must be given together",
    "regions line 16 --ray": "--ray must be given with --from and --to",
    "regions line {two_inputs} --from 0,0 --to 0,0": "--to must be another point than --from",
    "regions line {two_inputs} --from 0,0 --to 1": "--to must be 2 finite numbers, of 2 inputs",
    "regions line {two_inputs} --from 0,0 --to 1,inf": "--to must be 2 finite numbers",
    "regions line {two_inputs} --from 0,0 --to 1,x": "--to must be numbers joined by commas",
    "regions line {two_inputs} --from 0,0 --to 1,1 --low 0": "--low must be left out with --from",
    "regions line {two_inputs} --seed 1": "--seed must be left out with the file of a network",
    "regions line {two_inputs} --train": "--train must be left out with the file of a network",
    "regions line {two_inputs} --activation identity": "--activation must be left out or relu",
    "regions line 16 --json --csv": "--json and --csv must not be given together",
    "regions line 16 --figure a.gif": "--figure must end in .png, .svg, .pdf",
    "regions line 16 --figure /nowhere/a.png": "--figure must be where files can be made",
    "regions plane {one_input}": "must have at least two inputs, got one: use npnets regions line",
    "regions plane 3 --dims 1 --plane 0:1:2": "use npnets regions line",
    "regions plane 16 --dims 3": "--plane must be given for a network of 3 inputs",
    "regions plane 16 --dims 3 --train": "--plane must be given for a network of 3 inputs",
    "regions plane 16 --train --plane 0,0:1,0": "--plane must be like 0,0,0:1,0,0:0,1,0",
    "regions plane 16 --low -inf": "--low must be",
    "regions plane 16 --low 1 --high 0": "--low must be below --high in every input, got 1 and 0",
    "regions plane 16 --low 0,0,0": "--low must be 1 or 2 numbers",
    "regions plane 16 --plane 0,0:1,0": "--plane must be like 0,0,0:1,0,0:0,1,0",
    "regions plane 16 --plane 0,0:1,0:2,0": "--plane",
    "regions plane 16 --plane 0,0:1,0:0,1,1": "--plane's v must be 2 finite numbers",
    "regions plane 16 --max-cells 0": "--max-cells must be an integer >= 1, got 0",
    "regions plane 16 --level nan": "--level must be a finite number, got nan",
    "regions plane 16 --threads 0": "--threads must be an integer >= 1, got 0",
    "regions count 16 --max-regions 0": "--max-regions must be an integer >= 1, got 0",
    "regions count 16 --low 0,1,2": "--low must be 1 or 2 numbers, for 2 inputs",
    "regions count 16 --train --low 0,1,2": "--low must be 1 or 2 numbers, for 2 inputs",
    "regions count 16 --low 1 --high -1": "--low must be below --high in every input, got 1 and -1",
    "regions count 16 --dims 1 --low 0,1": "--low must be 1 number, for 1 input, got '0,1'",
    "regions line 16 --slope 0.3": "--slope must be left out for relu, got 0.3",
    "regions line 16 --slope 0.3 --activation identity": "--slope must be left out for identity",
    "regions line {one_input} --slope 0.01": "--slope must be left out for relu, got 0.01",
    "regions count 16 --high ,": "--high must be numbers joined by commas",
    "regions counts 16": "No such command 'counts'",
}


@pytest.mark.parametrize(("line", "message"), BAD.items())
def test_a_mistake_is_one_line_that_names_the_option_as_typed(line, message, tmp_path, monkeypatch):
    monkeypatch.setattr("npnets_kernels.train.train", pytest.fail)
    monkeypatch.chdir(tmp_path)
    names = ("one_input", "two_inputs", "nan", "tanh", "text")
    paths = {name: tmp_path / f"{name}.npz" for name in names} | {"store": tmp_path / "npnets.db"}
    save(initialize((1, 3, 1)), paths["one_input"])
    save(initialize((2, 3, 1)), paths["two_inputs"])
    save(initialize((1, 3, 1), activation="tanh"), paths["tanh"])
    save(Network([[[np.nan]]], [[1.0]]), paths["nan"])
    paths["text"].write_text("weights")
    paths["store"].write_bytes(b"SQLite format 3\0")
    before = sorted(tmp_path.iterdir())
    assert refused(npnets(*line.format(**paths).split()), message)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("arguments", ["", "line", "plane", "count"])
def test_help_imports_nothing_heavy(arguments):
    assert heavy_imports_of_help("regions", *arguments.split()) == set()
