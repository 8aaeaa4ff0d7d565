"""The binary, run as a user would. STELE_BINARY names it; without, the release build is taken."""

import json
import os
import subprocess
from pathlib import Path

import pytest

SOURCE = Path(os.environ.get("STELE_SOURCE", Path(__file__).resolve().parents[2]))
BINARY = Path(os.environ.get("STELE_BINARY", SOURCE / "build" / "release" / "stele"))

# Small, and no multiple of a tile.
GEMM = "m=70 n=33 k=48 f32"


class Stele:
    """Runs commands in a folder of its own."""

    binary = BINARY

    def __init__(self, folder):
        self.folder = folder

    def __call__(self, *arguments, code=0, env=None, timeout=240):
        done = subprocess.run([self.binary, *map(str, arguments)], cwd=self.folder, env={**os.environ, **(env or {})},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout)
        told = f"stele {' '.join(map(str, arguments))}\nexit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert done.returncode >= 0, f"ended by a signal: {told}"
        if code is not None:
            assert done.returncode == code, told
        return done

    def json(self, *arguments):
        return json.loads(self(*arguments).stdout)


@pytest.fixture
def stele(tmp_path):
    return Stele(tmp_path)


@pytest.fixture(scope="session")
def devices(tmp_path_factory):
    return Stele(tmp_path_factory.mktemp("devices")).json("devices", "--json")


@pytest.fixture(scope="session")
def variants(tmp_path_factory):
    return Stele(tmp_path_factory.mktemp("list")).json("list", "--json")


@pytest.fixture(scope="session")
def runnable(variants):
    """(variant, device) of every GEMM that a device can compute here; at least one, or nothing here would be tested."""
    pairs = [(variant["id"], answer["device"]) for variant in variants if variant["operation"] == "gemm"
             for answer in variant["devices"] if answer["supported"] > 0]
    assert pairs, "no device can run any GEMM"
    return pairs


@pytest.fixture(scope="session")
def timed(runnable, devices):
    """As runnable, without devices that are for results only."""
    results_only = {d["id"] for d in devices["devices"] if d["for_results_only"]}
    pairs = [pair for pair in runnable if pair[1] not in results_only]
    assert pairs, "no device can time any GEMM"
    return pairs


class Bench:
    """One run of bench on every device: its report, its folder, what it printed."""

    def __init__(self, folder):
        self.stele = Stele(folder)
        self.path = folder / "report.json"
        self.done = self.stele("bench", "gemm", "--problem", GEMM, "--time", "0.02", "--out", self.path,
                               "--benchmark_out=google.json", "--benchmark_out_format=json")
        self.report = json.loads(self.path.read_text())
        self.google = json.loads((folder / "google.json").read_text())


@pytest.fixture(scope="session")
def bench(tmp_path_factory):
    return Bench(tmp_path_factory.mktemp("bench"))
