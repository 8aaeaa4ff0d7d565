"""Every function of kernels/common/ptx/ emits what the manual says, assembles for the architectures it is for, and asm stands
nowhere else."""

import os
import re
import subprocess
from functools import lru_cache
from itertools import product
from pathlib import Path

import pytest
from wrappers import emitted, kernel_of, wrappers_of

ROOT = Path(os.environ.get("STELE_SOURCE", Path(__file__).resolve().parents[2]))
PTX = ROOT / "kernels/common/ptx"
# The sections of ptx_manual.txt, and the architectures that each must assemble for.
SECTIONS = {"sm_80": ["sm_80", "sm_90a", "sm_100", "sm_120"], "sm_89": ["sm_89", "sm_90a", "sm_100", "sm_120"],
            "sm_90a": ["sm_90a"]}
ARGUMENTS = {"": "", "int pending": "<3>", "int count": "<240>"}


def nvcc():
    path = os.environ.get("STELE_NVCC", "")
    if not path or not Path(path).exists():
        pytest.skip("this build has no nvcc, so no ptx/ function was compiled")
    return Path(path)


def run(*words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(map(str, words))}\n{done.stderr}"
    return done.stderr


@lru_cache(maxsize=None)
def manual():
    """{section: {wrapper: what it emits}}."""
    sections = {}
    for line in (Path(__file__).parent / "ptx_manual.txt").read_text().splitlines():
        if line.startswith("["):
            rows = sections.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            name, text = line.split(": ", 1)
            assert name not in rows, f"{name} stands in ptx_manual.txt twice"
            rows[name] = "" if text == "nothing" else text
    return sections


def wgmma_forms(wrapper):
    """(template arguments, what it emits) of each form that one overload has. PTX ISA, wgmma.mma_async: D, A, B, whether D is
    added, the signs of A and B, whether A (in shared memory) and B are MN-major, which only 16-bit elements can be."""
    d, a = wrapper.parameters[:2]
    one_of = [f"d[{i}]" for i in range(d.extent)]
    operands = f"{{{', '.join(one_of)}}}, {'{a[0], a[1], a[2], a[3]}' if a.extent else 'a'}, b, add"
    start = "{.reg .pred add; setp.ne.b32 add, accumulate, 0; wgmma.mma_async.sync.aligned.m64n" + str(2 * d.extent)
    if d.element == "std::int32_t":
        return [("<Element::s8>", f"{start}k32.s32.s8.s8 {operands};}}")]
    forms = []
    for element, depth in (("f16", 16), ("bf16", 16), ("tf32", 8), ("e4m3", 32), ("e5m2", 32)):
        kind = f"k{depth}.f32.{element}.{element}"
        # k or mn, of each operand that has the choice.
        choices = list(product((0, 1), repeat=1 if a.extent else 2)) if depth == 16 else [(0,) if a.extent else (0, 0)]
        # One asm text serves all elements, so that the signs need be tried with one.
        for majors, signs in product(choices, ((1, 1), (-1, 1), (1, -1)) if element == "f16" else ((1, 1),)):
            given = [f"Element::{element}", *(("Major::k", "Major::mn")[m] for m in majors), *map(str, signs)]
            ends = [*signs, *(majors if depth == 16 else ())]
            forms.append((f"<{', '.join(given)}>", f"{start}{kind} {operands}, {', '.join(map(str, ends))};}}"))
    return forms


def forms_of(section):
    """(wrapper, template arguments, what it emits) of all that stand in a section."""
    for wrapper in wrappers_of(PTX):
        if wrapper.name == "wgmma":
            if section == "sm_90a":
                for arguments, text in wgmma_forms(wrapper):
                    yield wrapper, arguments, text
        elif wrapper.name in manual()[section]:
            yield wrapper, ARGUMENTS[wrapper.template], manual()[section][wrapper.name]


@lru_cache(maxsize=None)
def compiled(section, folder):
    """The forms of a section, and the PTX in which kernel form_<i> calls the i-th."""
    forms = list(forms_of(section))
    source, ptx = folder / f"{section}.cu", folder / f"{section}.ptx"
    kernels = [kernel_of(wrapper, f"form_{i}", arguments) for i, (wrapper, arguments, _) in enumerate(forms)]
    headers = [f'#include "{header.relative_to(ROOT)}"\n' for header in sorted(PTX.glob("*.cuh"))]
    source.write_text("#include <cuda_runtime.h>\n" + "".join(headers) + "using namespace stele::ptx;\n" + "".join(kernels))
    run(nvcc(), "-std=c++20", f"-arch={section.replace('sm_', 'compute_')}", "-I", ROOT, "-ptx", "-o", ptx, source)
    return forms, ptx


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("wrappers")


def test_every_wrapper_stands_in_the_manual_once():
    written = [wrapper.name for wrapper in wrappers_of(PTX) if wrapper.name != "wgmma"]
    expected = [name for section in manual().values() for name in section]
    assert sorted(written) == sorted(expected)
    # What the reader of headers overlooks would be held by nothing.
    functions = sum(header.read_text().count("__forceinline__") for header in PTX.glob("*.cuh"))
    assert functions == len(wrappers_of(PTX))


@pytest.mark.parametrize("section", SECTIONS)
def test_wrappers_emit_what_the_manual_says(section, folder):
    forms, ptx = compiled(section, folder)
    text = ptx.read_text()
    wrong = [f"{wrapper.header}: {wrapper.name}{arguments}\n  emits  {found}\n  manual {expected}"
             for i, (wrapper, arguments, expected) in enumerate(forms)
             if (found := emitted(text, f"form_{i}", wrapper)) != expected]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("section, architecture", [(s, a) for s, all_of in SECTIONS.items() for a in all_of])
def test_wrappers_assemble_for_their_architectures(section, architecture, folder):
    _, ptx = compiled(section, folder)
    run(nvcc().parent / "ptxas", "-O0", f"-arch={architecture}", "-o", os.devnull, ptx)


def test_the_wgmma_of_a_plain_pipeline_is_not_serialised(tmp_path):
    told = run(nvcc(), "-std=c++20", "-I", ROOT, "-gencode=arch=compute_90a,code=sm_90a", "-cubin",
               ROOT / "tests/unit/simt/ptx_kernels.cu", "-o", tmp_path / "out.cubin")
    assert "C7510" not in told and "C7511" not in told, told


def test_asm_stands_in_ptx_alone():
    outside = []
    for path in ROOT.glob("kernels/**/*"):
        if path.suffix in (".cu", ".cuh", ".hpp") and PTX not in path.parents:
            text = re.sub(r"//.*|/\*.*?\*/", "", path.read_text())
            if re.search(r"\basm\b", text):
                outside.append(str(path.relative_to(ROOT)))
    assert not outside, outside
