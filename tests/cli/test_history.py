"""`stele history` on folders of reports: complete, damaged, foreign and empty."""

import copy
import json
import re
import subprocess

import pytest
from conftest import SOURCE
from test_export import slower

OTAVA = SOURCE / ".deps" / "tracking" / "bin" / "otava"


@pytest.fixture
def folder(stele, bench):
    """Twelve runs, the latter half half as slow again."""
    (stele.folder / "runs").mkdir()
    for i in range(12):
        report = slower(bench.report, (1 if i < 6 else 1.5) * (1 + i % 3 * 1e-4))
        report["environment"].update(started=f"2001-01-{i + 1:02}T00:00:00Z", revision=f"{i:012x}")
        # Names tell nothing of the order.
        (stele.folder / "runs" / f"{(i * 5) % 12}.json").write_text(json.dumps(report))
    return stele


def cells(done):
    return json.loads(done.stdout)["cells"]


def test_courses_run_from_the_oldest_to_the_newest(folder, bench):
    history = json.loads(folder("history", "runs", "--no-change-points", "--format", "json").stdout)
    assert [report["started"] for report in history["reports"]] == [f"2001-01-{i + 1:02}T00:00:00Z" for i in range(12)]
    timed = {(m["variant"], m["problem"]): m["timing"]["median_ns"] for m in bench.report["measurements"] if "timing" in m}
    assert len({(cell["variant"], cell["backend"]) for cell in history["cells"]}) == len(history["cells"])
    for cell in history["cells"]:
        segment, = cell["segments"]
        if "median_ns" in segment["points"][0]:
            first, last = segment["points"][0]["median_ns"], segment["points"][-1]["median_ns"]
            assert len(segment["points"]) == 12 and last / first == pytest.approx(1.5 * (1 + 2e-4))
    assert {cell["variant"] for cell in history["cells"]} >= {variant for variant, problem in timed}


def test_change_points_by_otava(folder):
    if not OTAVA.exists():
        pytest.skip(f"no {OTAVA.relative_to(SOURCE)}; ./dev test installs it")
    for cell in cells(folder("history", "runs", "--format", "json")):
        segment, = cell["segments"]
        if "median_ns" not in segment["points"][0]:
            continue
        change, = segment["changes"]
        assert change["point"] == 6 and change["after_ns"] / change["before_ns"] == pytest.approx(1.5, rel=1e-3)
        assert change["p"] < 0.001
    text = folder("history", "runs").stdout
    assert "Change points" in text and re.search(r"50\.0 % slower from here on", text)


def test_another_driver_begins_a_segment_in_which_changes_are_not_sought(folder):
    for path in (folder.folder / "runs").glob("*.json"):
        report = json.loads(path.read_text())
        if report["environment"]["started"] >= "2001-01-07":
            for device in report["devices"]:
                device["driver"] = "another"
            path.write_text(json.dumps(report))
    done = folder("history", "runs")
    assert "another driver: another, before " in done.stdout and "from here on:" not in done.stdout
    for cell in cells(folder("history", "runs", "--format", "json")):
        assert [len(segment["points"]) for segment in cell["segments"]] == [6, 6]
        assert not any(segment["changes"] for segment in cell["segments"])


def test_without_otava_one_line_says_how_to_get_it(folder):
    done = folder("history", "runs", env={"STELE_OTAVA": "/nowhere/otava"})
    said = " ".join(done.stdout.split())
    assert re.search(r"change points: Apache Otava, .* not installed: `./dev test` .* `pip install apache-otava==", said), said
    assert done.stderr == ""


def test_a_program_of_that_name_that_answers_nonsense(folder):
    (folder.folder / "bin").mkdir()
    for text, told in (("exit 3", "ended with 3"), ("echo hello", "not JSON"), ('echo \'{"other": []}\'', "'other'"),
                                      ("true", "answered for 0 of")):
        program = folder.folder / "bin" / "otava"
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
        done = folder("history", "runs", env={"STELE_OTAVA": str(program)})
        assert done.stderr.startswith("stele: Apache Otava") and told in done.stderr, done.stderr
        assert "2001-01-12 00:00:00" in done.stdout


def test_globs_narrow(folder, bench):
    every = cells(folder("history", "runs", "--no-change-points", "--format", "json"))
    variant = every[0]["variant"]
    one = cells(folder("history", "runs", variant.split("@")[0], "--no-change-points", "--format", "json"))
    assert one and {cell["variant"].split("@")[0] for cell in one} == {variant.split("@")[0]}
    assert "no variant of these reports matches 'gemm/nothing'" in folder("history", "runs", "gemm/nothing", code=5).stderr
    assert "no problem" in folder("history", "runs", "--problem", "m=0*", code=5).stderr


def test_every_format(folder):
    for form, start in (("console", "History\n"), ("markdown", "### History"), ("html", "<!DOCTYPE html>")):
        assert folder("history", "runs", "--no-change-points", "--format", form).stdout.lstrip("#* ").startswith(start.lstrip("#* "))


def test_foreign_and_damaged_files_are_told_and_nothing_is_lost(folder, bench):
    runs = folder.folder / "runs"
    (runs / "notes.txt").write_text("mine")
    (runs / "folder.json").mkdir()
    (runs / "list.json").write_text("[]")
    (runs / "cut.json").write_bytes(bench.path.read_bytes()[:-100])
    (runs / "google.json").write_text(json.dumps(bench.google))
    (runs / "copy.json").write_text((runs / "0.json").read_text())
    before = {path.name: path.stat().st_mtime_ns for path in runs.iterdir()}
    done = folder("history", "runs", "--no-change-points", "--format", "json")
    assert len(json.loads(done.stdout)["reports"]) == 12
    told = done.stderr.splitlines()
    assert len(told) == 5 and "notes.txt" not in done.stderr
    for name in ("cut.json", "folder.json", "google.json", "list.json"):
        assert sum(line.startswith("stele: left out: ") and name in line for line in told) == 1, done.stderr
    assert "counts once" in told[-1]
    assert {path.name: path.stat().st_mtime_ns for path in runs.iterdir()} == before


def test_nothing_to_show(stele, bench):
    (stele.folder / "empty").mkdir()
    assert "holds no report" in stele("history", "empty", code=5).stderr
    assert "gone: cannot be read as a folder" in stele("history", "gone", code=2).stderr
    (stele.folder / "file").write_text("")
    assert "file: cannot be read as a folder" in stele("history", "file", code=2).stderr
    none = copy.deepcopy(bench.report)
    none["measurements"] = []
    (stele.folder / "empty" / "none.json").write_text(json.dumps(none))
    assert "nothing was measured in the reports of empty" in stele("history", "empty", code=5).stderr


def test_a_full_disk_is_told(folder):
    with open("/dev/full", "w") as full:
        done = subprocess.run([folder.binary, "history", "runs", "--no-change-points"], cwd=folder.folder, stdout=full,
                              stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2 and done.stderr == "stele: cannot write to stdout: No space left on device\n"
