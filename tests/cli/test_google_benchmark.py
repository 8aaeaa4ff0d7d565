"""Two runs through Google Benchmark's own compare script (Debian: libbenchmark-tools)."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import GEMM

COMPARE = Path("/usr/share/benchmark/compare.py")


@pytest.fixture(scope="module")
def rows(tmp_path_factory, timed):
    """What two runs of one cell with different numbers of passes wrote, and what the script says of them."""
    from conftest import Stele
    if not COMPARE.exists():
        pytest.skip(f"no {COMPARE}; install libbenchmark-tools")
    pytest.importorskip("scipy", reason="the script wants SciPy; install python3-scipy")
    stele = Stele(tmp_path_factory.mktemp("google"))
    variant, device = next(pair for pair in timed if pair[1].startswith(("opencl", "cuda")))
    for name, seconds in (("a", "0.01"), ("b", "0.2")):
        stele("bench", variant, "--device", device, "--problem", GEMM, "--time", seconds, "--out", f"{name}.report.json",
              f"--benchmark_out={name}.json", "--benchmark_out_format=json")
    passes = {len(json.loads((stele.folder / f"{name}.json").read_text())["benchmarks"]) for name in "ab"}
    done = subprocess.run([sys.executable, COMPARE, "--no-color", "benchmarks", "a.json", "b.json"], cwd=stele.folder,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return passes, f"{variant}/{GEMM}/{device}", done.stdout


def test_the_script_finds_the_rows_of_both_runs(rows):
    passes, name, text = rows
    assert len(passes) == 2, "two runs of as many passes would prove nothing"
    for kind in ("median", "mean"):
        assert re.search(rf"^{re.escape(name)}\S*_{kind}\s+[+-]\d", text, flags=re.M), text


def test_listed_names_are_those_that_are_written(stele, timed):
    variant, device = timed[0]
    listed = stele("bench", variant, "--device", device, "--problem", GEMM, "--time", "0.01", "--out", "r.json",
                   "--benchmark_list_tests=true").stdout
    assert f"{variant}/{GEMM}/{device}/manual_time\n" in listed and "repeats" not in listed
