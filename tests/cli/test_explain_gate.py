"""stele explain against a baseline, and what it says where something is wrong or missing."""

import json
import os
import re
import shutil

import pytest
from explaining import ROOT, SAMPLE, explain, nvcc


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


def test_opencl_is_taken_from_the_folder_too(checkout):
    nvcc()
    kernel = checkout / "kernels/gemm/naive/naive.cl"
    kernel.write_text(kernel.read_text() + "\n#error the folder's own text\n")
    done = explain("gemm/naive.opencl", "--arch", "sm_90a", "--source", checkout)
    assert done.returncode == 2 and "the folder's own text" in done.stderr, done.stderr
    # PoCL is given what the binary carries, which is not what is asked for.
    done = explain("gemm/naive.opencl", "--arch", "cpu", "--source", checkout)
    assert done.returncode == 5 and "another text of kernels/gemm/naive/naive.cl" in done.stderr, done.stderr


@pytest.mark.parametrize("words", [[], ["--save", "baseline.json"]])
def test_a_kernel_that_does_not_compile_is_told_in_the_compilers_words(words, checkout):
    nvcc()
    kernel = checkout / "kernels/gemm/naive/naive.cu"
    kernel.write_text(kernel.read_text() + "\nint spoilt = undeclared_name;\n")
    done = explain("gemm/naive.cuda", "--arch", "sm_90a", "--source", checkout, *words, cwd=checkout)
    assert done.returncode == 2 and 'identifier "undeclared_name" is undefined' in done.stderr, done.stderr
    assert "internal error" not in done.stderr and not (checkout / "baseline.json").exists()


def test_the_gate_fails_on_what_it_did_not_examine(tmp_path):
    """Not only on what got worse: with a compiler gone, nothing of its kernels is known."""
    nvcc()
    baseline = tmp_path / "baseline.json"
    assert explain(SAMPLE, "--save", baseline).returncode == 0
    assert explain(SAMPLE, "--against", baseline).returncode == 0
    gone = {**os.environ, "STELE_LIBCLC": "/nonexistent", "XDG_CACHE_HOME": str(tmp_path / "empty")}
    done = explain(SAMPLE, "--against", baseline, env=gone)
    assert done.returncode == 1, done.stdout
    assert "NOT EXAMINED: gemm/naive.opencl for sm_90a: libclc is not on this machine" in " ".join(done.stdout.split())
    assert "NOT EXAMINED: in the baseline, but not explained now: gemm/naive.opencl|f32" in " ".join(done.stdout.split())
    before = baseline.read_text()
    done = explain(SAMPLE, "--save", baseline, env=gone)
    assert done.returncode == 5 and "gemm/naive.opencl for sm_90a: libclc" in done.stderr, done.stderr
    assert baseline.read_text() == before
    # A kernel that is no more, though nothing of it was asked to be examined.
    document = json.loads(before)
    document["kernels"] = {key.replace("gemm/naive.cuda|", "gemm/removed.cuda|"): row
                           for key, row in document["kernels"].items()}
    baseline.write_text(json.dumps(document))
    assert explain(SAMPLE, "--against", baseline).returncode == 0
    assert explain("--against", baseline).returncode == 1


@pytest.mark.parametrize("option", ["--save", "--against"])
def test_a_baseline_has_no_cpu(option, tmp_path):
    (tmp_path / "baseline.json").write_text('{"format": "stele-explain-baseline", "schema_version": 3}')
    done = explain(SAMPLE, "--arch", "cpu", option, tmp_path / "baseline.json")
    assert done.returncode == 2 and "'cpu'" in done.stderr, done.stderr


def test_a_cache_that_cannot_be_used_is_done_without(tmp_path):
    nvcc()
    (tmp_path / "file").write_text("no folder")
    done = explain(SAMPLE, "--arch", "sm_90a", env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "file")})
    assert done.returncode == 0, done.stderr


def test_what_a_full_disk_left_is_made_again(tmp_path):
    nvcc()
    own = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    words = (SAMPLE, "--arch", "sm_90a", "--format", "json")
    whole = explain(*words, env=own)
    assert whole.returncode == 0, whole.stderr
    entries = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(entries) > 3
    for path in entries:
        path.write_bytes(path.read_bytes()[:path.stat().st_size // 2])
    again = explain(*words, env=own)
    assert (again.returncode, again.stdout) == (0, whole.stdout), again.stderr


def test_the_suites_own_baseline_holds():
    """An intended change renews it in the same commit, and those of other architectures with it: for each
    ./dev run explain --arch sm_90a --save results/static/sm_90a.json"""
    nvcc()
    done = explain("--against", ROOT / "results/static/sm_90a.json")
    assert done.returncode == 0, done.stdout + done.stderr
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


def test_a_saved_baseline_is_shown_without_compilers(tmp_path):
    saved, key = ROOT / "results/static/sm_90a.json", "gemm/tiled.ptx@64|f32|gemm_tiled|64 f32|sm_90a|nvcc"
    row = {"registers": 64, "spill_bytes": 0, "stack_bytes": 0, "blocks_per_multiprocessor": 4, "matrix_instructions": 0, "loop_instructions": 300}
    own = {"format": "stele-explain-baseline", "schema_version": 4, "versions": {"nvcc": "13"},
           "kernels": {key: {**row, "loop": {"flops": 512, "lane_flops": 512, "issued": 300, "fp32": 256}}}}
    (tmp_path / "own.json").write_text(json.dumps(own))
    env = {**os.environ, "PATH": ""}
    shown = json.loads(explain("gemm/tiled", "--read", tmp_path / "own.json", "--format", "json", env=env).stdout)
    assert [kernel["key"] for kernel in shown["kernels"]] == [key] and shown["kernels"][0]["loop_flops"] == 512
    assert shown["kernels"][0]["bound"] == {"binds": "issue", "of": "FMA", "share": pytest.approx(256 / 300), "cycles": {"issue": 300, "FMA": 256}}
    assert "0.85 FMA" in explain("--read", tmp_path / "own.json", env=env).stdout
    kept = json.loads(explain("--read", saved, "--format", "json", env=env).stdout)["kernels"]
    assert len(kept) == len(json.loads(saved.read_text())["kernels"])
    assert explain("attention", "--read", tmp_path / "own.json", env=env).returncode == 5
    assert explain("--arch", "sm_80", "--read", tmp_path / "own.json", env=env).returncode == 5
    assert explain("--read", tmp_path / "own.json", "--save", "-", env=env).returncode == 2
