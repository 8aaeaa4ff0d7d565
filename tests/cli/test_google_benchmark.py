"""Two runs through Google Benchmark's own compare script (Debian: libbenchmark-tools)."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import GEMM

COMPARE = Path("/usr/share/benchmark/compare.py")


def test_the_compare_script_finds_the_rows_of_two_runs(stele, timed):
    if not COMPARE.exists():
        pytest.skip(f"no {COMPARE}; install libbenchmark-tools")
    pytest.importorskip("scipy", reason="the script wants SciPy; install python3-scipy")
    variant, device = next(pair for pair in timed if pair[1].startswith(("opencl", "cuda")))
    for name, seconds in (("a", "0.01"), ("b", "0.2")):
        stele("bench", variant, "--device", device, "--problem", GEMM, "--time", seconds, "--out", f"{name}.report.json",
              f"--benchmark_out={name}.json", "--benchmark_out_format=json")
    done = subprocess.run([sys.executable, COMPARE, "--no-color", "benchmarks", "a.json", "b.json"], cwd=stele.folder,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    # Without the numbers of passes, which differ: the script passes over a row that one run alone has.
    assert re.search(rf"^{re.escape(f'{variant}/{GEMM}/{device}/manual_time')}\s+[+-]\d", done.stdout, flags=re.M), done.stdout


def test_listed_names_are_those_that_are_written(stele, timed):
    variant, device = timed[0]
    listed = stele("bench", variant, "--device", device, "--problem", GEMM, "--time", "0.01", "--out", "r.json",
                   "--benchmark_list_tests=true").stdout
    assert f"{variant}/{GEMM}/{device}/manual_time\n" in listed and "repeats" not in listed
