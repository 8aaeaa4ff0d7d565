"""What must not be in the machine code of any kernel that this build made, whatever its figures are.

The kernels are those of the build's object files: nothing is compiled here.
"""

import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from machine_code import Function, Instruction, functions_of

ROOT = Path(os.environ.get("STELE_SOURCE", Path(__file__).resolve().parents[2]))
BUILD = Path(os.environ.get("STELE_BINARY", ROOT / "build/release/stele")).parent

# A fence of the whole GPU, or one that empties the first cache.
GPU_FENCE = re.compile(r"MEMBAR\..*(GPU|SYS).*|CCTL\S*\.IV\S*")
# Kernels that have one, outside their loops, and why.
CLUSTER = "its cluster begins and ends with barriers, whose release and acquire reach all of the GPU on sm_90"
FENCED = {
    "gemm_hopper_clusters": CLUSTER,
    "gemm_hopper_lean": CLUSTER + "; where the last wave is shared, sums are left for other blocks and found once a launch",
    "gemm_hopper_scaled": CLUSTER,
    "gemm_hopper_split": CLUSTER,
    "ceiling_wgmma": "fence.proxy.async before the loop, by which wgmma sees what the threads have stored",
}

# Kernels that spin without our spin.cuh, and why: where one hangs, the time limit of its worker ends it.
UNBOUNDED = {"gemm_bulk": "cuda::barrier waits inside of CUDA's own headers"}


def tool(name):
    found = shutil.which(name) or next((ROOT / ".deps").rglob(f"bin/{name}"), None)
    if not found:
        pytest.skip(f"{name} is missing, so no machine code was read")
    return found


def machine_code(targets, tmp_path_factory):
    """The functions of the object files of targets of the build."""
    objects = sorted(path for target in targets for path in (BUILD / f"kernels/CMakeFiles/{target}.dir").rglob("*.cu.o"))
    if not objects:
        pytest.skip(f"this build has no object files of {' and '.join(targets)}")
    tools = tool("cuobjdump"), tool("nvdisasm")
    folders = [tmp_path_factory.mktemp("cubin") for _ in objects]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        parts = pool.map(lambda pair: list(functions_of(pair[0], *tools, pair[1])), zip(objects, folders))
        found = [function for part in parts for function in part]
    assert len(found) > len(objects)
    return found


@pytest.fixture(scope="module")
def functions(tmp_path_factory):
    return machine_code(["stele_cuda_kernels", "stele_cuda_spinning"], tmp_path_factory)


def test_no_loop_that_works_has_a_fence_of_the_gpu(functions):
    """An iteration would wait for all that the thread has written to reach the second cache: hundreds of cycles."""
    wrong = [f"{function.name}: {function.code[at]}" for function in functions for members in function.loops
             if function.works(members) for at in members if GPU_FENCE.fullmatch(function.code[at].opcode)]
    assert not wrong, "\n".join(wrong)


def test_kernels_with_a_fence_of_the_gpu_are_the_declared_ones(functions):
    found = {function.name for function in functions
             if any(GPU_FENCE.fullmatch(instruction.opcode) for instruction in function.code)}
    undeclared = [name for name in found if not any(kernel in name for kernel in FENCED)]
    assert not undeclared, undeclared
    unused = [kernel for kernel in FENCED if not any(kernel in name for name in found)]
    assert not unused, f"declared, but without a fence: {unused}"


def names_with(pattern, functions):
    return {function.name for function in functions
            if any(re.fullmatch(pattern, instruction.opcode) for instruction in function.code)}


def test_kernels_that_spin_trap_in_the_bounded_build_alone(functions, tmp_path_factory):
    bounded = machine_code(["stele_cuda_spinning_bounded"], tmp_path_factory)
    spinning = {name for name in names_with(r"SYNCS\.PHASECHK\..*TRYWAIT.*", functions)
                if not any(kernel in name for kernel in UNBOUNDED)}
    assert spinning and spinning <= names_with(r"BPT\.TRAP.*", bounded), "a kernel that spins is not among those with bounds"
    assert not names_with(r"BPT\.TRAP.*", functions)
    plain, limited = ({function.name: sum(map(is_wgmma, function.code)) for function in of} for of in (functions, bounded))
    assert all(limited[name] == plain[name] for name in spinning), "it multiplies otherwise than what is measured"


def test_the_loader_takes_the_bounded_kernels_where_it_is_told():
    folder = BUILD / "bounded"
    if not (folder / "libstele_cuda_spinning.so").exists():
        pytest.skip("this build has no kernels with bounded waits: ./dev bundle builds them")

    def kernels(**variables):
        listed = subprocess.run(["ldd", BUILD / "stele"], env={**os.environ, **variables}, capture_output=True, text=True, check=True)
        return re.search(r"libstele_cuda_spinning\.so => (\S+)", listed.stdout)[1]

    assert Path(kernels()) == BUILD / "libstele_cuda_spinning.so"
    assert Path(kernels(LD_LIBRARY_PATH=str(folder))) == folder / "libstele_cuda_spinning.so"


# Registers of wgmma ---------------------------------------------------------------------------------------------------

def is_wgmma(instruction):
    return re.fullmatch(r"[HIQB]GMMA", instruction.mnemonic) is not None


def consecutive(register, count):
    """R24 and so many from there on; RZ is none."""
    return set() if register == "RZ" else {int(register[1:]) + i for i in range(count)}


