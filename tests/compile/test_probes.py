"""The probes of OpenCL's compilers (kernels/common/probes.cl) are right PTX: a compiler that refuses one says something of itself."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("STELE_SOURCE", Path(__file__).resolve().parents[2]))
TEXT = ROOT / "kernels/common/probes.cl"
PROBES = re.findall(r"#ifdef (PROBE_\w+)", TEXT.read_text())


def test_every_probe_that_is_asked_has_a_kernel():
    asked = re.findall(r"-D(PROBE_\w+)", (ROOT / "harness/study/probes.cpp").read_text())
    assert asked and sorted(set(asked)) == sorted(PROBES)


@pytest.mark.parametrize("probe", PROBES)
def test_a_probe_assembles_for_sm_90a(probe, tmp_path):
    nvcc, clang = os.environ.get("STELE_NVCC", ""), shutil.which("clang-19")
    if not clang or not Path(nvcc).exists():
        pytest.skip("clang-19 or nvcc is missing")
    ptx = tmp_path / "probe.ptx"
    # What libclc would give, whose place differs between machines.
    source = ("#define get_local_id(i) ((uint)__nvvm_read_ptx_sreg_tid_x())\n"
              '#define barrier(flags) __asm__ volatile("bar.sync 0;" ::: "memory")\n' + TEXT.read_text())
    subprocess.run([clang, "-target", "nvptx64-nvidia-nvcl", "-x", "cl", "-cl-std=CL1.2", "-O1", "-w", "-Xclang",
                    "-finclude-default-header", "-Xclang", "-target-cpu", "-Xclang", "sm_90a", f"-D{probe}", "-S", "-o", ptx, "-"],
                   input=source, text=True, check=True)
    done = subprocess.run([Path(nvcc).parent / "ptxas", "-arch=sm_90a", "-o", os.devnull, ptx], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
