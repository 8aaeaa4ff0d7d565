"""What `stele export` writes, fed to its real reader where Debian or PyPI has one, and else held to its published schema."""

import copy
import csv
import json
import re
import subprocess
import sys

import jsonschema
import pytest
from conftest import SOURCE

TRACKING = SOURCE / ".deps" / "tracking" / "bin"

# https://bencher.dev/docs/reference/bencher-metric-format, section "JSON Schema", with Bencher's limit of a name's length.
BENCHER = {
    "type": "object", "minProperties": 1, "propertyNames": {"minLength": 1, "maxLength": 1024},
    "additionalProperties": {
        "type": "object", "minProperties": 1, "propertyNames": {"minLength": 1, "maxLength": 64},
        "additionalProperties": {
            "type": "object", "required": ["value"], "additionalProperties": False,
            "properties": {name: {"type": "number"} for name in ("value", "lower_value", "upper_value")}}}}

# https://github.com/benchmark-action/github-action-benchmark, README, section "Examples": what customSmallerIsBetter reads.
GITHUB_ACTION = {
    "type": "array", "minItems": 1,
    "items": {"type": "object", "required": ["name", "unit", "value"], "additionalProperties": False,
              "properties": {"name": {"type": "string", "minLength": 1}, "unit": {"type": "string"},
                             "value": {"type": "number"}, "range": {"type": "string"}, "extra": {"type": "string"}}}}


def tool(name):
    path = TRACKING / name
    if not path.exists():
        pytest.skip(f"no {path.relative_to(SOURCE)}; ./dev test installs it")
    return path


def timed(report):
    return {f"{m['variant']}/{m['problem']}/{m['device']}": m["timing"] for m in report["measurements"] if "timing" in m}


def slower(report, factor):
    """The same run, all of its times multiplied."""
    report = copy.deepcopy(report)
    report["environment"]["started"] = "2099-01-01T00:00:00Z"
    for cell in report["measurements"]:
        if timing := cell.get("timing"):
            timing["samples_ns"] = [factor * ns for ns in timing["samples_ns"]]
            for figure in ("median_ns", "low_ns", "high_ns"):
                timing[figure] *= factor
    return report


@pytest.fixture
def two(stele, bench):
    """The folder with a run, and with one that took half as long again."""
    (stele.folder / "a.json").write_text(bench.path.read_text())
    (stele.folder / "b.json").write_text(json.dumps(slower(bench.report, 1.5)))
    return stele


def test_bencher(stele, bench):
    benchmarks = json.loads(stele("export", bench.path, "--to", "bencher").stdout)
    jsonschema.validate(benchmarks, BENCHER)
    times = timed(bench.report)
    assert set(benchmarks) == set(times)
    for name, measures in benchmarks.items():
        assert measures["latency"] == {"value": times[name]["median_ns"], "lower_value": times[name]["low_ns"],
                                       "upper_value": times[name]["high_ns"]}


def test_github_action(stele, bench):
    entries = json.loads(stele("export", bench.path, "--to", "github-action").stdout)
    jsonschema.validate(entries, GITHUB_ACTION)
    assert {e["name"]: e["value"] for e in entries} == {name: t["median_ns"] for name, t in timed(bench.report).items()}


def test_google_benchmark_as_bench_itself_writes_it(stele, bench):
    stele("export", bench.path, "--to", "google-benchmark", "--out", "out/g.json")
    exported = json.loads((stele.folder / "out/g.json").read_text())

    def times(written):
        return [(run["name"], run["run_type"], run.get("real_time"), run.get("error_message")) for run in written["benchmarks"]]

    assert times(exported) == times(bench.google)


