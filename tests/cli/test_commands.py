"""Every command, used well."""

import json
import os
import re
import subprocess

import pytest
from conftest import BINARY, GEMM, SOURCE


def test_help_and_version(stele):
    assert "Exit codes" in stele("--help").stdout
    for command in ("devices", "list", "verify", "bench", "tune", "run", "report", "explain"):
        assert stele(command, "--help").stdout.startswith(f"stele {command}\n")
    assert re.match(r"stele \d+\.\d+\.\d+ \(([0-9a-f]{12,}(-dirty)?|unknown)\)", stele("--version").stdout)


def test_devices(stele, devices):
    text = stele("devices").stdout
    assert devices["devices"], "no backend found any device"
    for device in devices["devices"]:
        assert device["id"] in text and device["name"] in text
        assert device["languages"]
    for backend in devices["absent"]:
        assert backend["why"]
        assert f"{backend['name']}: no device: " in text
    assert {d["backend"] for d in devices["devices"]} | {b["name"] for b in devices["absent"]} >= {"cuda", "opencl", "host"}


def test_probes_of_opencls_compiler_are_one_line_each(stele, devices):
    asked = [d for d in devices["devices"] if d["backend"] == "opencl"]
    if not asked:
        pytest.skip("no OpenCL device")
    for name in ("mma", "wgmma", "target", "extensions"):
        lines = stele("devices", "--probe", name).stdout.splitlines()
        assert len(lines) == len(asked)
        for line, device in zip(lines, asked):
            assert line.startswith(f"{device['id']} {name}: ")
            if "NVIDIA" in device["vendor"]:
                continue
            expected = {"target": "its program binary is no PTX", "extensions": device["features"][0]}
            assert expected.get(name, "takes no NVIDIA PTX") in line


