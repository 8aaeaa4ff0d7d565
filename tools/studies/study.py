#!/usr/bin/env python3
"""Long studies, in slices: each call does at most an hour's work, keeps it, and goes on where the last one stopped.

  ./dev study                       the list
  ./dev study NAME [OPTIONS…]       one slice; OPTIONS are the study's own, --help tells them
  --minutes N                       the slice's length, at most 60

A study is a module beside this file: its first line of documentation says what it finds, `options(parser)` adds its
options, `run(slice, options)` does the work. Results are in results/studies/NAME/. Exit code 0: the slice went well, and
the last line says whether more is left; 1: the study is complete, and its demand is not met.
"""

import argparse
import importlib
import json
import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).resolve().parent))
STUDIES = ("mutants", "aa")
LONGEST_MINUTES = 60


class Slice:
    """One call's time and the results so far, which each step writes whole."""

    def __init__(self, name, minutes):
        self.folder = ROOT / "results/studies" / name
        self.file = self.folder / "steps.json"
        self.end = time.monotonic() + 60 * minutes
        self.steps = json.loads(self.file.read_text()) if self.file.exists() else {}

    def time_left(self):
        return self.end - time.monotonic()

    def keep(self, key, result):
        self.steps[key] = result
        self.write("steps.json", json.dumps(self.steps, indent=1, sort_keys=True) + "\n")

    def write(self, name, text):
        """A file is either the old one or the new one, whenever the study is killed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        scratch = self.folder / f".{name}.{os.getpid()}"
        scratch.write_text(text)
        scratch.replace(self.folder / name)


def minutes(text):
    value = float(text)
    if not 0 < value <= LONGEST_MINUTES:
        raise argparse.ArgumentTypeError(f"a slice takes at most {LONGEST_MINUTES} minutes")
    return value


def main(words):
    if not words or words[0] in ("-h", "--help"):
        print(__doc__.strip() + "\n\nStudies:")
        for name in STUDIES:
            print(f"  {name:16} {importlib.import_module(name).__doc__.splitlines()[0]}")
        return 0
    if words[0] not in STUDIES:
        print(f"unknown study '{words[0]}'; one of: {', '.join(STUDIES)}", file=sys.stderr)
        return 2
    study = importlib.import_module(words[0])
    parser = argparse.ArgumentParser(prog=f"./dev study {words[0]}", description=study.__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=minutes, default=LONGEST_MINUTES, help="the slice's length")
    study.options(parser)
    options = parser.parse_args(words[1:])
    return study.run(Slice(words[0], options.minutes), options)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
