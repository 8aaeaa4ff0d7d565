"""stele doctor: its checks, what it measures and keeps, and what bench makes of that."""

import json

import jsonschema
import pytest
from conftest import GEMM, SOURCE

SCHEMA = json.loads((SOURCE / "results" / "schema.json").read_text())
CHECKS = {"governor", "turbo", "load", "virtualisation", "threads", "quota", "heat", "caches", "clock source", "drivers", "steal"}


@pytest.fixture(scope="module")
def examined(tmp_path_factory, devices):
    """An examination in a folder of its own: the folder's stele, and what it said as JSON."""
    from conftest import Stele
    if "opencl:0" not in {device["id"] for device in devices["devices"]}:
        pytest.skip("no OpenCL device")
    stele = Stele(tmp_path_factory.mktemp("doctor"))
    return stele, stele.json("doctor", "--device", "opencl:0", "--budget", "1s", "--format", "json")


def test_the_checks_alone_measure_and_keep_nothing(stele):
    said = stele.json("doctor", "--checks", "--format", "json")
    assert said["format"] == "stele-examination"
    assert CHECKS <= {check["name"] for check in said["checks"]}
    assert any(check["name"].startswith("timer of ") for check in said["checks"])
    states = ["fine", "warn", "bad"]
    assert said["fitness"] == max((check["state"] for check in said["checks"]), key=states.index)
    for check in said["checks"]:
        assert check["seen"] and bool(check["advice"]) == (check["state"] != "fine"), check
    assert said["ceilings"] == {} and said["launches"] == []
    assert list(stele.folder.iterdir()) == []


def test_every_format_has_the_checks(stele):
    for name, mark in [("console", "Is this machine fit to measure?"), ("markdown", "| check |"), ("html", "<table")]:
        done = stele("doctor", "--checks", "--format", name)
        assert mark in done.stdout and "governor" in done.stdout


def test_ceilings_launches_and_floors(examined):
    stele, said = examined
    rates = {(ceiling["counted"], ceiling["dtype"]): ceiling["per_second"] for ceiling in said["ceilings"]["opencl:0"]}
    assert {("flops", "f32"), ("bytes", "u8"), ("bytes", "f32")} <= rates.keys()
    # A CPU of the last twenty years, and none of the next ten: orders of magnitude, which no load moves it out of.
    assert 1e8 < rates["flops", "f32"] < 1e15 and 1e7 < rates["bytes", "u8"] < 1e14
    handed = {launch["problem"].split()[-1]: launch["nanoseconds"] for launch in said["launches"]}
    assert handed.keys() == {"one_by_one", "queue"} and all(0 < ns < 1e9 for ns in handed.values())
    floors = said["noise_floors"]["opencl:0"]
    assert {floor["kind"] for floor in floors} == {"launch", "memory", "compute"}
    assert {1, 2, 3} <= {floor["rounds"] for floor in floors}
    for floor in floors:
        assert floor["pairs"] >= 3 and floor["floor"] >= 0 and 0 <= floor["false_alarms"] <= 1


def test_bench_carries_what_was_found(examined):
    stele, said = examined
    done = stele("bench", "gemm/tiled.opencl", "--device", "opencl:0", "--problem", GEMM, "--time", "0.02", "--out", "r.json")
    report = json.loads((stele.folder / "r.json").read_text())
    jsonschema.Draft202012Validator(SCHEMA).validate(report)
    assert report["noise_floors"] == said["noise_floors"]
    timing = report["measurements"][0]["timing"]
    assert timing["ceiling"] in said["ceilings"]["opencl:0"]
    assert 0 < timing["fraction_of_peak"]
    assert "of peak" in done.stdout and timing["ceiling"]["name"] in " ".join(done.stdout.split())
    assert "identical sides differ by up to" in " ".join(done.stdout.split())
    assert "of peak" in stele("report", "r.json").stdout


def test_an_unreadable_file_is_told_and_left_out(examined):
    stele, _ = examined
    (kept,) = (stele.folder / "results" / "doctor").glob("*.json")
    text = kept.read_text()
    kept.write_text(text.replace('"schema_version": 1', '"schema_version": 99'))
    try:
        done = stele("bench", "gemm/tiled.opencl", "--device", "opencl:0", "--problem", GEMM, "--time", "0.02", "--out", "s.json")
        assert "schema version 99" in done.stderr and "stele doctor renews it" in done.stderr
        assert "noise_floors" not in json.loads((stele.folder / "s.json").read_text())
    finally:
        kept.write_text(text)


def test_options_without_effect_are_refused(stele):
    for options in (["--quick", "--thorough"], ["--checks", "--thorough"], ["--checks", "--budget", "1s"], ["--budget", "soon"]):
        assert stele("doctor", *options, code=2).stderr
