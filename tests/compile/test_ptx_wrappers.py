"""Every function of kernels/common/ptx/ assembles for the architectures it is for, and asm stands nowhere else."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("STELE_SOURCE", Path(__file__).resolve().parents[2]))
PTX = ROOT / "kernels/common/ptx"
FOR_ALL = ["sm_80", "sm_90a", "sm_100", "sm_120"]


def assemble(source, architecture, folder):
    nvcc = os.environ.get("STELE_NVCC", "")
    if not nvcc or not Path(nvcc).exists():
        pytest.skip("this build has no nvcc, so no ptx/ function was assembled")
    virtual = architecture.replace("sm_", "compute_")
    done = subprocess.run([nvcc, "-std=c++20", f"-I{ROOT}", f"-gencode=arch={virtual},code={architecture}", "-cubin",
                           str(ROOT / source), "-o", str(folder / "out.cubin")], capture_output=True, text=True)
    assert done.returncode == 0, f"{source} for {architecture}:\n{done.stderr}"
    return done.stderr


@pytest.mark.parametrize("architecture", FOR_ALL)
def test_functions_for_all_architectures_assemble(architecture, tmp_path):
    assemble("tests/compile/ptx_sm80.cu", architecture, tmp_path)


def test_functions_for_hopper_assemble(tmp_path):
    assemble("tests/compile/ptx_sm90a.cu", "sm_90a", tmp_path)


def test_the_wgmma_of_a_plain_pipeline_is_not_serialised(tmp_path):
    told = assemble("tests/unit/simt/ptx_kernels.cu", "sm_90a", tmp_path)
    assert "C7510" not in told and "C7511" not in told, told


def test_every_function_is_called_by_a_compile_test():
    called = "".join((ROOT / "tests/compile" / name).read_text() for name in ("ptx_sm80.cu", "ptx_sm90a.cu"))
    missing = []
    for header in sorted(PTX.glob("*.cuh")):
        for name in re.findall(r"__forceinline__\s+[\w:]+\s+(\w+)\(", header.read_text()):
            if not re.search(rf"\b{name}[<(]", called):
                missing.append(f"{header.name}: {name}")
    assert not missing, missing


def test_asm_stands_in_ptx_alone():
    outside = []
    for path in ROOT.glob("kernels/**/*"):
        if path.suffix in (".cu", ".cuh", ".hpp") and PTX not in path.parents:
            text = re.sub(r"//.*|/\*.*?\*/", "", path.read_text())
            if re.search(r"\basm\b", text):
                outside.append(str(path.relative_to(ROOT)))
    assert not outside, outside
