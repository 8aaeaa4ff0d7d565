"""Every CUDA and PTX variant declares its architectures and assembles for exactly those.

Each file goes through the compiler once, to PTX of its lowest architecture; ptxas then assembles that for all four, and for
what else the file declares (sm_89, from which e4m3 is an operand of mma.sync).
"""

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("STELE_SOURCE", Path(__file__).resolve().parents[2]))
ALL = ("sm_80", "sm_90a", "sm_100", "sm_120")
ENDING = {"cuda": ".cu", "ptx": ".ptx.cu"}


def nvcc():
    path = os.environ.get("STELE_NVCC", "")
    if not path or not Path(path).exists():
        pytest.skip("this build has no nvcc, so no CUDA or PTX variant was assembled")
    return Path(path)


@lru_cache(maxsize=None)
def declared():
    """{kernel file: its architectures}, as `stele list` gives them."""
    binary = os.environ.get("STELE_BINARY", ROOT / "build/release/stele")
    listed = json.loads(subprocess.run([str(binary), "list", "--json"], capture_output=True, text=True,
                                       check=True).stdout)
    found = {}
    for variant in listed:
        if variant["language"] in ENDING:
            algorithm = variant["algorithm"]
            name = algorithm.rsplit("/", 1)[-1]
            if name == "auto":  # takes one of its siblings' kernels
                continue
            path = f"kernels/{variant['operation']}/{algorithm}/{name}{ENDING[variant['language']]}"
            architectures = tuple(variant["architectures"])
            assert found.setdefault(path, architectures) == architectures, f"{path}: its tiles differ in architectures"
    return found


def lowest(architectures):
    """A kernel for sm_90a alone wants the a-features; one for sm_90a and later must do without them."""
    first = architectures[0]
    return first.replace("sm_90a", "sm_90") if len(architectures) > 1 else first


def test_every_native_variant_declares_its_architectures():
    assert declared(), "no CUDA or PTX variant is listed"
    for path, architectures in declared().items():
        assert (ROOT / path).exists(), path
        assert set(architectures) & set(ALL), (path, architectures)


def assemble(path, folder):
    compiler = nvcc()
    architectures = declared()[path]
    ptx = folder / (path.replace("/", "_") + ".ptx")
    # Hardly optimised, here and by ptxas: only whether each instruction is one of the architecture's is asked.
    done = subprocess.run([compiler, "-std=c++20", "-O3", "-Xcicc", "-O1", "-I", ROOT, "-ptx", "-o", ptx, ROOT / path,
                           f"-arch={lowest(architectures).replace('sm_', 'compute_')}"], capture_output=True, text=True)
    if done.returncode != 0:
        return {"": done.stderr}
    ptxas = compiler.parent / "ptxas"
    result = {}
    for architecture in sorted({*ALL, *architectures}):
        done = subprocess.run([ptxas, f"-arch={architecture}", "-O0", "-o", os.devnull, ptx], capture_output=True, text=True)
        result[architecture] = done.stderr if done.returncode != 0 else None
    return result


def test_each_file_assembles_for_exactly_its_architectures(tmp_path):
    nvcc()
    paths = sorted(declared())
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = dict(zip(paths, pool.map(lambda path: assemble(path, tmp_path), paths)))
    wrong = []
    for path, result in results.items():
        if "" in result:
            wrong.append(f"{path} does not compile:\n{result['']}")
            continue
        works = {architecture for architecture, error in result.items() if error is None}
        if works != set(declared()[path]):
            errors = "\n".join(error for error in result.values() if error)
            wrong.append(f"{path} declares {declared()[path]}, assembles for {sorted(works)}\n{errors}")
    assert not wrong, "\n".join(wrong)
