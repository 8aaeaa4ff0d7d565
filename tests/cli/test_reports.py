"""Reports: valid by the schema, drawn in every format, refused when they are not reports."""

import copy
import json

import jsonschema
import pytest
from conftest import GEMM, SOURCE

SCHEMA = json.loads((SOURCE / "results" / "schema.json").read_text())
RESULTS = sorted(path for path in (SOURCE / "results").rglob("*.json")
                 if not path.name.startswith("schema") and path.parts[-2] not in ("static", "tuning"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_the_report_is_valid(bench):
    VALIDATOR.check_schema(SCHEMA)
    VALIDATOR.validate(bench.report)
    assert bench.report["complete"] is True
    passed = [m for m in bench.report["measurements"] if m["verdict"]["outcome"] == "passed"]
    assert passed
    for cell in passed:
        timing = cell["timing"]
        assert min(timing["samples_ns"]) <= timing["median_ns"] <= max(timing["samples_ns"])
        assert cell["flops"] == 2 * 70 * 33 * 48
    assert set(bench.report["clocks"]) == {m["device"] for m in passed}


def test_reports_in_results_are_valid():
    old = jsonschema.Draft202012Validator(json.loads((SOURCE / "results" / "schema.v1.json").read_text()))
    for file in RESULTS:
        report = json.loads(file.read_text())
        (old if report["schema_version"] == 1 else VALIDATOR).validate(report)


@pytest.mark.parametrize("file", RESULTS, ids=lambda path: f"{path.parts[-2]}/{path.name}")
def test_reports_in_results_are_read(stele, file):
    """Those of an older version too, with all their times."""
    report = json.loads(file.read_text())
    tables = json.loads(stele("report", file, "--format", "json").stdout)
    read = sorted(cell["median_ns"] for problem in tables["problems"] for cell in problem["cells"] if "median_ns" in cell)
    assert read == sorted(m["timing"]["median_ns"] for m in report["measurements"] if "timing" in m)


def broken(report, change):
    report = copy.deepcopy(report)
    change(report, next(m for m in report["measurements"] if "timing" in m))
    return report


CHANGES = {
    "a time beside a wrong result": lambda r, m: m["verdict"].update(outcome="wrong", reason="x"),
    "a time without samples": lambda r, m: m["timing"].update(samples_ns=[]),
    "an unknown field": lambda r, m: m.update(speed=1),
    "a missing field": lambda r, m: m["verdict"].pop("rms"),
    "a string for a number": lambda r, m: m.update(flops="many"),
    "a negative time": lambda r, m: m["timing"]["samples_ns"].__setitem__(0, -1),
    "an unknown outcome": lambda r, m: m["verdict"].update(outcome="fine"),
    "an unknown device in a cell that passed": lambda r, m: m.update(device=""),
    "a time and the reason for none": lambda r, m: m.update(untimed={"reason": "x", "execution_ns": 1}),
    "another schema": lambda r, m: r.update(schema_version=3),
    "another format": lambda r, m: r.update(format="other"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_schema_and_reader_refuse_alike(stele, bench, name):
    report = broken(bench.report, CHANGES[name])
    assert not VALIDATOR.is_valid(report)
    (stele.folder / "broken.json").write_text(json.dumps(report))
    done = stele("report", "broken.json", code=2)
    assert done.stderr.startswith("stele: broken.json: ") and done.stdout == ""


def test_figures_that_do_not_follow_are_refused(stele, bench):
    """What a schema cannot say: the reader alone refuses it, with both values."""
    report = broken(bench.report, lambda r, m: m["timing"].update(median_ns=123))
    (stele.folder / "fast.json").write_text(json.dumps(report))
    done = stele("report", "fast.json", code=2)
    assert "median_ns is 123, and the samples' median is" in done.stderr and done.stdout == ""


def test_a_report_of_nothing(stele, bench):
    (stele.folder / "empty.json").write_text(json.dumps({**bench.report, "measurements": []}))
    done = stele("report", "empty.json", code=5)
    assert "nothing was measured" in done.stderr and done.stdout == ""
    assert stele("report", "empty.json", bench.path).stdout


def test_right_and_too_slow_to_be_timed(stele):
    devices = json.loads(stele("devices", "--json").stdout)["devices"]
    cpu = next((d["id"] for d in devices if d["is_cpu"] and "opencl" in d["languages"]), None)
    if cpu is None:
        pytest.skip("no OpenCL device on the CPU")
    # Four milliseconds are not enough for 2 GFLOP by plain loops.
    done = stele("bench", "gemm/naive.opencl", "--problem", "m=1024 n=1024 k=1024 f32", "--device", cpu, "--time", "0.001",
                 "--out", "slow.json")
    assert "passed, not timed: one execution took" in done.stdout and "1 passed" in done.stderr
    report = json.loads((stele.folder / "slow.json").read_text())
    VALIDATOR.validate(report)
    (cell,) = [m for m in report["measurements"] if m["device"] == cpu]
    assert cell["verdict"]["outcome"] == "passed" and "timing" not in cell
    assert cell["untimed"]["execution_ns"] > 4e6
    assert "passed, not timed" in stele("report", "slow.json").stdout


@pytest.mark.parametrize("length", [0, 1, 100, -2, -100])
def test_truncated(stele, bench, length):
    (stele.folder / "cut.json").write_text(bench.path.read_text()[:length])
    done = stele("report", "cut.json", code=2)
    assert "truncated" in done.stderr or "empty" in done.stderr


def test_not_a_report(stele, bench):
    files = {"text": "hello", "list": "[]", "binary": "\0\1", "google.json": json.dumps(bench.google),
             "nested": "[" * 200000}
    for name, text in files.items():
        (stele.folder / name).write_text(text)
        assert stele("report", name, code=2).stderr.startswith(f"stele: {name}: ")
    assert "cannot be opened" in stele("report", "nothing.json", code=2).stderr
    assert "a folder" in stele("report", ".", code=2).stderr
    (stele.folder / "bytes").write_bytes(b'{"format": "\xff\xfe"}')
    stele("report", "bytes", code=2)


def test_tables_as_json_are_no_report(stele, bench):
    (stele.folder / "tables.json").write_text(stele("report", bench.path, "--format", "json").stdout)
    assert "not a Stele report" in stele("report", "tables.json", code=2).stderr


def test_formats_agree(stele, bench):
    tables = json.loads(stele("report", bench.path, "--format", "json").stdout)
    console = stele("report", bench.path).stdout
    markdown = stele("report", bench.path, "--format", "markdown").stdout
    timed = {(m["variant"], m["device"]): m for m in bench.report["measurements"] if "timing" in m}
    seen = 0
    for problem in tables["problems"]:
        best = min(c["median_ns"] for c in problem["cells"] if "median_ns" in c)
        for cell in problem["cells"]:
            name = cell["variant"].split("/")[1]
            assert name in console
            assert name.replace("_", "\\_") in markdown
            if "median_ns" in cell:
                seen += 1
                measurement = timed[cell["variant"], cell["device"]]
                assert cell["median_ns"] == measurement["timing"]["median_ns"]
                assert cell["of_best"] == pytest.approx(best / cell["median_ns"])
                by_bandwidth = measurement["flops"] < 10 * measurement["bytes"]
                assert problem["rate_unit"] == ("bytes/s" if by_bandwidth else "FLOP/s")
                work = measurement["bytes"] if by_bandwidth else measurement["flops"]
                assert cell["rate"] == pytest.approx(work / cell["median_ns"] * 1e9)
    assert seen == len(timed)
    tables = [line for line in markdown.splitlines() if line.startswith("|")]
    assert tables and len({line.count("|") - line.count("\\|") for line in tables[:3]}) == 1


def test_two_reports_side_by_side(stele, bench):
    other = copy.deepcopy(bench.report)
    timed = [m for m in other["measurements"] if "timing" in m]
    gone = timed[0]["variant"]
    other["measurements"] = [m for m in other["measurements"] if m["variant"] != gone]
    other["complete"] = False
    (stele.folder / "other.json").write_text(json.dumps(other))
    text = stele("report", bench.path, "other.json").stdout
    assert "[1]" in text and "[2]" in text and "INCOMPLETE" in text
    assert "absent: not run in this report" in text
    for line in text.splitlines():
        assert len(line) <= 120, line


def test_ratios(stele, bench):
    timed = [m for m in bench.report["measurements"] if "timing" in m]
    first = timed[0]
    other = next(m for m in timed if m["device"] == first["device"] and m["variant"] != first["variant"])
    pair = f"{first['variant']}:{other['variant']}"
    text = stele("report", bench.path, "--ratio", pair).stdout
    assert "geometric mean of" in text and first["problem"] in text
    found = json.loads(stele("report", bench.path, "--ratio", pair, "--format", "json").stdout)["ratios"][0]
    assert len(found["summaries"]) == 1
    row = next(row for row in found["summaries"][0]["problems"] if row["problem"] == first["problem"])
    assert row["median"] == pytest.approx(other["timing"]["median_ns"] / first["timing"]["median_ns"])
    narrowed = stele("report", bench.path, "--ratio", pair, "--problem", first["problem"][:5] + "*", "--format", "json")
    assert row in json.loads(narrowed.stdout)["ratios"][0]["summaries"][0]["problems"]
    assert "no problem" in stele("report", bench.path, "--problem", "m=0*", code=5).stderr
    assert "no report has timed both" in stele("report", bench.path, "--ratio", "gemm/a:gemm/b", code=5).stdout
    assert "is not two variants" in stele("report", bench.path, "--ratio", "gemm/a", code=2).stderr


def test_a_file_named_twice_counts_once_and_other_conditions_apart(stele, bench):
    timed = [m for m in bench.report["measurements"] if "timing" in m]
    other = next(m for m in timed if m["device"] == timed[0]["device"] and m["variant"] != timed[0]["variant"])
    ratio = ["--ratio", f"{timed[0]['variant']}:{other['variant']}", "--format", "json"]
    (stele.folder / "copy.json").write_text(bench.path.read_text())
    warm = copy.deepcopy(bench.report)
    for cell in warm["measurements"]:
        cell["cache"] = "warm"
    (stele.folder / "warm.json").write_text(json.dumps(warm))
    done = stele("report", bench.path, bench.path, "copy.json", "warm.json", *ratio)
    assert done.stderr.count("counts once") == 2 and "copy.json is the same run as" in done.stderr
    summaries = json.loads(done.stdout)["ratios"][0]["summaries"]
    assert [one["cache"] for one in summaries] == ["cold", "warm"]
    assert [len(one["problems"][0]["ratios"]) for one in summaries] == [1, 1]
    text = " ".join(stele("report", bench.path, "warm.json", *ratio[:2]).stdout.split())
    assert "burst cold normal" in text and "burst warm normal" in text and text.count("geometric mean of") == 2


def test_wrong_cells_are_shown(stele, bench):
    report = copy.deepcopy(bench.report)
    cell = next(m for m in report["measurements"] if "timing" in m)
    del cell["timing"]
    cell["verdict"].update(outcome="wrong", reason="every element is zero", max_relative="nan")
    (stele.folder / "wrong.json").write_text(json.dumps(report))
    text = stele("report", "wrong.json").stdout
    assert "wrong: every element is zero" in text and "Not right" in text
    cells = json.loads(stele("report", "wrong.json", "--format", "json").stdout)["problems"][0]["cells"]
    assert [c for c in cells if c["outcome"] == "wrong" and "median_ns" not in c]
