"""stele explain as a user runs it: figures that agree with the compiler's own tools, and a gate that holds."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("STELE_SOURCE", Path(__file__).resolve().parents[2]))
BINARY = os.environ.get("STELE_BINARY", str(ROOT / "build/release/stele"))
SAMPLE = "gemm/naive"


def explain(*words, **options):
    return subprocess.run([BINARY, "explain", *map(str, words)], capture_output=True, text=True, timeout=900, **options)


def nvcc():
    path = os.environ.get("STELE_NVCC", "")
    if not path or not Path(path).exists():
        pytest.skip("this build has no nvcc, so no kernel can be explained")
    return Path(path)


@pytest.fixture(scope="module")
def sample():
    nvcc()
    done = explain(SAMPLE, "--arch", "sm_90a", "--format", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_three_languages_are_explained(sample):
    assert {row["language"] for row in sample["kernels"]} == {"cuda", "ptx", "opencl"}
    proxies = {row["compiler"] for row in sample["kernels"] if row["language"] == "opencl"}
    assert proxies == {"clang → NVPTX (proxy)"}


def test_figures_are_the_assemblers_and_the_disassemblers_own(sample, tmp_path):
    """Compiles the sample apart, reads ptxas -v and nvdisasm's text, and compares."""
    compiler = nvcc()
    disassembler = shutil.which("nvdisasm") or next((ROOT / ".deps").rglob("bin/nvdisasm"), None)
    if not disassembler:
        pytest.skip("nvdisasm is missing, so machine code was not compared")
    cubin = tmp_path / "sample.cubin"
    said = subprocess.run([compiler, "-std=c++20", "-O3", "-lineinfo", "-static-global-template-stub=false", "-arch=sm_90a", "-cubin",
                           "-Xptxas=-v", "-I", ROOT, "-o", cubin, ROOT / "kernels" / SAMPLE / "naive.cu"],
                          capture_output=True, text=True, check=True).stderr
    registers = {int(number) for number in re.findall(r"Used (\d+) registers", said)}
    text = subprocess.run([disassembler, "-c", cubin], capture_output=True, text=True, check=True).stdout
    bodies = re.split(r"//-+ \.text\.", text)[1:]
    assert bodies and registers

    # Instructions up to the padding: the branch to itself and the NOPs that end each function.
    counts, loads = set(), set()
    for body in bodies:
        # What follows is the compiler's own subroutine for 64-bit division, a function of its own.
        body = re.split(r"^\$__internal", body, flags=re.M)[0]
        code = re.findall(r"/\*[0-9a-f]{4,}\*/\s+(?:@!?U?P\w+\s+)?([A-Z][\w.]*)", body)
        while code and code[-1] in ("NOP", "BRA"):
            code.pop()
        counts.add(len(code))
        loads.add(sum(word.startswith("LDG") for word in code))
    rows = [row for row in sample["kernels"] if row["language"] == "cuda"]
    assert rows
    for row in rows:
        assert row["registers"] in registers
        assert row["whole"]["instructions"] in counts
        assert row["code_bytes"] == 16 * row["whole"]["instructions"]
        assert sum(n for kind, n in row["whole"]["by_class"].items() if kind.startswith("LDG.")) in loads
        assert sum(row["whole"]["by_class"].values()) == row["whole"]["instructions"]
        assert row["hot_loop"]["fp32_fma"] > 0, "a matrix product without an FMA in its loop"


def test_side_by_side_shows_three_columns_and_words():
    nvcc()
    done = explain(SAMPLE, "--arch", "sm_90a")
    assert done.returncode == 0, done.stderr
    for text in ("CUDA C++", "PTX", "OpenCL C", "registers", "blocks per SM", "lines in common"):
        assert text in done.stdout, text


@pytest.fixture(scope="module")
def everything():
    """All default tiles on one architecture, as text and as JSON."""
    nvcc()
    text, rows = explain("--arch", "sm_90a"), explain("--arch", "sm_90a", "--format", "json")
    assert text.returncode == 0 and rows.returncode == 0, text.stderr + rows.stderr
    return text.stdout, json.loads(rows.stdout)


def test_every_operation_has_its_table(everything):
    text, found = everything
    languages = {}
    for row in found["kernels"]:
        operation = row["variant"].split("/")[0]
        languages.setdefault(operation, set()).add(row["language"])
        assert f"{operation} on sm_90a" in text
    assert languages.keys() >= {"gemm", "attention", "sparse_attention", "ceiling"}
    for operation, spoken in languages.items():
        assert spoken >= {"cuda", "ptx", "opencl"}, f"{operation} is explained in {spoken} only"


def test_every_kernel_is_explained(everything, variants):
    """What is for this architecture has rows; what has none is for a CPU."""
    _, found = everything
    explained = {row["variant"] for row in found["kernels"]}
    for variant in variants:
        if not variant["default_tile"] or variant["language"] not in ("cuda", "ptx", "opencl", "opencl_ptx"):
            continue
        reasons = {row["reason"] for row in found["absent"] if row["variant"] == variant["id"]}
        shaped_for_a_cpu = any("shaped for CPUs" in reason for reason in reasons)
        assert variant["id"] in explained or shaped_for_a_cpu, f"{variant['id']}: {reasons}"
        assert not any("no machine code" in reason for reason in reasons), f"{variant['id']}: {reasons}"