def wgmma_registers(instruction):
    """(accumulators, A's registers): "HGMMA.64x128x16.F32 R24,gdesc[UR4],R24" or "… R24,R4,gdesc[UR4],R24"."""
    columns = int(re.search(r"\.64x(\d+)x\d+", instruction.opcode)[1])
    operands = instruction.operands.split(",")
    first = re.search(r"\.(F16|F32|S32|S8|U8|E4M3|E5M2)", instruction.opcode)[1]
    # Four warps hold 64 rows: half a register a column each, a quarter where two sums share one.
    accumulators = consecutive(operands[0].removesuffix(".reuse"), columns // (4 if first == "F16" else 2))
    a = re.fullmatch(r"(R\d+)(\.reuse)?", operands[1])
    return accumulators, consecutive(a[1], 4) if a else set()


def touched(instruction):
    """All registers that an instruction names, with those that its width adds."""
    wide = re.search(r"\.(64|128)\b", instruction.opcode)
    width = int(wide[1]) // 32 if wide else 2 if "WIDE" in instruction.opcode else 1
    if instruction.mnemonic in ("LDSM", "STSM"):
        width = next((int(part) for part in instruction.opcode.split(".") if part in ("2", "4")), 1)
    out = set()
    for register, pair in re.findall(r"\b(R\d+)(\.64)?\b", instruction.operands):
        out |= consecutive(register, max(width, 2 if pair else 1))
    return out


def in_flight_faults(function):
    """Follows every way through the function. A group of wgmmas ends at the one that names the scoreboard ("gsb0", which is
    wgmma.commit_group); "WARPGROUP.DEPBAR.LE gsb0,n" retires all but the last n groups."""
    faults, seen, open_ = [], set(), [(0, frozenset(), frozenset(), ())]
    while open_:
        at, accumulators, operands, groups = state = open_.pop()
        if state in seen:
            continue
        seen.add(state)
        instruction = function.code[at]
        flying = accumulators.union(*(group[0] for group in groups))
        read = operands.union(*(group[1] for group in groups))
        if is_wgmma(instruction):
            d, a = wgmma_registers(instruction)
            same = [other for other in flying & d]
            if same and not d <= flying:
                faults.append(f"{instruction} overlaps other accumulators in flight")
            if a & flying:
                faults.append(f"{instruction} reads accumulators in flight as its A")
            accumulators, operands = accumulators | d, operands | a
            if "gsb0" in instruction.operands:
                groups, accumulators, operands = (*groups, (accumulators, operands)), frozenset(), frozenset()
                assert len(groups) <= 8, f"{function.name}: more groups than wgmma.wait_group can count"
        elif instruction.opcode.startswith("WARPGROUP.DEPBAR"):
            pending = int(re.search(r"gsb0,\s*0x([0-9a-f]+)", instruction.operands)[1], 16)
            groups = groups[len(groups) - pending:] if pending < len(groups) else groups
        elif flying or read:
            if spoilt := touched(instruction) & flying:
                faults.append(f"{instruction} touches R{min(spoilt)}, an accumulator in flight")
            written = re.match(r"R\d+", instruction.operands)
            if written and consecutive(written[0], 1) & read:
                faults.append(f"{instruction} overwrites {written[0]}, an operand in flight")
        open_ += [(to, accumulators, operands, groups) for to in function.successors[at]]
    return faults


def test_no_accumulator_is_touched_before_its_wgmma_is_waited_for(functions):
    """From a wgmma to the wait that retires its group, on every way through the kernel: no other instruction names one of its
    accumulators, nor writes one of its operands in registers, and no wgmma takes part of them. What is not held: registers
    that an instruction touches without naming them, beyond the width in its opcode."""
    multiplying = [function for function in functions if any(map(is_wgmma, function.code))]
    assert multiplying, "no kernel of this build has a wgmma"
    wrong = [f"{function.name}: {fault}" for function in multiplying for fault in in_flight_faults(function)]
    assert not wrong, "\n".join(wrong[:40])


@pytest.mark.parametrize("spoilt, fault", [
    (None, ""),
    ((1, "FADD", "R0,R30,R1"), "FADD R0,R30,R1 touches R30"),
    ((4, "MOV", "R87,R1"), "MOV R87,R1 touches R87"),
    ((2, "LDS.128", "R20,[R2]"), ""),
    ((2, "LDS.128", "R21,[R2]"), "touches R24"),
    ((1, "MOV", "R8,R1"), "MOV R8,R1 overwrites R8"),
    ((1, "MOV", "R1,R8"), ""),
])
def test_what_a_fault_would_look_like(spoilt, fault):
    """A loop as ptxas makes it: one group stays in flight, and is waited for behind the loop."""
    rows = [("WARPGROUP.ARRIVE", ""), ("HGMMA.64x128x16.F32", "R24,R8,gdesc[UR4],R24"),
            ("HGMMA.64x128x16.F32", "R24,gdesc[UR8],R24,gsb0"), ("WARPGROUP.DEPBAR.LE", "gsb0,0x1"), ("BRA", "P0,0x0"),
            ("WARPGROUP.DEPBAR.LE", "gsb0,0x0"), ("FADD", "R24,R24,R25"), ("EXIT", "")]
    if spoilt:
        rows.insert(spoilt[0] + 1, spoilt[1:])
    code = [Instruction("", *row) for row in rows]
    faults = in_flight_faults(Function("f", 0, code))
    assert any(fault in found for found in faults) if fault else not faults, faults


def test_the_loops_are_found_that_a_hand_finds():
    code = [Instruction(*row) for row in (
        ("", "MOV", "R0,R1"), ("", "SYNCS", "P0,[UR8],R2"), ("@!P0", "BRA", "0x10"), ("", "FFMA", "R1,R2,R3,R1"),
        ("@P1", "BRA", "0x10"), ("@P2", "BRA", "0x0"), ("", "EXIT", ""))]
    function = Function("f", 0, code)
    assert function.loops == [{0, 1, 2, 3, 4, 5}, {1, 2, 3, 4}]
    assert function.works({3}) and not function.works({1, 2})
