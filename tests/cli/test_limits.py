"""Limits of this process: what does not fit is skipped with the reason, before it is made, and the rest is run."""

import json
import resource
import subprocess

import pytest
from conftest import BINARY, GEMM

GIB = 1 << 30
LARGE = "m=16384 n=16384 k=64 f32"  # 1 GiB of C


@pytest.fixture
def limited(stele):
    """Runs a command with so much address space."""
    def run(gib, *arguments, codes=(0,)):
        most = int(gib * GIB)

        def started(*words):
            return subprocess.run([BINARY, *words], cwd=stele.folder, capture_output=True, text=True, timeout=240,
                                  preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (most, most)))
        if started("--version").returncode != 0:
            pytest.skip(f"a sanitizer's build does not start in {gib} GiB")
        done = started(*map(str, arguments))
        assert done.returncode in codes, f"{gib} GiB: exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done
    return run


def outcomes(stele, limited, gib, *arguments):
    limited(gib, "bench", *arguments, "--time", "0.01", "--out", "r.json")
    report = json.loads((stele.folder / "r.json").read_text())
    return {(cell["problem"], cell["device"]): cell["verdict"] for cell in report["measurements"]}


def test_the_large_is_skipped_and_the_small_runs(stele, limited, timed):
    device = next(device for _, device in timed if device.startswith("opencl"))
    found = outcomes(stele, limited, 3, "gemm/tiled.opencl", "--device", device, "--problem", LARGE, "--problem", GEMM)
    assert found[GEMM, device]["outcome"] == "passed"
    large = found[LARGE, device]
    assert large["outcome"] == "skipped" and "ulimit -v" in large["reason"] and "GiB" in large["reason"], large


def test_a_mask_that_does_not_fit_is_not_made(stele, limited, devices):
    huge = "batch=1 heads=24 kv_heads=1 seq_q=131072 seq_k=131072 head_dim=64 f16 block=64 density=1 pattern=window"
    small = "batch=1 heads=1 kv_heads=1 seq_q=64 seq_k=64 head_dim=64 f32 block=64 density=1 pattern=window"
    device = next(d["id"] for d in devices["devices"] if d["id"].startswith("opencl"))
    found = outcomes(stele, limited, 1, "sparse_attention/block_gather.opencl", "--device", device, "--problem", huge,
                     "--problem", small)
    (skipped, passed) = (found[problem, device] for problem in (huge, small))
    assert passed["outcome"] == "passed"
    assert "making the block mask takes about" in skipped["reason"] and "ulimit -v" in skipped["reason"], skipped
    # The report is read where there is more memory: nobody counted that problem's work.
    assert "making the block mask" in " ".join(stele("report", "r.json").stdout.split())


def test_a_driver_that_would_end_the_process_is_not_started(limited):
    text = " ".join(limited(0.3, "devices").stdout.split())
    assert "opencl: no device: no memory: ulimit -v leaves" in text and "host:0" in text


def test_a_library_that_would_try_for_ever_is_not_loaded(limited):
    """Where the limit is near, the check says so; further off, the library is what does not fit; then there is room. What
    else is mapped differs between machines, and is less where OpenCL's driver was not started: each size has its answer."""
    said = []
    for percent in range(30, 100, 5):
        done = limited(percent / 100, "verify", "gemm/vendor.openblas", "--problem", GEMM, codes=(0, 5))
        text = " ".join(done.stdout.split())
        assert ("1 passed" if done.returncode == 0 else "ulimit -v") in text, text
        said.append(text)
    assert any("OpenBLAS maps" in text for text in said), said
