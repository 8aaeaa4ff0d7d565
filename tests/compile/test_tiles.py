"""CUDA Tile C++: what does not fit does not compile, with the rule it breaks; and the machine code that `./dev tiles` made is
that of the kernels which the executor runs, by matrix instructions where a type has them.
"""

import os
import re
import subprocess
from pathlib import Path

import pytest
from test_machine_code import tool

ROOT = Path(os.environ.get("STELE_SOURCE", Path(__file__).resolve().parents[2]))
BUILD = Path(os.environ.get("STELE_BINARY", ROOT / "build/release/stele")).parent

REFUSED = {
    "tiles of these shapes do not meet": "a + ct::zeros<ct::tile<float, ct::shape<8, 8>>>()",
    "tiles of two types do not meet": "a + ct::zeros<ct::tile<int, ct::shape<8, 4>>>()",
    "mma() multiplies [M,K] by [K,N] onto [M,N]": "ct::mma(a, a, a)",
    "reshape() keeps the number of elements": "ct::reshape(a, ct::shape<8, 8>{})",
    "the extents of a tile are powers of two": "ct::zeros<ct::tile<float, ct::shape<3>>>()",
    "a reduction goes along a dimension that the tile has": "ct::sum(a, ct::integral_constant<2>{})",
    "broadcast() repeats a tile to a shape that it meets": "ct::broadcast<ct::shape<8, 1>>(a)",
    "a tile has as many dimensions as the array": "ct::partition_view{ct::tensor_span{p, ct::extents{8}}, ct::shape<8, 4>{}}",
}


def test_what_does_not_fit_is_refused_by_its_rule(tmp_path):
    """One file with all of them, as a compiler goes on after a broken rule."""
    source = tmp_path / "refused.cpp"
    functions = [f"void refused_{i}(float* p) {{ auto a = ct::zeros<ct::tile<float, ct::shape<8, 4>>>(); (void)p; "
                 f"auto x = {expression}; (void)x; }}" for i, expression in enumerate(REFUSED.values())]
    source.write_text("\n".join(["#include <cuda_tile.h>", "namespace ct = ::cuda::tiles;", *functions, ""]))
    done = subprocess.run(["g++", "-std=c++20", "-fsyntax-only", "-I", ROOT, "-I", ROOT / "backends/simt/cuda_headers",
                           source], capture_output=True, text=True)
    assert done.returncode != 0
    missing = [rule for rule in REFUSED if rule not in done.stderr]
    assert not missing, f"{missing}\n{done.stderr}"


def machine_code():
    """{file of machine code: names of its kernels}"""
    files = sorted((BUILD / "tiles").rglob("*.cubin"))
    if not files:
        pytest.skip("there is no machine code of CUDA Tile C++; ./dev tiles makes it")
    return files


def kernels_of_simt():
    """Names of tile kernels, which are the module's symbols."""
    listed = subprocess.run(["nm", "-D", "--defined-only", BUILD / "libstele_simt.so"], check=True, capture_output=True,
                            text=True).stdout
    return {line.split()[-1] for line in listed.splitlines() if "cuda_tile" in line}


# As Dtype's enumerators stand in mangled names.
F32, E4M3 = "DtypeE0", "DtypeE7"


def test_the_executor_and_the_machine_code_have_the_same_kernels():
    """But for 8-bit floats, which the compiler of tiles does not have before sm_89."""
    files = machine_code()
    for folder in {path.relative_to(BUILD / "tiles").parts[0] for path in files}:
        found = set()
        for path in files:
            if path.relative_to(BUILD / "tiles").parts[0] == folder:
                symbols = subprocess.run(["readelf", "-sW", path], check=True, capture_output=True, text=True).stdout
                found |= set(re.findall(r"FUNC\s+GLOBAL\s+\S+\s.*?(\S+)$", symbols, flags=re.M))
        without_e4m3 = int(folder.removeprefix("sm_")) < 89
        assert found == {name for name in kernels_of_simt() if not (without_e4m3 and E4M3 in name)}, folder


# They multiply no tiles.
WITHOUT_PRODUCTS = ("attention_tile_combine", "ceiling_tile_copy")


def test_products_are_matrix_instructions():
    """Of all types but f32, which the matrix units would round."""
    disassembler = tool("nvdisasm")
    for path in machine_code():
        text = subprocess.run([disassembler, path], check=True, capture_output=True, text=True).stdout
        for name, body in re.findall(r"^\.text\.(\S+):\n(.*?)(?=^\.text\.|\Z)", text, flags=re.M | re.S):
            matrix = re.search(r"\b([HIQ]G?MMA|UTC[HIQ]MMA|OMMA|QMMA)\b", body)
            multiplies = F32 not in name and not any(kernel in name for kernel in WITHOUT_PRODUCTS)
            assert bool(matrix) == multiplies, f"{path}: {name}: {matrix}"
