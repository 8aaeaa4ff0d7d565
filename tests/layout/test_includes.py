"""Who includes whom: backends ← kernels ← harness, and the harness's rooms from left to right. None reaches up."""

import re

import pytest
from sources import LAYERS, ROOMS, ROOT, files, includes


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_includes_only_itself_and_those_below(layer):
    allowed = LAYERS[: LAYERS.index(layer) + 1]
    seen = 0
    wrong = []
    for path in files(layer, "*.hpp", "*.cpp", "*.cu", "*.cuh"):
        for include in includes(path):
            seen += 1
            top = include.split("/")[0]
            # The simt build gives kernels the emulated instructions; these headers are the backend's.
            if top in LAYERS + ("tests",) and top not in allowed:
                wrong.append(f"{path.relative_to(ROOT)} includes {include}")
    assert seen > 0, f"no include was read in {layer}/"
    assert not wrong, "\n".join(wrong)


def runs_against(file, include):
    """True if the file stands in a room of the harness and includes one that is further right."""
    room, included = ((path.split("/") + [""])[1] if path.startswith("harness/") else "" for path in (file, include))
    return room in ROOMS and included in ROOMS and ROOMS.index(included) > ROOMS.index(room)


def test_a_room_includes_only_those_left_of_it():
    seen, wrong = {room: 0 for room in ROOMS}, []
    for path in files("harness", "*.hpp", "*.cpp"):
        name = str(path.relative_to(ROOT))
        for include in includes(path):
            if include.startswith("harness/"):
                seen[name.split("/")[1]] += 1
                if runs_against(name, include):
                    wrong.append(f"{name} includes {include}")
    assert min(seen.values()) > 0, f"a room in which no include was read: {seen}"
    assert not wrong, f"rooms stand in the order {' '.join(ROOMS)}:\n" + "\n".join(wrong)


def test_an_include_to_the_right_would_be_found():
    assert runs_against("harness/base/file.cpp", "harness/record/hardware.hpp")
    assert runs_against("harness/tuning/file.cpp", "harness/study/side_by_side.hpp")
    assert not runs_against("harness/study/ratio.cpp", "harness/tuning/file.hpp")
    assert not runs_against("harness/study/ratio.cpp", "harness/study/ratio.hpp")
    assert not runs_against("harness/base/file.cpp", "backends/backend.hpp")


def test_every_folder_of_the_harness_is_a_room():
    assert {path.name for path in (ROOT / "harness").iterdir() if path.is_dir()} == set(ROOMS)


def test_includes_name_the_path_from_the_root():
    """A bare name would hide the layer, and the test above would see nothing. Generated headers have no folder."""
    wrong = []
    for layer in LAYERS:
        for path in files(layer, "*.hpp", "*.cpp", "*.cu", "*.cuh"):
            for include in includes(path):
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


def test_only_the_command_line_knows_what_a_process_ends_with():
    """Low rooms throw what happened, by its kind (harness/base/error.hpp)."""
    known = re.compile(r"exit[ _]?codes?\b|\bExitCode\b|\bexit_(fine|worse|usage|inconclusive|wrong|nothing|interrupted)\b|CommandError", re.I)
    wrong = [f"{path.relative_to(ROOT)}: {found.group(0)}"
             for layer in LAYERS for path in files(layer, "*.hpp", "*.cpp", "*.cu", "*.cuh")
             if not path.is_relative_to(ROOT / "harness/cli") and (found := known.search(path.read_text()))]
    assert not wrong, "\n".join(wrong)


def test_one_place_writes_to_the_terminal():
    """harness/cli/output.cpp and the progress line make visible what comes from outside; nobody else prints."""
    prints = re.compile(r"\bstd::(cout|cerr|clog|puts|printf|fputs)\b|\bfmt::print\b|\bf?printf\s*\(|\bfwrite\s*\([^;]*std(out|err)")
    wrong = [str(path.relative_to(ROOT)) for path in files("harness", "*.hpp", "*.cpp")
             if path.name not in ("output.cpp", "progress.cpp") and prints.search(path.read_text())]
    assert not wrong, wrong


def test_a_command_is_a_file_a_line_and_a_page():
    """Each file in commands/ stands in the one list by one line, and has its page; nothing else names the commands."""
    commands = ROOT / "harness/cli/commands"
    names = sorted(path.stem for path in commands.glob("*.cpp") if path.stem != "all")
    listed = re.findall(r"^    a_command\((\w+)\)", (commands / "all.cpp").read_text(), flags=re.M)
    assert sorted(listed) == names
    assert sorted(path.stem for path in (ROOT / "docs/cli").glob("*.md")) == sorted([*(name.replace("_", "-") for name in names), "index"])
    for name in names:
        assert f"{name}_command()" in (commands / f"{name}.cpp").read_text()


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
