"""Where the kernels' machine code is kept, and that it is never stale."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import npnets_kernels
import numba
import pytest
from npnets_kernels.compiled import source_hash
from npnets_kernels.evaluate import evaluate
from npnets_kernels.train import train

PACKAGE = Path(npnets_kernels.__file__).parent

TRAIN = """
from npnets_kernels.train import train
from npnets_kernels.compiled import cache_folder, source_hash
from npnets.training import train as run
print(run([(2,)], "linear", steps=1).parameters.tobytes().hex())
print(sum(train.dispatcher.stats.cache_hits.values()), cache_folder(), source_hash())
"""


def run_python(code, home, kernels=PACKAGE.parent):
    paths = [str(kernels), str(Path(__file__).parents[1])]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_")}
    environment |= {"PYTHONPATH": os.pathsep.join(paths), "XDG_CACHE_HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def test_a_second_process_finds_the_machine_code_of_the_first(tmp_path):
    first, facts = run_python(TRAIN, tmp_path)
    hits, folder, _ = facts.split()
    assert hits == "0"
    assert Path(folder).parent == tmp_path / "npnets"
    second, facts = run_python(TRAIN, tmp_path)
    assert second == first
    assert facts.split()[0] == "1"


@pytest.mark.parametrize("suffix", ["nbc", "nbi"])
def test_truncated_machine_code_is_compiled_again(suffix, tmp_path):
    whole, _ = run_python(TRAIN, tmp_path)
    for file in tmp_path.rglob(f"*.{suffix}"):
        os.truncate(file, 100)
    again, facts = run_python(TRAIN, tmp_path)
    assert again == whole
    assert facts.split()[0] == "0"
    assert run_python(TRAIN, tmp_path)[1].split()[0] == "1"


def test_without_a_folder_to_write_kernels_compile_all_the_same(tmp_path):
    nowhere = tmp_path / "file"
    nowhere.write_text("not a folder")
    parameters, facts = run_python(TRAIN, nowhere)
    assert facts.split()[:2] == ["0", "None"]
    assert len(parameters) == 7 * 4 * 2


def test_the_hash_changes_with_any_source_of_the_kernels(tmp_path):
    hashes = {source_hash()}
    ask = "from npnets_kernels.compiled import source_hash; print(source_hash())"
    for source in sorted(PACKAGE.rglob("*.py")):
        copy = tmp_path / source.stem / "npnets_kernels"
        shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
        with open(copy / source.name, "a") as file:
            file.write("\n# changed\n")
        hashes.add(run_python(ask, tmp_path, copy.parent)[0])
    assert len(hashes) == 1 + len(sorted(PACKAGE.rglob("*.py")))


def test_the_hash_changes_with_the_compilers_version(tmp_path):
    ask = (
        "import numba; numba.__version__ = 'other'; "
        "from npnets_kernels.compiled import source_hash; print(source_hash())"
    )
    assert run_python(ask, tmp_path)[0] != source_hash()


@pytest.mark.parametrize("kernel", [train, evaluate])
def test_kernels_release_the_gil_and_keep_strict_arithmetic(kernel):
    options = kernel.dispatcher.targetoptions
    assert options["nogil"]
    assert not options.get("fastmath")


def test_compiling_leaves_numbas_own_folder_alone():
    assert "npnets" not in (numba.config.CACHE_DIR or "")