def test_junit_is_read_by_junitparser(stele, bench):
    junitparser = pytest.importorskip("junitparser", reason="install python3-junitparser")
    report = copy.deepcopy(bench.report)
    cell = next(m for m in report["measurements"] if "timing" in m)
    del cell["timing"]
    cell["verdict"].update(outcome="wrong", reason="every <element> of \"C\" is zero\x07")
    (stele.folder / "r.json").write_text(json.dumps(report))
    stele("export", "r.json", bench.path, "--to", "junit", "--out", "r.xml")
    suites = list(junitparser.JUnitXml.fromfile(str(stele.folder / "r.xml")))
    assert [suite.name for suite in suites] == ["r.json", str(bench.path)]
    assert [(suite.tests, suite.failures) for suite in suites] == [(len(report["measurements"]), 1), (len(report["measurements"]), 0)]
    found = {case.name: case.result for case in suites[0]}
    failure, = found[f"{cell['variant']}/{cell['problem']}/{cell['device']}"]
    assert failure.type == "wrong" and failure.message == 'every <element> of "C" is zero\\x07'
    skipped = [m["verdict"]["reason"] for m in report["measurements"] if m["verdict"]["outcome"] == "skipped"]
    assert sorted(r.message for results in found.values() for r in results if isinstance(r, junitparser.Skipped)) == sorted(skipped)


def test_csv_is_read_back(two):
    text = two("export", "a.json", "b.json", "--to", "csv").stdout
    rows = list(csv.DictReader(text.splitlines()))
    for name, factor in (("a.json", 1), ("b.json", 1.5)):
        own = [row for row in rows if row["report"] == name]
        report = json.loads((two.folder / name).read_text())
        assert len(own) == len(report["measurements"])
        for row, cell in zip(own, report["measurements"]):
            assert (row["variant"], row["outcome"], row["reason"]) == (cell["variant"], cell["verdict"]["outcome"], cell["verdict"]["reason"])
            assert row["median_ns"] == "" or float(row["median_ns"]) == cell["timing"]["median_ns"]


@pytest.mark.parametrize("script", ["nvbench-compare-legacy", "nvbench-compare-robust"])
def test_nvbench_compares_two_runs(stele, script):
    """PyPI's cuda-bench has the scripts. The second run took ten times as long, at one clock. Below five samples it judges nothing: time
    for many of them."""
    script = tool(script)
    stele("bench", "gemm/naive.opencl", "gemm/panel.opencl", "--problem", "m=16 n=16 k=16 f32", "--time", "0.5", "--no-tuning", "--out", "run.json")
    report = json.loads((stele.folder / "run.json").read_text())
    assert min(len(timing["samples_ns"]) for timing in timed(report).values()) >= 5
    for timing in timed(report).values():
        timing["clock"] = [{"sm_mhz": 1980, "throttle_reasons": []}] * len(timing["samples_ns"])
    for name, run in (("a", report), ("b", slower(report, 10))):
        (stele.folder / f"{name}.json").write_text(json.dumps(run))
        stele("export", f"{name}.json", "--to", "nvbench", "--out", f"{name}.nvbench.json")
    done = subprocess.run([script, "--no-color", "a.nvbench.json", "b.nvbench.json"], cwd=stele.folder, capture_output=True, text=True)
    assert "Traceback" not in done.stderr, done.stderr  # the exit code counts what differs
    for cell in (m for m in report["measurements"] if "timing" in m):
        assert f"# {cell['variant']}/{cell['device']}\n" in done.stdout
    # Which of the cells it judges depends on their spread.
    assert "SLOW" in done.stdout and "FAST" not in done.stdout, done.stdout


