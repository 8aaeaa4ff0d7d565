"""What a user gets wrong: one clear message on stderr, the right exit code, nothing on stdout, nothing written."""

import os

import pytest
from conftest import GEMM

USAGE, NOTHING = 2, 5

CASES = [
    ([], USAGE, "no command given"),
    (["bnech"], USAGE, "did you mean 'bench'?"),
    (["bench", "--no-such-option"], USAGE, "unknown option '--no-such-option'"),
    (["bench", "--suite", "quik"], USAGE, "did you mean 'quick'?"),
    (["bench", "--time", "soon"], USAGE, "'soon' is not a number of seconds"),
    (["bench", "gemm", "--device", "opencl:99"], USAGE, "no device matches 'opencl:99'"),
    (["bench", "gemm", "--device", "opnecl:0"], USAGE, "no device matches 'opnecl:0'"),
    (["verify", "gemm", "--device", "vulkan"], USAGE, "no device matches 'vulkan'"),
    (["list", "gem"], NOTHING, "no variant matches"),
    (["list", "gemm/*.fortran"], NOTHING, "no variant matches"),
    (["verify", "nothing/*"], NOTHING, "no variant matches 'nothing/*'"),
    (["bench", "gemm/tilde"], NOTHING, "did you mean"),
    (["run", "gemm/tield.opencl", "--problem", GEMM], NOTHING, "gemm/tiled"),
    (["run", "gemm/tiled.opencl@1x1x1", "--problem", GEMM], NOTHING, "tile"),
    (["run", "gemm", "--problem", GEMM], NOTHING, "choose one"),
    (["bench", "gemm", "--problem", "m=-1 n=2 k=3 f32"], USAGE, "m"),
    (["bench", "gemm", "--problem", "m=2 n=2 f32"], USAGE, "k"),
    (["bench", "gemm", "--problem", "m=2 n=2 k=2 f33"], USAGE, "f33"),
    (["bench", "gemm", "--problem", "m=2 n=2 k=two f32"], USAGE, "two"),
    (["bench", "gemm", "--problem", "m=2 m=3 n=2 k=2"], USAGE, "m"),
    (["bench", "gemm", "--problem", "m=99999999999999999999 n=2 k=2"], USAGE, "99999999999999999999"),
    (["bench", "gemm", "--problem", ""], USAGE, "m"),
    (["verify", "attention", "--problem", "batch=1 heads=3 kv_heads=2 seq_q=4 seq_k=4 head_dim=64"], USAGE, "kv_heads"),
    (["verify", "attention", "--problem", "batch=1 heads=1 kv_heads=1 seq_q=4 seq_k=4 head_dim=65"], USAGE, "head_dim"),
    (["report"], USAGE, "files"),
    (["report", "nothing.json"], USAGE, "nothing.json: cannot be opened"),
    (["bench", "gemm", "--benchmark_no_such=1"], USAGE, "benchmark_no_such"),
    (["bench", "gemm", "--benchmark_filter=("], USAGE, "benchmark_filter"),
    (["bench", "gemm", "--benchmark_out_format=xml"], USAGE, "benchmark_out_format"),
    (["bench", "gemm", "--benchmark_out=/proc/x.json"], USAGE, "/proc/x.json"),
    (["bench", "gemm", "--out", "/proc/x.json"], USAGE, "cannot write /proc/x.json"),
    (["bench", "gemm", "--out", "."], USAGE, "it is a folder"),
    (["bench", "gemm", "--out", "file/x.json"], USAGE, "file"),
    (["run", "gemm/naive.opencl", "--problem", GEMM, "--inputs", "nowhere"], None, "nowhere"),
]


@pytest.mark.parametrize("arguments, code, message", CASES, ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_message_and_exit_code(stele, variants, devices, arguments, code, message):
    (stele.folder / "file").write_text("a file, not a folder")
    if code is None:
        if "opencl" not in {d["backend"] for d in devices["devices"]}:
            pytest.skip("no OpenCL device")
        code = USAGE
    done = stele(*arguments, code=code, timeout=60)
    assert message in done.stderr, done.stderr
    assert done.stderr.startswith("stele: ")
    assert done.stdout == ""
    assert sorted(path.name for path in stele.folder.iterdir()) == ["file"]


def test_results_that_cannot_be_made(stele):
    (stele.folder / "results").write_text("a file, not a folder")
    assert "results" in stele("bench", "gemm", "--problem", GEMM, code=USAGE, timeout=60).stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_no_permission(stele):
    (stele.folder / "closed").mkdir(mode=0o500)
    done = stele("bench", "gemm", "--problem", GEMM, "--out", "closed/x.json", code=USAGE, timeout=60)
    assert "Permission denied" in done.stderr


def test_language_without_a_device(stele, devices):
    if "cuda" in {d["backend"] for d in devices["devices"]}:
        pytest.skip("there is a CUDA device")
    why = next(b["why"] for b in devices["absent"] if b["name"] == "cuda")
    done = stele("bench", "gemm/tiled.cuda", "--problem", GEMM, code=NOTHING)
    assert "nothing ran" in done.stderr and why in done.stderr
    assert why in stele("bench", "gemm", "--device", "cuda:0", code=USAGE).stderr


def test_results_only_device_is_not_timed(stele, devices):
    only = [d["id"] for d in devices["devices"] if d["for_results_only"]]
    if not only:
        pytest.skip("no device is for results only")
    assert "for results only" in stele("bench", "gemm", "--device", only[0], code=USAGE).stderr


def test_no_memory(stele):
    done = stele("bench", "gemm", "--problem", "m=400000 n=400000 k=400000 f32", code=NOTHING, timeout=60)
    assert "nothing ran" in done.stderr and "no memory" in done.stderr


def test_a_problem_of_several_operations(stele):
    problem = "batch=1 heads=1 kv_heads=1 seq_q=64 seq_k=64 head_dim=64 f32"
    done = stele("verify", "--problem", problem, code=None, timeout=120)
    assert done.returncode in (0, USAGE)
    if done.returncode == USAGE:
        assert "attention" in done.stderr
    stele("verify", "--problem", "m=2 n=2 k=2 f32")


def test_opencl_build_that_fails(stele, devices):
    if not any(d["id"] == "opencl:0" and d["platform"] == "Portable Computing Language" for d in devices["devices"]):
        pytest.skip("opencl:0 is not PoCL, which alone lets a test add a build option")
    env = {"POCL_EXTRA_BUILD_FLAGS": "-Dget_global_id=not_a_function", "POCL_CACHE_DIR": str(stele.folder)}
    done = stele("verify", "gemm/naive.opencl", "--device", "opencl:0", "--problem", GEMM, code=4, env=env)
    assert "CL_BUILD_PROGRAM_FAILURE" in done.stdout and "-DELEMENT_F32" in done.stdout
    assert "not_a_function" in done.stdout, "the compiler's log must be shown"
