"""What the tests of stele explain share."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("STELE_SOURCE", Path(__file__).resolve().parents[2]))
BINARY = os.environ.get("STELE_BINARY", str(ROOT / "build/release/stele"))
SAMPLE = "gemm/naive"


def explain(*words, **options):
    return subprocess.run([BINARY, "explain", *map(str, words)], capture_output=True, text=True, timeout=900, **options)


def nvcc():
    path = os.environ.get("STELE_NVCC", "")
    if not path or not Path(path).exists():
        pytest.skip("this build has no nvcc, so no kernel can be explained")
    return Path(path)