def test_otava_reads_its_folder(stele, bench):
    otava = tool("otava")
    files = []
    for i in range(12):
        report = slower(bench.report, (1 if i < 6 else 1.5) * (1 + i % 3 * 1e-4))
        report["environment"]["started"] = f"2001-01-{i + 1:02}T00:00:00Z"
        files.append(f"r{i:02}.json")
        (stele.folder / files[-1]).write_text(json.dumps(report))
    stele("export", *files[::-1], "--to", "otava", "--out", "otava")
    done = subprocess.run([otava, "analyze", "--config-file", "otava/otava.yaml", "--output", "json", "--since", "1970-01-01", "stele"],
                          cwd=stele.folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    answers = {name: groups for line in done.stdout.splitlines() for name, groups in json.loads(line).items()}
    assert len(answers) == len(timed(bench.report))
    for name, groups in answers.items():
        change, = [change for group in groups for change in group["changes"]]
        assert (change["index"], change["forward_change_percent"]) == (6, "50"), name


def test_an_otava_folder_is_renewed_and_nothing_else_is_lost(two):
    two("export", "a.json", "--to", "otava", "--out", "here")
    two("export", "a.json", "b.json", "--to", "otava", "--out", "here")
    first = (two.folder / "here/1.csv").read_text()
    assert len(first.splitlines()) == 3
    (two.folder / "here/notes.txt").write_text("mine")
    assert "holds notes.txt" in two("export", "a.json", "--to", "otava", "--out", "here", code=2).stderr
    assert (two.folder / "here/1.csv").read_text() == first and (two.folder / "here/notes.txt").exists()


def test_the_list_is_what_to_takes(stele, bench):
    listed = re.findall(r"^- `([a-z-]+)`: ", stele("export", "--list").stdout, flags=re.M)
    assert "otava" in listed and len(listed) == len(set(listed))
    refused = stele("export", bench.path, "--to", "prometheus", code=2).stderr
    assert f"'prometheus' is not one of {', '.join(listed)}" in refused


def test_wrong_usage(two):
    for words, said in (([], "no report is named"), (["a.json"], "--to is missing: one of google-benchmark"),
                        (["a.json", "--to", "otava"], "writes a folder; name it by --out"),
                        (["a.json", "b.json", "--to", "bencher"], "takes one report, and 2 were named"),
                        (["--list", "--to", "csv"], "--to has no effect beside --list"),
                        (["gone.json", "--to", "csv"], "gone.json: cannot be opened")):
        done = two("export", *words, code=2)
        assert said in done.stderr and done.stdout == "" and done.stderr.count("\n") == 1


def test_nothing_to_write(stele, bench):
    report = copy.deepcopy(bench.report)
    report["measurements"] = [m for m in report["measurements"] if "timing" not in m]
    assert report["measurements"], "something is always skipped here"
    (stele.folder / "none.json").write_text(json.dumps(report))
    for name in ("google-benchmark", "github-action", "bencher", "nvbench", "otava"):
        done = stele("export", "none.json", "--to", name, "--out", "out", code=5)
        assert "--to csv tells why not" in done.stderr and not (stele.folder / "out").exists()
    for name in ("junit", "csv"):
        assert report["measurements"][0]["verdict"]["reason"][:20] in stele("export", "none.json", "--to", name).stdout


def test_a_report_cut_anywhere_is_one_message(stele, bench):
    text = bench.path.read_bytes()
    before = stele("export", bench.path, "--to", "csv", "--out", "kept.csv")
    kept = (stele.folder / "kept.csv").read_text()
    for length in [0, 1, *range(len(text) // 7, len(text) - 2, len(text) // 7), len(text) - 2]:
        (stele.folder / "cut.json").write_bytes(text[:length])
        done = stele("export", "cut.json", "--to", "csv", "--out", "kept.csv", code=2)
        assert done.stderr.startswith("stele: cut.json: ") and done.stderr.count("\n") == 1, done.stderr
        assert (stele.folder / "kept.csv").read_text() == kept


def test_a_full_disk_is_told_and_nothing_is_lost(stele, bench):
    done = stele("export", bench.path, "--to", "csv", "--out", "/dev/full", code=2)
    assert "No space left" in done.stderr and done.stderr.count("\n") == 1
    with open("/dev/full", "w") as full:
        done = subprocess.run([stele.binary, "export", bench.path, "--to", "csv"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2 and "No space left" in done.stderr


def test_two_writers_of_one_file(stele, bench):
    """Whoever is last has it; nobody sees a part of it."""
    expected = stele("export", bench.path, "--to", "csv").stdout
    words = [stele.binary, "export", bench.path, "--to", "csv", "--out", "shared.csv"]
    writers = [subprocess.Popen(words, cwd=stele.folder) for _ in range(4)]
    assert [writer.wait() for writer in writers] == [0] * 4
    assert (stele.folder / "shared.csv").read_text() == expected
    assert [path.name for path in stele.folder.iterdir()] == ["shared.csv"]
