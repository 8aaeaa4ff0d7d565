"""Terminals, pipes and Ctrl-C."""

import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import time

import jsonschema
import pytest
from conftest import BINARY, GEMM, SOURCE

SCHEMA = json.loads((SOURCE / "results" / "schema.json").read_text())


class OnTerminal:
    """The binary with a terminal as stderr, read as it comes."""

    def __init__(self, folder, *arguments, env=None, columns=80, prepare=None):
        self.main, side = pty.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.process = subprocess.Popen([BINARY, *arguments], cwd=folder, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=side, text=True, preexec_fn=prepare,
                                        env={**os.environ, "TERM": "xterm", **(env or {})})
        os.close(side)
        self.seen = ""

    def wait_for(self, *words, seconds=120):
        """Until the words have been seen, one behind the other."""
        pattern = re.compile(".*".join(map(re.escape, words)), re.DOTALL)
        end = time.monotonic() + seconds
        while not pattern.search(self.seen):
            assert time.monotonic() < end, f"no {words} in {self.seen!r}"
            try:
                piece = os.read(self.main, 4096).decode(errors="replace")
            except OSError:
                piece = ""
            assert piece, f"ended without {words}: {self.seen!r}"
            self.seen += piece

    def end(self, seconds=120):
        try:
            while piece := os.read(self.main, 4096):
                self.seen += piece.decode(errors="replace")
        except OSError:
            pass
        out, _ = self.process.communicate(timeout=seconds)
        os.close(self.main)
        return out


LONG = ["bench", "gemm", "--problem", GEMM, "--problem", "m=64 n=64 k=64 f32", "--time", "600", "--out", "report.json",
        "--device", "host", "--device", "opencl"]


def long_run(folder, devices, prepare=None):
    """Restricted to what is there: a device that is missing would be an error."""
    backends = {d["backend"] for d in devices["devices"]}
    arguments = [word for i, word in enumerate(LONG)
                 if not (word == "--device" and LONG[i + 1] not in backends) and not (LONG[i - 1] == "--device" and word not in backends)]
    return OnTerminal(folder, *arguments, prepare=prepare)


def test_interrupt_keeps_what_was_measured(stele, devices):
    run = long_run(stele.folder, devices)
    run.wait_for("pass 9")
    run.process.send_signal(signal.SIGINT)
    out = run.end()
    assert run.process.returncode == 130, run.seen
    assert "incomplete" in run.seen and "INCOMPLETE" in out
    report = json.loads((stele.folder / "report.json").read_text())
    jsonschema.Draft202012Validator(SCHEMA).validate(report)
    assert report["complete"] is False
    timed = [m for m in report["measurements"] if "timing" in m]
    assert timed and all(len(m["timing"]["samples_ns"]) >= 1 for m in timed)
    assert "INCOMPLETE" in stele("report", "report.json").stdout
    assert sorted(p.name for p in stele.folder.iterdir()) == ["report.json", "report.json.journal"]
    assert "--resume report.json.journal" in " ".join(run.seen.split())


def test_second_interrupt_ends_at_once(stele, devices):
    """Signals faster than the run can end by itself: checking the cells again takes longer than the pause."""
    run = long_run(stele.folder, devices)
    run.wait_for("pass ")
    end = time.monotonic() + 60
    while run.process.poll() is None and time.monotonic() < end:
        run.process.send_signal(signal.SIGINT)
        time.sleep(0.002)
    run.end()
    assert run.process.returncode == -signal.SIGINT, run.seen


def test_progress_line_on_a_terminal(stele, timed):
    variant, device = timed[0]
    run = OnTerminal(stele.folder, "bench", variant, "--device", device, "--problem", GEMM, "--time", "0.5", "--out", "r.json")
    run.end()
    assert run.process.returncode == 0
    assert "\r" in run.seen and "verifying" in run.seen
    assert "passed" in run.seen.splitlines()[-1]


def test_closed_pipe_is_quiet(stele):
    for command in (["list"], ["devices"], ["--help"]):
        done = subprocess.run(f"'{BINARY}' {' '.join(command)} | head -c 1 > /dev/null; echo ${{PIPESTATUS[0]}}",
                              shell=True, executable="/bin/bash", cwd=stele.folder, capture_output=True, text=True, timeout=60)
        assert done.stderr == "" and done.stdout.strip() == "0", (command, done)


def test_closed_pipe_does_not_lose_the_report(stele, timed):
    variant, device = timed[0]
    subprocess.run(f"'{BINARY}' bench '{variant}' --device {device} --problem '{GEMM}' --time 0.01 --out r.json | true",
                   shell=True, cwd=stele.folder, capture_output=True, timeout=120)
    json.loads((stele.folder / "r.json").read_text())


def test_full_disk_is_said(stele):
    with open("/dev/full", "w") as full:
        done = subprocess.run([BINARY, "list"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 2 and "cannot write to stdout" in done.stderr
