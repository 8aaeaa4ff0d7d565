"""Siblings in several languages read side by side: same phases, same kernels, same parameter names."""

import re

import pytest
from sources import ROOT, algorithms, files, kernels, phases, suffix, variants, without_comments

GROUPS = algorithms()
LANGUAGE = {".cu": "cuda", ".ptx.cu": "ptx", ".tile.cu": "cuda_tile", ".cl": "opencl", ".ptx.cl": "opencl_ptx"}
MARKS = {"place", "load", "multiply", "store", "score", "softmax"}


def test_there_are_siblings():
    assert len(GROUPS) >= 6


@pytest.mark.parametrize("algorithm", GROUPS)
def test_phases_agree(algorithm):
    marks = {ending: phases(path) for ending, path in GROUPS[algorithm].items()}
    assert all(marks.values()), f"a kernel file has no `// -- phase` marks: {marks}"
    assert len({tuple(sorted(set(names))) for names in marks.values()}) == 1, f"phases differ: {marks}"


@pytest.mark.parametrize("algorithm", GROUPS)
def test_phase_names_are_the_suites(algorithm):
    for path in GROUPS[algorithm].values():
        assert set(phases(path)) <= MARKS, f"{path.relative_to(ROOT)}: {phases(path)} beyond {sorted(MARKS)}"


def is_subsequence(part, whole):
    rest = iter(whole)
    return all(name in rest for name in part)


@pytest.mark.parametrize("algorithm", GROUPS)
def test_kernels_and_parameters_agree(algorithm):
    """A sibling that takes fewer forms of the problem has fewer parameters, in the same order."""
    signatures = {ending: kernels(path) for ending, path in GROUPS[algorithm].items()}
    assert any(signatures.values()), f"no kernel was found in {algorithm}"
    most = max(signatures.values(), key=lambda found: sum(map(len, found.values())))
    for ending, found in signatures.items():
        assert found.keys() == most.keys(), f"{algorithm}{ending} has other kernels than its siblings: {found} and {most}"
        for name, parameters in found.items():
            assert is_subsequence(parameters, most[name]), \
                f"{algorithm}{ending} differs from its siblings in {name}: {parameters} and {most[name]}"


@pytest.mark.parametrize("algorithm", GROUPS)
def test_the_first_line_names_the_file(algorithm):
    operation, *names = algorithm.split("/")
    for ending, path in GROUPS[algorithm].items():
        line = path.read_text().splitlines()[0]
        assert line.startswith("//") and operation in line and all(name in line for name in names), f"{path.relative_to(ROOT)}: {line}"


def test_every_algorithm_folder_is_listed_with_its_languages():
    listed = {}
    for variant in variants():
        if variant["language"] in LANGUAGE.values():
            listed.setdefault(f"{variant['operation']}/{variant['algorithm']}", set()).add(variant["language"])
    on_disk = {name: {LANGUAGE[ending] for ending in siblings} for name, siblings in GROUPS.items()}
    # A row that chooses among its neighbours has no file of its own.
    listed.pop("gemm/hopper/auto")
    assert listed == on_disk


def test_asm_stands_only_in_ptx():
    wrong = [str(path.relative_to(ROOT)) for path in files("kernels", "*.cu", "*.cuh", "*.cl", "*.clh", "*.hpp", "*.cpp")
             if re.search(r"\basm\b", without_comments(path.read_text()))
             and "common/ptx" not in str(path) and suffix(path) != ".ptx.cl"]
    assert not wrong, wrong


def test_cuda_cpp_siblings_use_no_ptx():
    wrong = [str(path.relative_to(ROOT)) for siblings in GROUPS.values() for ending, path in siblings.items()
             if ending == ".cu" and re.search(r"common/ptx/|cuda::ptx|<cuda/ptx>", path.read_text())]
    assert not wrong, wrong


def test_no_preprocessor_choice_inside_a_kernel_file():
    """A different algorithm is a different folder, not an #if."""
    wrong = []
    for algorithm, siblings in GROUPS.items():
        for path in siblings.values():
            body = path.read_text()
            at = re.search(r"__(?:tile_)?global__|__kernel|\bkernel void\b", body)
            if at and re.search(r"^\s*#\s*if", body[at.start():], flags=re.M):
                wrong.append(str(path.relative_to(ROOT)))
    assert not wrong, wrong
