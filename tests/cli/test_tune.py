"""stele tune, and stele bench with what it found."""

import json
import os
import re
import signal
import subprocess

import jsonschema
import pytest
from conftest import BINARY, SOURCE
from test_terminal import OnTerminal

SCHEMA = json.loads((SOURCE / "results" / "schema.json").read_text())
PROBLEM = "m=64 n=64 k=64 f32"
TUNE = ["tune", "gemm/tiled.opencl", "--device", "opencl:0", "--problem", "m=64 n=64 k=64"]
BENCH = ["bench", "gemm/tiled.opencl", "--device", "opencl:0", "--problem", "m=100 n=64 k=64", "--time", "0.02",
         "--out", "r.json"]


@pytest.fixture
def opencl(devices):
    if "opencl:0" not in {device["id"] for device in devices["devices"]}:
        pytest.skip("no OpenCL device")


def tuning_file(stele):
    files = list((stele.folder / "results" / "tuning").glob("*.json"))
    assert len(files) == 1, files
    return files[0]


def measurement(stele, *options):
    done = stele(*BENCH, *options)
    report = json.loads((stele.folder / "r.json").read_text())
    jsonschema.Draft202012Validator(SCHEMA).validate(report)
    return done, report["measurements"][0]


def test_tune_then_bench(stele, opencl):
    done = stele(*TUNE, "--budget", "5s")
    file = tuning_file(stele)
    assert f"tuning: {file.relative_to(stele.folder)}" in done.stdout and "1 tuned" in done.stderr
    content = json.loads(file.read_text())
    assert content["device"]["backend"] == "opencl" and content["device"]["driver"]
    assert content["unfinished"] == []
    (cell,) = content["cells"]
    assert cell["variant"] == "gemm/tiled.opencl" and cell["problem"] == PROBLEM
    assert 1 <= cell["candidates"] <= cell["space"] and cell["seed"] == 1
    assert cell["chosen"]["tile"] in {finalist["tile"] for finalist in cell["finalists"]}
    assert cell["chosen"]["tile"] in done.stdout
    if "default" in cell:
        assert cell["regret_low"] <= cell["regret"] <= cell["regret_high"]
        if cell["chosen"]["tile"] == cell["default_tile"]:
            assert cell["regret"] == 1

    # Another problem of the same class takes the tile, by name and without; the report and the table say from where.
    entry = f"{file.relative_to(stele.folder)}: device, {PROBLEM}"
    done, cell_bench = measurement(stele)
    assert cell_bench["tile"] == cell["chosen"]["tile"] and cell_bench["tuning"] == entry
    assert entry in " ".join(done.stdout.split())
    assert cell_bench["tuning"] in " ".join(stele("report", "r.json").stdout.split())
    _, untuned = measurement(stele, "--no-tuning")
    assert untuned["tile"] == cell["default_tile"] and untuned["tuning"] == "default"
    _, moved = measurement(stele, "--tuning", file.parent)
    assert moved["tile"] == cell["chosen"]["tile"]

    # What is there is kept.
    before = file.read_text()
    done = stele(*TUNE, "--budget", "5s")
    assert "kept from" in done.stdout and file.read_text() == before

    # An unreadable file is told and left out, and never written over.
    file.write_text(before.replace('"schema_version": 2', '"schema_version": 99'))
    done, ignored = measurement(stele)
    assert ignored["tuning"] == "default"
    assert "schema version 99" in done.stderr
    assert "schema version 99" in stele(*TUNE, code=2).stderr
    assert "schema_version\": 99" in file.read_text()


def test_two_tunings_at_once_keep_both_results(stele, opencl):
    problems = ["m=64 n=64 k=64", "m=96 n=96 k=96", "m=128 n=128 k=128"]
    runs = [subprocess.Popen([BINARY, *TUNE[:-1], problem, "--budget", "2s"], cwd=stele.folder, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True) for problem in problems]
    for run in runs:
        said, _ = run.communicate(timeout=240)
        assert run.returncode == 0, said
    content = json.loads(tuning_file(stele).read_text())
    assert {cell["problem"] for cell in content["cells"]} == {f"{problem} f32" for problem in problems}
    assert content["unfinished"] == []


def test_identical_devices_are_tuned_once(stele):
    two = {"POCL_DEVICES": "pthread pthread"}
    ids = [d["id"] for d in json.loads(stele("devices", "--json", env=two).stdout)["devices"] if d["backend"] == "opencl"]
    if len(ids) != 2:
        pytest.skip("PoCL makes no two devices here")
    done = stele("tune", "gemm/tiled.opencl", "--device", "opencl:*", "--problem", "m=64 n=64 k=64", "--budget", "1s", env=two)
    assert f"{ids[1]} is a " in done.stderr and f"like {ids[0]}, which is tuned for both" in done.stderr
    assert len(json.loads(tuning_file(stele).read_text())["cells"]) == 1


