#!/usr/bin/env python3
"""Sums the times of a build's steps, as Ninja logged them, by folder of the source tree.

  tools/step_times.py [BUILD_FOLDER] [--depth N] [--slowest N]

Steps that ran at the same time count each; a busy machine makes them longer. Default: build/release, depth 1.
"""

import argparse
import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def steps(log):
    """{output: seconds} of the last build of each output."""
    found = {}
    for line in log.read_text().splitlines():
        fields = line.split("\t")
        if len(fields) == 5:
            found[fields[3]] = (int(fields[1]) - int(fields[0])) / 1000
    return found


def place(output):
    """What an object belongs to: harness/CMakeFiles/x.dir/cli/main.cpp.o is of harness/cli/main.cpp."""
    output = re.sub(r"CMakeFiles/[^/]+\.dir/(?:__/)*", "", output)
    return output if "/" in output else "(links)/" + output


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", default=ROOT / "build/release", type=Path)
    parser.add_argument("--depth", type=int, default=1)
    parser.add_argument("--slowest", type=int, default=10)
    options = parser.parse_args()
    found = steps(options.folder / ".ninja_log")
    sums = defaultdict(float)
    for output, seconds in found.items():
        sums["/".join(place(output).split("/")[:-1][:options.depth])] += seconds
    for folder, seconds in sorted(sums.items(), key=lambda item: -item[1]):
        print(f"{seconds:9.1f} s  {folder}")
    print(f"{sum(found.values()):9.1f} s  all of {len(found)} steps; the slowest:")
    for output, seconds in sorted(found.items(), key=lambda item: -item[1])[:options.slowest]:
        print(f"{seconds:9.1f} s  {output}")


if __name__ == "__main__":
    main()
