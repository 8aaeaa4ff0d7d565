#!/usr/bin/env python3
"""Formats every source by the pinned clang-format that ./dev installs; with --check, lists those that it would change.

  tools/format.py [--check] [FILE…]
"""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BINARY = ROOT / ".deps/venv/bin/clang-format"
PATTERNS = ("*.cpp", "*.hpp", "*.cu", "*.cuh", "*.h", "*.cl", "*.clh",
            "backends/simt/cuda_headers/cuda/*")  # as CUDA's own, those have no suffix


def pinned_version():
    lines = (ROOT / "tools/format-wheels.txt").read_text().splitlines()
    return next(line.split("==")[1] for line in lines if line.startswith("clang-format=="))


def sources():
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", *PATTERNS], cwd=ROOT,
                            capture_output=True, text=True, check=True)
    return sorted({name for name in listed.stdout.splitlines() if (ROOT / name).exists()})


def check_binary():
    """Why the pinned clang-format is not to be had, or nothing."""
    if not BINARY.exists():
        return f"{BINARY.relative_to(ROOT)} is missing; ./dev test and ./dev format install it"
    told = subprocess.run([BINARY, "--version"], capture_output=True, text=True).stdout
    if pinned_version() not in told.split():
        return f"{BINARY.relative_to(ROOT)} is not {pinned_version()}: {told.strip()}"
    return ""


def run_in_parts(names, options):
    """clang-format over the files, a part of them a process. Returns what it said, and whether all went well."""
    parts = [names[start::8] for start in range(8) if names[start::8]]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        done = list(pool.map(lambda part: subprocess.run([BINARY, *options, *part], cwd=ROOT, capture_output=True,
                                                         text=True), parts))
    return "".join(part.stderr for part in done), all(part.returncode == 0 for part in done)


def unformatted(names):
    said, _ = run_in_parts(names, ["--dry-run"])
    return sorted({line.split(":")[0] for line in said.splitlines() if "[-Wclang-format-violations]" in line})


def main(words):
    names = [word for word in words if not word.startswith("-")] or sources()
    why_not = check_binary()
    if why_not:
        print(why_not, file=sys.stderr)
        return 2
    if "--check" in words:
        wrong = unformatted(names)
        print("\n".join(wrong))
        return 1 if wrong else 0
    said, well = run_in_parts(names, ["-i"])
    print(said, end="", file=sys.stderr)
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
