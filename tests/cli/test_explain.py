"""stele explain as a user runs it: figures that agree with the compiler's own tools and with the tiles."""

import json
import re
import shutil
import subprocess

import pytest
from explaining import ROOT, SAMPLE, explain, nvcc

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
    registers = dict(re.findall(r"Compiling entry function '(\w+)'.*?Used (\d+) registers", said, re.S))
    text = subprocess.run([disassembler, "-c", cubin], capture_output=True, text=True, check=True).stdout
    bodies = dict(re.findall(r"//-+ \.text\.(\w+)[^\n]*\n(.*?)(?=//-+ \.text\.|\Z)", text, re.S))
    assert bodies.keys() == registers.keys()

    rows = [row for row in sample["kernels"] if row["language"] == "cuda"]
    assert len(rows) > 1
    for row in rows:
        # What follows is the compiler's own subroutine for 64-bit division, a function of its own.
        body = re.split(r"^\$__internal", bodies[row["symbol"]], flags=re.M)[0]
        code = re.findall(r"/\*[0-9a-f]{4,}\*/\s+(?:@!?U?P\w+\s+)?([A-Z][\w.]*)", body)
        # Up to the padding: the branch to itself and the NOPs that end each function.
        while code[-1] in ("NOP", "BRA"):
            code.pop()
        assert row["registers"] == int(registers[row["symbol"]])
        assert row["whole"]["instructions"] == len(code)
        assert row["code_bytes"] == 16 * len(code)
        loads = sum(n for kind, n in row["whole"]["by_class"].items() if kind.startswith("LDG."))
        assert loads == sum(word.startswith("LDG") for word in code)
        assert sum(row["whole"]["by_class"].values()) == len(code)
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
    # Where the default does not fit, another tile of it is explained.
    explained = {row["variant"].partition("@")[0] for row in found["kernels"]}
    for variant in variants:
        if not variant["default_tile"] or variant["language"] not in ("cuda", "ptx", "opencl", "opencl_ptx"):
            continue
        reasons = {row["reason"] for row in found["absent"] if row["variant"] == variant["id"]}
        shaped_for_a_cpu = any("for CPUs" in reason for reason in reasons)
        assert variant["id"].partition("@")[0] in explained or shaped_for_a_cpu, f"{variant['id']}: {reasons}"
        assert not any("no machine code" in reason for reason in reasons), f"{variant['id']}: {reasons}"


@pytest.fixture(scope="module")
def tiles():
    """The kernels of all tiles that are compiled into the binary, not the default ones alone."""
    nvcc()
    rows = []
    for language in ("cuda", "ptx"):
        done = explain(f"*.{language}@*", "--arch", "sm_90a", "--format", "json")
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)["kernels"]
        assert len({row["variant"] for row in found}) > 10
        rows += found
    return rows


def title(row):
    return f"{row['variant']} {row['dtype']} {row['kernel']}"


def test_no_tile_spills_or_has_its_wgmma_serialised(tiles):
    for row in tiles:
        assert row["spill_store_bytes"] == row["spill_load_bytes"] == 0, f"{title(row)} spills"
        assert row["stack_bytes"] == 0, f"{title(row)} has arrays in local memory"
        assert not row["warnings"], f"{title(row)}: {row['warnings']}"


# They move data.
WITHOUT_ARITHMETIC = ("ceiling_copy", "ceiling_launch", "ceiling_tile_copy", "gemm_hopper_lean_begin", "gemm_hopper_pack", "gemm_hopper_transpose", "gemm_tensor_pad", "gemm_bulk_pad")


def test_the_hot_loop_of_every_kernel_works(tiles, everything):
    _, found = everything
    for row in [*tiles, *found["kernels"]]:
        loop = row["hot_loop"] or row["whole"]  # one whose loops are all unrolled has none
        works = loop["flops_per_thread"] + loop["matrix_flops_per_warp"] > 0
        assert works != (row["kernel"] in WITHOUT_ARITHMETIC), f"{title(row)}: {loop}"
        # A matrix unit that is used at all is used in the loop.
        assert (row["whole"]["matrix_instructions"] > 0) == (loop["matrix_instructions"] > 0), title(row)