@pytest.mark.parametrize("language", ["cuda", "ptx"])
def test_no_tile_spills_or_has_its_wgmma_serialised(language):
    """All tiles that are compiled into the binary, not the default ones alone."""
    nvcc()
    done = explain(f"*.{language}@*", "--arch", "sm_90a", "--format", "json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["kernels"]
    assert len({row["variant"] for row in rows}) > 10
    for row in rows:
        name = f"{row['variant']} {row['dtype']} {row['kernel']}"
        assert row["spill_store_bytes"] == row["spill_load_bytes"] == 0, f"{name} spills"
        assert row["stack_bytes"] == 0, f"{name} has arrays in local memory"
        assert not row["warnings"], f"{name}: {row['warnings']}"


def test_pocl_code_is_read():
    done = explain(SAMPLE, "--arch", "cpu", "--format", "json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["cpu"]
    assert rows and all(row["instructions"] > 0 and row["loop_instructions"] > 0 for row in rows)


@pytest.fixture
def checkout(tmp_path):
    """A copy of the sources that a test may spoil."""
    for layer in ("kernels", "backends"):
        shutil.copytree(ROOT / layer, tmp_path / "checkout" / layer)
    return tmp_path / "checkout"


def test_an_added_spill_fails_the_gate(tmp_path, checkout):
    nvcc()
    baseline = tmp_path / "baseline.json"
    assert explain("gemm/tiled.cuda", "--save", baseline).returncode == 0
    kept = explain("gemm/tiled.cuda", "--against", baseline)
    assert kept.returncode == 0 and "No figure differs" in kept.stdout, kept.stdout + kept.stderr

    kernel = checkout / "kernels/gemm/tiled/tiled.cu"
    text = kernel.read_text()
    # As many blocks as threads allow: too few registers for the accumulators.
    spoilt = re.sub(r"__launch_bounds__\(([^,]+),[^)]*\)", r"__launch_bounds__(\1, 2048 / (\1))", text)
    assert spoilt != text, "the kernel has no launch bounds to spoil"
    kernel.write_text(spoilt)
    done = explain("gemm/tiled.cuda", "--against", baseline, "--source", checkout)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "spill_bytes" in done.stdout and "WORSE" in done.stdout


def test_the_suites_own_baseline_holds():
    """An intended change renews it in the same commit: ./dev run explain --save results/static/sm_90a.json"""
    nvcc()
    done = explain("--against", ROOT / "results/static/sm_90a.json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "In the baseline, but not explained now" not in done.stdout, done.stdout
    assert "Not in the baseline" not in done.stdout, done.stdout


@pytest.mark.parametrize("words, code, message", [
    (["--arch", "sm_42"], 2, "unknown architecture 'sm_42'"),
    (["--format", "yaml"], 2, "'yaml'"),
    (["gemm/nonesuch"], 5, "gemm/nonesuch"),
    (["gemm/vendor.openblas"], 5, "no kernel of Stele's own"),
    (["--source", "/nonexistent"], 5, "checkout"),
    (["--problem", "m=1 n=1 k=1 f32"], 2, "one operation"),
])
def test_bad_input(words, code, message):
    done = explain(*words)
    assert done.returncode == code, done.stderr
    assert message in done.stderr


def test_bad_baselines(tmp_path):
    nvcc()
    wrong = tmp_path / "wrong.json"
    for text, message in (("{", "truncated"), ("[1]", "not a Stele baseline"), ("{}", "not a Stele baseline"), ('{"schema":"stele-explain","schema_version":9}', "schema version 9")):
        wrong.write_text(text)
        done = explain(SAMPLE, "--against", wrong)
        assert done.returncode == 2 and message in done.stderr, done.stderr
    assert explain(SAMPLE, "--against", tmp_path / "missing.json").returncode == 2


def test_a_missing_tool_is_named(tmp_path):
    nvcc()
    environment = {**os.environ, "STELE_LIBCLC": "/nonexistent", "XDG_CACHE_HOME": str(tmp_path)}
    done = explain(SAMPLE + ".opencl", "--arch", "sm_90a", env=environment)
    assert done.returncode == 5 and "libclc" in done.stderr


def test_a_baseline_of_other_compilers_is_marked(tmp_path):
    nvcc()
    baseline = tmp_path / "baseline.json"
    assert explain(SAMPLE + ".cuda", "--save", baseline).returncode == 0
    document = json.loads(baseline.read_text())
    document["versions"]["nvcc"] = "12.0.0"
    baseline.write_text(json.dumps(document))
    done = explain(SAMPLE + ".cuda", "--against", baseline)
    assert done.returncode == 0 and "Other compiler versions" in done.stdout and "12.0.0" in done.stdout
