"""What the layout tests read: the tree, its kernel files, and what they say of themselves."""

import json
import os
import re
import subprocess
from functools import lru_cache
from pathlib import Path

ROOT = Path(os.environ.get("STELE_SOURCE", Path(__file__).resolve().parents[2]))
LAYERS = ("backends", "kernels", "harness")
ROOMS = ("base", "draw", "record", "catalog", "toolchain", "measure", "tuning", "explain", "study", "exchange", "cli")
SUFFIXES = (".ptx.cu", ".tile.cu", ".ptx.cl", ".cu", ".cl")  # longest first
OPERATIONS = tuple(sorted(path.parent.name for path in (ROOT / "kernels").glob("*/operation.cpp")))


def files(folder, *patterns):
    return sorted(path for pattern in patterns for path in (ROOT / folder).rglob(pattern))


def suffix(path):
    return next((ending for ending in SUFFIXES if path.name.endswith(ending)), None)


def includes(path):
    return re.findall(r'^\s*#\s*include\s+"([^"]+)"', path.read_text(), flags=re.M)


def without_comments(text):
    return re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.S)


@lru_cache(maxsize=None)
def algorithms():
    """{'gemm/tiled': {'.cu': path, …}}: kernel files by algorithm folder."""
    found = {}
    for operation in OPERATIONS:
        # An algorithm of several rungs is a folder of folders: gemm/hopper/roles.
        for folder in sorted(path for path in (ROOT / "kernels" / operation).rglob("*") if path.is_dir()):
            siblings = {ending: folder / (folder.name + ending) for ending in SUFFIXES
                        if (folder / (folder.name + ending)).exists()}
            if siblings:
                found[folder.relative_to(ROOT / "kernels").as_posix()] = siblings
    return found


def phases(path):
    """Names of the `// -- phase` marks, in order, without repeats."""
    seen = []
    for name in re.findall(r"^\s*// -- (\w+)", path.read_text(), flags=re.M):
        if name not in seen:
            seen.append(name)
    return seen


def kernels(path):
    """{kernel name: [parameter names]} of a kernel file."""
    text = without_comments(path.read_text())
    start = r"__(?:tile_)?global__\s+(?:void\s+)?(?:__launch_bounds__\s*\((?:[^()]|\([^()]*\))*\)\s*)?(?:void\s+)?" if ".cu" in path.name else \
        r"(?:__kernel|\bkernel)\s+(?:__attribute__\s*\(\(.*?\)\)\)?\s*)*void\s+"
    found = {}
    for match in re.finditer(start + r"(\w+)\s*\(([^)]*)\)", text, flags=re.S):
        parameters = [part.strip() for part in match.group(2).split(",") if part.strip()]
        names = [re.search(r"(\w+)\s*$", part).group(1) for part in parameters]
        # A parameter without a name stands for one that this sibling does not read.
        found[match.group(1)] = [name for name in names if name != "__restrict__"]
    return found


@lru_cache(maxsize=None)
def variants():
    """What the binary lists, all tiles."""
    binary = os.environ.get("STELE_BINARY", ROOT / "build/release/stele")
    done = subprocess.run([str(binary), "list", "--json"], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)