BYTES = {"f16": 2, "bf16": 2, "tf32": 4, "e4m3": 1, "s8": 1}


def warpgroup_instructions(row, numbers):
    """Of one stage, 128 bytes of K: a consumer warpgroup owns rows in 64s and all columns (kernels/gemm/hopper/tile.hpp)."""
    consumers = numbers[2] if row["kernel"].endswith(("_single", "_roles", "_persistent")) else numbers[0] // 64
    depth = 32 // BYTES[row["dtype"]]
    kind = {"e4m3": "QGMMA", "s8": "IGMMA"}.get(row["dtype"], "HGMMA")
    return kind, 128 // 32 * numbers[0] // consumers // 64, 2 * 64 * numbers[1] * depth / 4


def warp_instructions(row, numbers):
    """Of one step, 32 bytes of K, in pieces of 16 × 8: a warp owns WARP_M × WARP_N (kernels/gemm/tensor/tensor.hpp). e4m3
    is multiplied as f16, in twice as many."""
    per_piece = 2 if row["dtype"] == "e4m3" else 1
    depth = 32 // BYTES[row["dtype"]] // per_piece
    return "IMMA" if row["dtype"] == "s8" else "HMMA", numbers[3] // 16 * numbers[4] // 8 * per_piece, 2 * 16 * 8 * depth


def test_an_iteration_has_the_matrix_instructions_of_its_tile(tiles):
    held = set()
    for row in tiles:
        family = row["kernel"].split("_")[1]
        if family not in ("hopper", "tensor", "bulk") or not row["whole"]["matrix_instructions"]:
            continue
        tile = row["instance"].split()[0].split("x")
        rule = warpgroup_instructions if family == "hopper" else warp_instructions
        kind, count, flops = rule(row, [int(number) for number in tile])
        loop = row["hot_loop"]
        # wmma's compiler halves the depth of tf32, and does the same arithmetic in twice the instructions.
        if row["language"] == "ptx":
            assert loop["by_class"].get(kind) == loop["matrix_instructions"] == count, f"{title(row)}: {loop}"
        assert loop["matrix_flops_per_warp"] == count * flops, f"{title(row)}: {loop}"
        held.add((row["kernel"], row["dtype"]))
    assert {kernel for kernel, _ in held} >= {"gemm_tensor", "gemm_bulk", "gemm_hopper_clusters", "gemm_hopper_split"}
    assert {dtype for _, dtype in held} == set(BYTES)


def test_pocl_code_is_read():
    done = explain(SAMPLE, "--arch", "cpu", "--format", "json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["cpu"]
    assert rows and all(row["instructions"] > 0 and row["loop_instructions"] > 0 for row in rows)


def test_tiles_have_roles_copies_and_matrix_instructions_of_each_architecture():
    """By the machine code alone, as the program names none of them."""
    done = explain("gemm/tile", "--problem", "m=4096 n=4096 k=4096 bf16 b=nk", "--arch", "sm_80,sm_90a,sm_100", "--format", "json")
    if "`./dev tiles` fetches it" in done.stdout + done.stderr:
        pytest.skip("the compiler of CUDA Tile C++ is not here; ./dev tiles fetches it")
    assert done.returncode == 0, done.stderr
    rows = {row["architecture"]: row for row in json.loads(done.stdout)["kernels"]}
    assert rows.keys() == {"sm_80", "sm_90a", "sm_100"}
    for architecture, kind, copies in (("sm_80", "HMMA", "cp.async"), ("sm_90a", "HGMMA", "TMA"), ("sm_100", "UTCHMMA", "TMA")):
        row = rows[architecture]
        assert row["language"] == "cuda_tile" and row["registers"] > 32 and row["threads"] % 128 == 0
        assert row["stack_bytes"] == row["whole"]["local_accesses"] == 0, "sums leave the registers"
        assert row["hot_loop"]["by_class"].get(kind, 0) > 0, row["hot_loop"]
        assert row["whole"]["by_class"].get(copies, 0) > 0, row["whole"]
        assert ("setmaxnreg" in row["whole"]["by_class"]) == (copies == "TMA"), "roles come with TMA"