def test_pocls_threads_are_pinned_unless_told(stele, timed):
    variant = next((variant for variant, device in timed if device.startswith("opencl")), None)
    if variant is None:
        pytest.skip("no OpenCL device")
    bench = ("bench", variant, "--device", "opencl:0", "--problem", "m=8 n=8 k=8 f32", "--time", "0.01", "--out", "x.json")
    whole_machine = len(os.sched_getaffinity(0)) == os.cpu_count()
    free = {name: value for name, value in os.environ.items() if not name.startswith("POCL_")}
    for told, pinned in (({}, "1" if whole_machine else None), ({"POCL_AFFINITY": "0"}, "0"),
                         ({"POCL_MAX_PTHREAD_COUNT": "1"}, None)):
        done = subprocess.run([BINARY, *bench], cwd=stele.folder, env={**free, **told}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        variables = json.loads((stele.folder / "x.json").read_text())["environment"]["variables"]
        assert variables.get("POCL_AFFINITY") == pinned, told


def test_list(stele, variants):
    text = stele("list").stdout
    assert {v["operation"] for v in variants} == {"gemm", "attention", "sparse_attention", "ceiling"}
    assert {v["language"] for v in variants} >= {"cuda", "ptx", "opencl", "vendor"}
    for variant in variants:
        assert variant["id"] in text
        assert variant["devices"] or variant["why_none"]
        for answer in variant["devices"]:
            assert answer["supported"] == answer["asked"] or answer["why_not"]
    ids = [v["id"] for v in variants]
    assert len(ids) == len(set(ids))


def test_list_globs(stele, variants):
    def ids(glob):
        return {v["id"] for v in stele.json("list", glob, "--json")}

    assert ids("gemm") == {v["id"] for v in variants if v["operation"] == "gemm"}
    assert ids("*.opencl") == {v["id"] for v in variants if v["language"] == "opencl"}
    one = next(v for v in variants if v["tile"])
    assert ids(one["id"]) == {one["id"]}


def test_verify(stele, runnable):
    text = stele("verify", "gemm", "--problem", GEMM, "--problem", "m=1 n=1 k=1 f32").stdout
    for variant, device in runnable:
        if "@" not in variant and "/hopper/" not in variant:  # which takes no f32
            assert re.search(rf"{re.escape(variant)} +{device} +2 +0 +0 ", text), text
    assert re.search(r"^\d+ passed", text, re.M)
    assert GEMM in stele("verify", "gemm", "--problem", GEMM, "--verbose").stdout


def test_bench_prints_the_comparison(bench, timed):
    text = bench.done.stdout
    assert GEMM in text and "of vendor" in text
    assert f"report: {bench.path}" in text
    assert re.search(r"stele: \d+ passed.* in ", bench.done.stderr)
    assert "\r" not in bench.done.stderr, "a progress line although stderr is no terminal"
    measured = {(m["variant"], m["device"]) for m in bench.report["measurements"] if m["verdict"]["outcome"] == "passed"}
    assert measured
    for variant, device in measured:
        assert variant.split("/")[1] in text and device in text
    assert measured <= set(timed)


def test_bench_tells_why_the_rest_did_not_run(bench, variants):
    seen = {m["variant"] for m in bench.report["measurements"]}
    assert seen == {v["id"] for v in variants if v["operation"] == "gemm" and v["default_tile"]}
    for cell in bench.report["measurements"]:
        assert ("timing" in cell) == (cell["verdict"]["outcome"] == "passed")
        if cell["verdict"]["outcome"] != "passed":
            assert cell["verdict"]["reason"]
            assert cell["verdict"]["reason"].split()[0] in bench.done.stdout


def test_bench_keeps_what_was_asked(stele):
    stele("bench", "gemm", "--problem", GEMM, "--time", "0.01", "--out", "r.json", "--cache", "warm", "--fill", "zeros",
          "--seed", "18446744073709551615", "--device", "host:*", "--device", "opencl", code=None)
    report = json.loads((stele.folder / "r.json").read_text())
    assert {(m["cache"], m["fill"], m["seed"]) for m in report["measurements"]} == {("warm", "zeros", 2**64 - 1)}
    assert report["environment"]["command_line"][0] == "bench"
    assert "" not in {m["device"] for m in report["measurements"]}


def test_bench_files_by_hardware(stele, bench):
    stele("bench", "gemm", "--problem", GEMM, "--time", "0.01")
    stele("bench", "gemm", "--problem", GEMM, "--time", "0.01")
    files = sorted(path.relative_to(stele.folder).as_posix() for path in stele.folder.rglob("*.json"))
    revision = bench.report["environment"]["revision"]
    assert len(files) >= 2 and len(files) % 2 == 0, files
    for file in files:
        assert re.fullmatch(rf"results/[a-z0-9-]+/\d{{4}}-\d\d-\d\d-{re.escape(revision)}(-2)?\.json", file), file
    assert [p for p in stele.folder.rglob("*") if p.name.startswith(".")] == [], "a temporary file was left"


def test_two_benches_at_once_write_two_reports(stele, timed):
    variant, device = timed[0]
    runs = [subprocess.Popen([BINARY, "bench", variant, "--device", device, "--problem", GEMM, "--time", "0.2"],
                             cwd=stele.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for _ in range(3)]
    for run in runs:
        said, _ = run.communicate(timeout=240)
        assert run.returncode == 0, said
    assert len(list(stele.folder.rglob("*.json"))) == len(runs)


def test_google_benchmark_reads_it_too(bench):
    assert {"context", "benchmarks"} <= set(bench.google)
    names = " ".join(b["name"] for b in bench.google["benchmarks"])
    for cell in bench.report["measurements"]:
        if "timing" in cell:
            assert cell["variant"] in names, cell["variant"]
    for row in bench.google["benchmarks"]:
        assert row["real_time"] > 0


def test_profile_times_nothing(stele, timed):
    variant, device = timed[0]
    done = stele("bench", variant, "--device", device, "--problem", GEMM, "--profile")
    assert "1 passed" in done.stderr
    assert list(stele.folder.iterdir()) == []


def test_console_fits_120_columns(stele, bench):
    for text in (bench.done.stdout, stele("devices").stdout, stele("list").stdout, stele("bench", "--help").stdout,
                 stele("--help").stdout):
        for line in text.splitlines():
            assert len(line) <= 120, line
