"""Numbers that unit tests read from files are those that their scripts write."""

import subprocess

import pytest
from sources import ROOT


@pytest.mark.parametrize("script", sorted((ROOT / "tests/vectors").glob("*.py")), ids=lambda path: path.name)
def test_vectors_are_what_their_script_writes(script):
    pytest.importorskip("scipy")
    done = subprocess.run(["/usr/bin/python3", script, "--check"], capture_output=True, text=True)
    assert done.returncode == 0, f"{script.name} writes something else: {done.stderr}"
