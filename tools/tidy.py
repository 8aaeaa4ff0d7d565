#!/usr/bin/env python3
"""clang-tidy, with the checks that .clang-tidy chooses, over the sources that the CPU's part of the build compiles.

  tools/tidy.py [PATH…]      only files below these folders; without, all

A room of the harness is looked at as it is compiled, at once: its headers are read once, and PATH takes in the room.
Kernels in CUDA C++ and OpenCL C are left to their own compilers; as simt compiles them, their macros stand for what
they are not. Exit code 1 if anything is said.
"""

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "build/tidy"
BINARY = ROOT / ".deps/venv/bin/clang-tidy"
# Without what only g++ knows.
SETTINGS = ("-DSTELE_CUDA=OFF", "-DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON", "-DCMAKE_BUILD_TYPE=Debug")
OTHER_COMPILERS_OPTIONS = ("-mtls-dialect", "-Wno-redundant-move", "-fsanitize", "--param=tsan")


def configure():
    """A build folder of which only the generated headers are made."""
    run = {"cwd": ROOT, "check": True, "stdout": subprocess.DEVNULL}
    subprocess.run(["cmake", "-S", ROOT, "-B", FOLDER, "-G", "Ninja", *SETTINGS], **run)
    subprocess.run(["cmake", "--build", FOLDER, "--target", "stele_revision"], **run)
    commands = json.loads((FOLDER / "compile_commands.json").read_text())
    kept = {}
    for entry in commands:
        if sources(entry["file"]):
            words = [word for word in entry["command"].split() if not word.startswith(OTHER_COMPILERS_OPTIONS)]
            kept.setdefault(entry["file"], {**entry, "command": " ".join(words)})
    database = FOLDER / "tidy"
    database.mkdir(exist_ok=True)
    (database / "compile_commands.json").write_text(json.dumps(list(kept.values())))
    return database, sorted(kept)


def sources(unit):
    """The files of the tree that a translation unit is of: itself, those of a room, or none where it was generated."""
    if not unit.startswith(str(FOLDER)):
        return [unit]
    return re.findall(r'^#include "(/[^"]+)"', Path(unit).read_text(), flags=re.M) if "/Unity/" in unit else []


def main(words):
    if not BINARY.exists():
        print(f"{BINARY.relative_to(ROOT)} is missing; ./dev tidy installs it", file=sys.stderr)
        return 2
    database, units = configure()
    wanted = [(ROOT / word).resolve() for word in words] or [ROOT]
    units = [unit for unit in units if any(Path(source).is_relative_to(path) for source in sources(unit)
                                           for path in wanted)]
    if not units:
        print("no source is below " + ", ".join(words), file=sys.stderr)
        return 2

    def look(unit):
        done = subprocess.run([BINARY, "-p", database, "--quiet", "--warnings-as-errors=*", unit], cwd=ROOT, text=True,
                              capture_output=True)
        if done.returncode != 0:
            print(done.stdout or done.stderr, end="", flush=True)
        return done.returncode == 0

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        wrong = list(pool.map(look, units)).count(False)
    print(f"clang-tidy: {len(units)} translation units, {wrong or 'none'} with warnings")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
