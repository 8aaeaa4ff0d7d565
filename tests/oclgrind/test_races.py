"""Every OpenCL variant on tiny problems under Oclgrind: no race, no access out of bounds, no divergent barrier.

Oclgrind interprets the kernels, so the problems are tiny. It exits with 0 whatever it finds: its log must be empty.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("STELE_SOURCE", Path(__file__).resolve().parents[2]))
BINARY = os.environ.get("STELE_BINARY", str(ROOT / "build/release/stele"))
LOCAL_BYTES = str(1 << 20)
EXIT_NOTHING = 5  # no problem that the variant takes on this device

# Small enough for an interpreter, and not multiples of any tile.
PROBLEMS = {
    "gemm": ["m=5 n=7 k=9 f32", "m=17 n=3 k=5 f16 b=nk", "m=3 n=5 k=6 bf16"],
    "attention": ["batch=1 heads=2 kv_heads=1 seq_q=3 seq_k=5 head_dim=64 f32 causal window=2",
                  "batch=1 heads=1 kv_heads=1 seq_q=2 seq_k=3 head_dim=128 bf16",
                  "batch=2 heads=1 kv_heads=1 seq_q=1 seq_k=20 head_dim=64 f32 page=16 lengths=20,3",
                  "batch=1 heads=2 kv_heads=1 seq_q=1 seq_k=3 head_dim=576 f32 latent=512"],
    "sparse_attention": ["batch=1 heads=1 kv_heads=1 seq_q=3 seq_k=70 head_dim=64 f32 block=64 density=1 pattern=random",
                         "batch=1 heads=1 kv_heads=1 seq_q=2 seq_k=5 head_dim=64 f16 block=64 density=1 pattern=random"],
    "ceiling": ["blocks=1 iterations=3 f32", "bytes=1040", "bytes=1040 triad", "launches=3 queue"],
}


def need_oclgrind():
    if shutil.which("oclgrind") is None:
        pytest.skip("oclgrind is not installed, so no kernel was checked for races")


def opencl_variants():
    listed = json.loads(subprocess.run([BINARY, "list", "*.opencl", "--json"], capture_output=True, text=True,
                                       check=True).stdout)
    return sorted({row["id"].split("@")[0] for row in listed})


def oclgrind(log, *words):
    return subprocess.run(["oclgrind", "--data-races", "--local-mem-size", LOCAL_BYTES, "--max-wgsize", "1024",
                           "--log", str(log), *words], capture_output=True, text=True, timeout=600)


def test_every_operation_has_problems():
    assert {variant.split("/")[0] for variant in opencl_variants()} == set(PROBLEMS)


@pytest.mark.parametrize("variant", opencl_variants())
def test_no_defect(variant, tmp_path):
    need_oclgrind()
    why_not = []
    for problem in PROBLEMS[variant.split("/")[0]]:
        log = tmp_path / "log"
        done = oclgrind(log, BINARY, "run", variant, "--problem", problem, "--device", "opencl:0")
        found = log.read_text() if log.exists() else ""
        if done.returncode == EXIT_NOTHING:
            why_not.append(done.stderr.strip())
            continue
        assert done.returncode == 0, f"{variant} on {problem}: {done.stdout}{done.stderr}{found}"
        assert "passed" in done.stdout, done.stdout
        assert not found.strip(), f"{variant} on {problem}:\n{found[:4000]}"
    if len(why_not) == len(PROBLEMS[variant.split("/")[0]]):
        pytest.skip("; ".join(why_not))


RACE = """
kernel void planted(global float *out) {
    local float shared[32];
    const int thread = get_local_id(0);
    shared[thread] = (float)thread;
    out[get_global_id(0)] = shared[(thread + 1) % 32];
}
"""
OUT_OF_BOUNDS = """
kernel void planted(global float *out) {
    out[get_global_id(0) + 1] = 1.0f;
}
"""
DIVERGENT_BARRIER = """
kernel void planted(global float *out) {
    if (get_local_id(0) < 16) barrier(CLK_LOCAL_MEM_FENCE);
    out[get_global_id(0)] = 1.0f;
}
"""


@pytest.mark.parametrize("text, named", [(RACE, "data race"), (OUT_OF_BOUNDS, "Invalid write"),
                                         (DIVERGENT_BARRIER, "divergence")],
                         ids=["race", "out of bounds", "divergent barrier"])
def test_a_planted_defect_is_caught(text, named, tmp_path):
    need_oclgrind()
    (tmp_path / "planted.cl").write_text(text)
    (tmp_path / "planted.sim").write_text("planted.cl\nplanted\n64 1 1\n32 1 1\n<size=256 fill=0>\n")
    log = tmp_path / "log"
    subprocess.run(["oclgrind-kernel", "--data-races", "--log", str(log), "planted.sim"], cwd=tmp_path, timeout=120)
    assert named in log.read_text()
