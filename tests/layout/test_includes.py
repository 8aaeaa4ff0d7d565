"""Who includes whom: backends ← kernels ← harness. No layer reaches up."""

import re

import pytest
from sources import LAYERS, ROOT, files


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_includes_only_itself_and_those_below(layer):
    allowed = LAYERS[: LAYERS.index(layer) + 1]
    seen = 0
    wrong = []
    for path in files(layer, "*.hpp", "*.cpp", "*.cu", "*.cuh"):
        for include in re.findall(r'^\s*#\s*include\s+"([^"]+)"', path.read_text(), flags=re.M):
            seen += 1
            top = include.split("/")[0]
            # The simt build gives kernels the emulated instructions; these headers are the backend's.
            if top in LAYERS + ("tests",) and top not in allowed:
                wrong.append(f"{path.relative_to(ROOT)} includes {include}")
    assert seen > 0, f"no include was read in {layer}/"
    assert not wrong, "\n".join(wrong)


def test_includes_name_the_path_from_the_root():
    """A bare name would hide the layer, and the test above would see nothing. Generated headers have no folder."""
    wrong = []
    for layer in LAYERS:
        for path in files(layer, "*.hpp", "*.cpp", "*.cu", "*.cuh"):
            for include in re.findall(r'^\s*#\s*include\s+"([^"]+)"', path.read_text(), flags=re.M):
                if "/" not in include and any(next((ROOT / top).rglob(include), None) for top in LAYERS):
                    wrong.append(f"{path.relative_to(ROOT)} includes \"{include}\"")
    assert not wrong, "write the path from the repository's root:\n" + "\n".join(wrong)


def test_harness_knows_no_runtime():
    wrong = [f"{path.relative_to(ROOT)} includes <{header}>" for path in files("harness", "*.hpp", "*.cpp")
             for header in re.findall(r"#\s*include\s+<([^>]+)>", path.read_text())
             if header.startswith(("cuda", "CL/", "nvml", "nvtx"))]
    assert not wrong, "\n".join(wrong)


def test_kernels_call_no_clock():
    wrong = [str(path.relative_to(ROOT)) for path in files("kernels", "*.cpp", "*.hpp", "*.cu", "*.cuh", "*.cl")
             if re.search(r"\bsteady_clock\b|\bcudaEvent|\bclock64\s*\(", path.read_text())]
    assert not wrong, wrong


def test_simt_shares_only_its_abi_between_binary_and_module():
    """backends/simt: device/ is the binary's; executor/, ptx/, checks/ and cuda_headers/ are the modules'."""
    module = ("executor", "ptx", "checks", "cuda_headers")
    wrong = []
    for path in files("backends/simt", "*.hpp", "*.cpp", "*.h"):
        own = path.relative_to(ROOT / "backends/simt").parts[0]
        for room in re.findall(r'#\s*include\s+"backends/simt/(\w+)/', path.read_text()):
            if own == "abi.hpp" or (own == "device") != (room == "device"):
                wrong.append(f"{path.relative_to(ROOT)} includes from {room}/")
    assert all((ROOT / "backends/simt" / room).is_dir() for room in ("device", *module))
    assert not wrong, "\n".join(wrong)
