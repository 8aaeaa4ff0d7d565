"""The tree keeps its promises: sizes of files, lists in one place, checklists that are true."""

import os
import re
import subprocess

import pytest
from sources import ROOT, algorithms

TEXT = ("*.cpp", "*.hpp", "*.cu", "*.cuh", "*.cl", "*.clh", "*.py", "CMakeLists.txt", "dev")


def tracked(*patterns):
    listed = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split() if (ROOT / name).exists()]


def test_no_file_is_too_long():
    long = {str(path.relative_to(ROOT)): lines for path in tracked(*TEXT)
            if (lines := len(path.read_text().splitlines())) > 400}
    assert not long, f"one concept a file, 400 lines at most: {long}"


def test_nothing_is_left_over():
    word = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X"]) + r")\b")
    wrong = [str(path.relative_to(ROOT)) for path in tracked(*TEXT) if word.search(path.read_text())]
    assert not wrong, wrong


def test_machine_paths_are_not_written_down():
    wrong = [str(path.relative_to(ROOT)) for path in tracked("*") if path.is_file() and path.suffix != ".png"
             and re.search(r"/(work|farm|root)/", path.read_text(errors="replace"))]
    assert not wrong, wrong


def test_every_operation_has_its_readme_with_a_support_matrix():
    for operation in {name.split("/")[0] for name in algorithms()}:
        text = (ROOT / "kernels" / operation / "README.md").read_text()
        assert "<!-- support matrix: begin -->" in text and "<!-- support matrix: end -->" in text


def test_paths_named_in_the_documents_exist():
    """CONTRIBUTING and the documents name files; a checklist that points nowhere is worse than none."""
    seen, wrong = 0, []
    for document in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for name in re.findall(r"`((?:backends|kernels|harness|tests|docs|tools|cmake|results)/[\w./-]+)`",
                               document.read_text()):
            seen += 1
            if "<" in name or not (ROOT / name).exists():
                wrong.append(f"{document.name}: {name}")
    assert seen > 10
    assert not wrong, "\n".join(wrong)


def test_registration_is_by_the_two_lists():
    """Each backend and operation folder stands in its all.cpp, and there is no third list."""
    backends = (ROOT / "backends/all.cpp").read_text()
    for folder in (path for path in (ROOT / "backends").iterdir() if path.is_dir()):
        assert f"{folder.name}_backend" in backends or f'"{folder.name}"' in backends, folder.name
    kernels = (ROOT / "kernels/all.cpp").read_text()
    for operation in {name.split("/")[0] for name in algorithms()}:
        assert f"{operation}/" in kernels, operation


def test_generated_parts_of_the_documents_are_up_to_date():
    """`tools/renew_docs.py` writes the support matrices, the suites and the list of commands."""
    binary = os.environ.get("STELE_BINARY", str(ROOT / "build/release/stele"))
    done = subprocess.run(["/usr/bin/python3", ROOT / "tools/renew_docs.py", "--check", binary], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