def test_a_tile_tuned_on_other_cpus_is_said(stele, opencl):
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        pytest.skip("one CPU")
    one = subprocess.run(["taskset", "-c", str(cpus[0]), BINARY, *TUNE, "--budget", "1s"], cwd=stele.folder,
                         capture_output=True, text=True)
    assert one.returncode == 0, one.stderr
    (cell,) = json.loads(tuning_file(stele).read_text())["cells"]
    assert cell["where"]["cpus"] == str(cpus[0])
    _, taken = measurement(stele)
    assert re.search(rf": device with \d+ threads on {cpus[0]}, {PROBLEM}$", taken["tuning"]), taken["tuning"]
    # Its own entry stands beside that one.
    stele(*TUNE, "--budget", "1s")
    assert len(json.loads(tuning_file(stele).read_text())["cells"]) == 2
    _, own = measurement(stele)
    assert own["tuning"].endswith(f": device, {PROBLEM}")


def journal(stele):
    content = json.loads(tuning_file(stele).read_text())
    assert content["cells"] == []
    (cell,) = content["unfinished"]
    return {tile["tile"] for tile in cell["tried"]}


def test_tuning_that_was_killed_or_interrupted_goes_on(stele, opencl):
    def broken_off(how):
        run = OnTerminal(stele.folder, *TUNE, "--budget", "1h")
        run.wait_for("pass ", "verifying ", "pass ")  # the second group of tiles: the first is kept
        run.process.send_signal(how)
        run.end()
        return run

    assert broken_off(signal.SIGKILL).process.returncode == -signal.SIGKILL
    killed = journal(stele)
    assert killed
    run = broken_off(signal.SIGINT)
    assert run.process.returncode == 130, run.seen
    assert "interrupted: the same command goes on" in run.seen
    interrupted = journal(stele)
    assert interrupted >= killed
    stele(*TUNE, "--budget", "1s")
    content = json.loads(tuning_file(stele).read_text())
    assert content["unfinished"] == []
    (cell,) = content["cells"]
    assert cell["candidates"] >= len(interrupted)


def test_a_tile_of_the_space_is_accepted_and_an_illegal_one_refused(stele, opencl):
    done = stele("run", "gemm/tiled.opencl@64x64x32x4x8", "--problem", PROBLEM)
    assert "gemm/tiled.opencl@64x64x32x4x8" in done.stdout and ": passed" in done.stdout
    done = stele("run", "gemm/tiled.opencl@64x64x32x5x8", "--problem", PROBLEM, code=5)
    assert "cannot have the tile '64x64x32x5x8': a thread's rows and columns come in fours" in done.stderr
    assert "goes from" in stele("verify", "gemm/tiled.opencl@64x64x32x0x8", code=5).stderr


@pytest.mark.parametrize("arguments, code, message", [
    (["gemm/vendor.*"], 5, "nothing to tune"),
    (["gemm/naive"], 5, "has no tile, or only one"),
    (["gemm/tiled@64x64x16x8x4"], 2, "leave @64x64x16x8x4 out"),
    (["gemm/tield"], 5, "did you mean"),
    (["gemm/tiled", "--device", "opencl:99"], 2, "no device matches 'opencl:99'"),
    (["gemm/tiled", "--device", "simt:0"], 2, "simt"),
    (["gemm/tiled", "--device", "host:0"], 5, "nothing to tune"),
    (["gemm/tiled", "--budget", "soon"], 2, "'soon' is not a time"),
    (["gemm/tiled", "--budget", "0"], 2, "'0' is not a time"),
    (["gemm/tiled", "--budget", "10 m"], 2, "'10 m' is not a time"),
    (["gemm/tiled", "--problem", "m=1"], 2, "n"),
])
def test_bad_input(stele, arguments, code, message):
    done = stele("tune", *arguments, code=code, timeout=60)
    assert message in done.stderr and done.stdout == ""
    assert list(stele.folder.iterdir()) == []


def test_a_file_of_another_device_is_not_written_over(stele, opencl):
    stele(*TUNE, "--budget", "1s", "--out", "mine.json")
    content = json.loads((stele.folder / "mine.json").read_text())
    content["device"]["name"] = "Another"
    (stele.folder / "mine.json").write_text(json.dumps(content))
    assert "is of Another" in stele(*TUNE, "--out", "mine.json", code=2).stderr
    assert "not a folder" in stele(*BENCH, "--tuning", "nowhere", code=2).stderr
