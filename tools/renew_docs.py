#!/usr/bin/env python3
"""Writes the generated parts of the documents: support matrices, suites, and the lists of commands and exporters, from what the binary says of itself;
the findings, from what it says of committed results; and the picture of the rooms, from the tree.

  tools/renew_docs.py [--check] [BINARY]     --check: change nothing, exit with 1 if a document is out of date
"""

import subprocess
import sys
from pathlib import Path

from draw_rooms import rooms_svg
from findings import findings
from sources import OPERATIONS  # draw_rooms.py says where it is

ROOT = Path(__file__).resolve().parents[1]


def said(binary, *words):
    return subprocess.run([binary, *words], capture_output=True, text=True, check=True).stdout.strip()


def commands(binary):
    lines = [line.strip() for line in said(binary, "--help").splitlines() if line.startswith("  stele ")]
    return "\n".join(["```", *lines, "```"])


def generated(binary):
    """{document: (mark before, text, mark after)}"""
    parts = {ROOT / "docs/cli/index.md": ("<!-- commands -->", commands(binary), "<!-- end of commands -->"),
             ROOT / "docs/cli/export.md": ("<!-- exporters -->", said(binary, "export", "--list"), "<!-- end of exporters -->"),
             ROOT / "docs/findings.md": ("<!-- findings -->", findings(binary), "<!-- end of findings -->"),
             ROOT / "docs/cli/bench.md": ("<!-- suites -->", said(binary, "list", "--suites"), "<!-- end of suites -->")}
    for operation in OPERATIONS:
        parts[ROOT / "kernels" / operation / "README.md"] = (
            "<!-- support matrix: begin -->", said(binary, "list", operation, "--matrix"), "<!-- support matrix: end -->")
    return parts


def main(words):
    check = "--check" in words
    words = [word for word in words if word != "--check"]
    binary = words[0] if words else str(ROOT / "build/release/stele")
    stale = []
    for document, (begin, text, end) in generated(binary).items():
        before = document.read_text()
        head, _, rest = before.partition(begin)
        _, found, tail = rest.partition(end)
        if not found:
            sys.exit(f"{document}: the marks {begin} and {end} are missing")
        after = f"{head}{begin}\n{text}\n{end}{tail}"
        if after != before:
            stale.append(str(document.relative_to(ROOT)))
            if not check:
                document.write_text(after)
    picture = ROOT / "docs/rooms.svg"
    if not picture.exists() or picture.read_text() != rooms_svg():
        stale.append(str(picture.relative_to(ROOT)))
        if not check:
            picture.write_text(rooms_svg())
    for name in stale:
        print(f"{name}: {'out of date' if check else 'renewed'}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
