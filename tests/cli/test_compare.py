"""Two sides, one verdict: exit codes, what is refused, what is shown, and that nothing else is taken for a report."""

import copy
import json
import os
import random
import signal
import stat
import subprocess
import time
from math import comb
from xml.etree import ElementTree

import jsonschema
import pytest
from conftest import GEMM, SOURCE

VALIDATOR = jsonschema.Draft202012Validator(json.loads((SOURCE / "results" / "schema.compare.json").read_text()))


def median(values):
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def with_rounds(report, rounds, factor=1.0, spread=0.001, seed=1):
    """The report as if each of its cells had been timed by so many processes, five samples each."""
    draw = random.Random(seed)
    report = copy.deepcopy(report)
    for timing in (m["timing"] for m in report["measurements"] if "timing" in m):
        centre = timing["median_ns"] * factor
        timing["samples_ns"], timing["round"] = [], []
        for number in range(rounds):
            speed = draw.gauss(1, spread)
            timing["samples_ns"] += [centre * speed * draw.gauss(1, spread) for _ in range(5)]
            timing["round"] += [number] * 5
        timing.update(rounds=rounds, passes=5, clock=[], floor_ns=0)
        timing["pass"] = [i % 5 for i in range(5 * rounds)]
        derive(timing)
    return report


def derive(timing):
    """Median and interval as the reader computes them again."""
    ordered, count = sorted(timing["samples_ns"]), len(timing["samples_ns"])
    covers = [1 - 2 * sum(comb(count, j) for j in range(skip + 1)) / 2 ** count for skip in range((count + 1) // 2)]
    skip = max((i for i, coverage in enumerate(covers) if coverage >= 0.95), default=0)
    timing.update(median_ns=median(ordered), low_ns=ordered[skip], high_ns=ordered[-1 - skip], coverage=covers[skip])


@pytest.fixture
def sides(stele, bench):
    """Writes reports of one machine, and gives their names."""
    def write(name, **how):
        (stele.folder / name).write_text(json.dumps(with_rounds(bench.report, **how)))
        return name
    return write


@pytest.fixture
def timed_cells(bench):
    return [m for m in bench.report["measurements"] if "timing" in m]


def valid(done):
    found = json.loads(done.stdout)
    VALIDATOR.validate(found)
    return found


def test_the_schema_is_one():
    VALIDATOR.check_schema(VALIDATOR.schema)


def test_equal_sides(stele, sides, timed_cells):
    base, new = sides("base.json", rounds=10, seed=1), sides("new.json", rounds=10, seed=2)
    text = stele("compare", base, new).stdout
    assert text.startswith("NOTHING WORSE") and "REGRESSION" not in text
    found = valid(stele("compare", base, new, "--format", "json"))
    assert len(found["cells"]) == len(timed_cells) == found["counts"]["SAME"]
    assert found["least_sign_flip_p"] == 2 ** -9
    assert found["correction"] == "Benjamini-Hochberg"
    assert valid(stele("compare", base, new, "--gate", "--format", "json"))["correction"] == "Holm"


def test_a_regression_and_an_improvement(stele, sides):
    base, slow = sides("base.json", rounds=10, seed=1), sides("slow.json", rounds=10, factor=1.05, seed=2)
    done = stele("compare", base, slow, code=1)
    assert done.stdout.startswith("REGRESSION: ")
    found = valid(stele("compare", base, slow, "--format", "json", code=1))
    for cell in found["cells"]:
        assert cell["finding"] == "REGRESSION" and cell["ratio"] == pytest.approx(1.05, abs=0.01)
        assert cell["low"] < cell["ratio"] < cell["high"] and cell["adjusted_p"] >= cell["p"]
    assert stele("compare", slow, base).stdout.startswith("NOTHING WORSE")
    assert valid(stele("compare", slow, base, "--format", "json"))["counts"]["IMPROVED"] == len(found["cells"])
    wide = valid(stele("compare", base, slow, "--margin", "10%", "--format", "json"))
    assert wide["margin"] == {"asked": 0.1} and wide["counts"]["SAME"] == len(found["cells"])
    floor = valid(stele("compare", base, slow, "--floor", "10", "--format", "json"))
    assert floor["margin"] == {"asked": 0.02, "floor": 0.1} and {cell["margin"] for cell in floor["cells"]} == {0.1}


def test_one_round_is_inconclusive(stele, bench, sides):
    stele("compare", bench.path, bench.path)
    one, other = sides("one.json", rounds=1), sides("other.json", rounds=1, factor=2)
    text = stele("compare", one, other, "--strict", code=3).stdout
    assert "INCONCLUSIVE" in text and "rounds a side would" in " ".join(text.split())
    assert "low" not in valid(stele("compare", one, other, "--format", "json"))["cells"][0]


def test_several_reports_of_a_side_are_rounds(stele, sides):
    for number in range(6):
        sides(f"base{number}.json", rounds=1, seed=10 + number)
        sides(f"new{number}.json", rounds=1, seed=20 + number, factor=1.1)
    bases, news = ([f"{side}{number}.json" for number in range(6)] for side in ("base", "new"))
    found = valid(stele("compare", *bases, "vs", *news, "--format", "json", code=1))
    assert {cell["pairs"] for cell in found["cells"]} == {6}
    for side in ("base", "new"):
        (stele.folder / side).mkdir()
        for number in range(6):
            (stele.folder / f"{side}{number}.json").rename(stele.folder / side / f"{number}.json")
    assert valid(stele("compare", "base", "new", "--format", "json", code=1))["cells"] == found["cells"]


def changed(stele, bench, name, change, **how):
    report = with_rounds(bench.report, **how)
    change(report)
    (stele.folder / name).write_text(json.dumps(report))
    return name


def test_wrong_results_come_before_times(stele, bench, sides, timed_cells):
    def breaks(report):
        cell = next(m for m in report["measurements"] if "timing" in m)
        del cell["timing"]
        cell["verdict"].update(outcome="wrong", reason="every element is zero")
    base = sides("base.json", rounds=6)
    broken = changed(stele, bench, "broken.json", breaks, rounds=6, factor=1.2, seed=2)
    done = stele("compare", base, broken, code=4)
    assert done.stdout.startswith("BROKEN") and "every element is zero" in " ".join(done.stdout.split())
    found = valid(stele("compare", base, broken, "--format", "json", code=4))
    assert found["counts"]["broken"] == 1 and len(found["cells"]) == len(timed_cells) - 1
    assert valid(stele("compare", broken, base, "--format", "json"))["without_time"][0]["mended"]


def test_what_is_not_comparable_is_refused(stele, bench, sides, timed_cells):
    def warm(report):
        for cell in report["measurements"]:
            cell["cache"] = "warm"
    base, other = sides("base.json", rounds=6), changed(stele, bench, "warm.json", warm, rounds=6, seed=2)
    done = stele("compare", base, other, code=5)
    assert done.stdout.startswith("NOTHING COMPARED")
    assert "other cache (cold; warm)" in " ".join(done.stdout.split())
    assert len(valid(stele("compare", base, other, "--format", "json", code=5))["refused"]) == len(timed_cells)
    allowed = stele("compare", base, other, "--allow", "cache", "--all")
    assert "other cache (cold; warm), let pass" in " ".join(allowed.stdout.split())
    assert "is not one of" in stele("compare", base, other, "--allow", "everything", code=2).stderr


def test_cells_of_one_side_are_counted(stele, bench, sides, timed_cells):
    gone = timed_cells[0]["variant"]
    def without(report):
        report["measurements"] = [m for m in report["measurements"] if m["variant"] != gone]
    base, fewer = sides("base.json", rounds=6), changed(stele, bench, "fewer.json", without, rounds=6, seed=2)
    text = stele("compare", base, fewer).stdout
    assert "only in base; --all lists them" in text and gone not in text
    assert gone in stele("compare", base, fewer, "--all").stdout


def test_by_language(stele, bench, sides):
    report = sides("report.json", rounds=8)
    values = sorted({m["language"] for m in bench.report["measurements"] if "timing" in m})
    if len(values) < 2:
        stele("compare", report, "--by", "language", code=5)
        return
    done = stele("compare", report, "--by", "language", "--reference", values[-1], "--format", "json", code=None)
    assert done.returncode in (0, 1, 5)
    found = valid(done)
    assert f"base: {values[-1]}" in found["sides"][1]
    assert "not one of" in stele("compare", report, "--by", "language", "--reference", "fortran", code=2).stderr


def test_by_revision_and_algorithm(stele, bench, sides):
    def later(report):
        report["environment"].update(revision="later", started="2099-01-01T00:00:00Z")
    base, new = sides("base.json", rounds=6), changed(stele, bench, "later.json", later, rounds=6, seed=2, factor=1.1)
    found = valid(stele("compare", new, base, "--by", "revision", "--format", "json", code=1))
    assert {cell["other"]["side"] for cell in found["cells"]} == {"later"}
    assert {cell["finding"] for cell in found["cells"]} == {"REGRESSION"}
    by_algorithm = stele("compare", base, "--by", "algorithm", "--format", "json", code=None)
    assert by_algorithm.returncode in (0, 1) and valid(by_algorithm)["cells"]


def test_formats_tell_the_same(stele, sides):
    base, slow = sides("base.json", rounds=6), sides("slow.json", rounds=6, factor=1.1, seed=2)
    summary = valid(stele("compare", base, slow, "--format", "json", code=1))["summary"]
    markdown = stele("compare", base, slow, "--format", "markdown", code=1).stdout
    assert stele("compare", base, slow, "--format", "md", code=1).stdout == markdown
    html = stele("compare", base, slow, "--format", "html", code=1).stdout
    assert markdown.splitlines()[0] == summary and summary in html
    for line in stele("compare", base, slow, "--all", code=1).stdout.splitlines():
        assert len(line) <= 120, line


def test_bad_input(stele, bench, sides):
    base = sides("base.json", rounds=2)
    (stele.folder / "empty").mkdir()
    for words in ([base], [base, base, base], [base, "vs"], ["vs", base], [base, "vs", base, "vs", base], [base, "nothing.json"],
                  [base, "empty"], [base, base, "--margin", "-1"], [base, base, "--min-time", "10"],
                  [base, base, "--reference", "cuda"], [base, base, "--by", "colour"]):
        assert stele("compare", *words, code=2).stderr.startswith("stele: "), words


def test_cut_anywhere_or_changed_it_is_refused_in_one_message(stele, bench, sides):
    """One clear message, whatever a report has become; never a crash, never half a result."""
    base = sides("base.json", rounds=2)
    text = (stele.folder / base).read_text()
    draw = random.Random(3)
    for number in range(40):
        if number % 2:
            broken = text[:draw.randrange(len(text))]
        else:
            at = draw.randrange(len(text))
            broken = text[:at] + draw.choice('{}[]",:0-x\x00') + text[at + draw.randrange(1, 9):]
        (stele.folder / "broken.json").write_text(broken)
        done = stele("compare", base, "broken.json", code=None)
        if done.returncode == 2:
            assert done.stderr.startswith("stele: broken.json: ") and done.stdout == ""
        else:
            # A changed letter of a name may leave a report that is one.
            assert done.returncode in (0, 1, 4, 5) and number % 2 == 0, done.stderr


def test_a_comment_has_room_for_any_comparison(stele, bench, sides, timed_cells):
    def many(report):
        cell = next(m for m in report["measurements"] if "timing" in m)
        cells = [{**copy.deepcopy(cell), "variant": f"{cell['variant'].split('@')[0]}@{number}x1"} for number in range(1500)]
        report["measurements"] = cells
    base = changed(stele, bench, "many.json", many, rounds=2)
    slow = changed(stele, bench, "slower.json", many, rounds=2, factor=3, seed=2)
    text = stele("compare", base, slow, "--margin", "1", "--all", "--format", "md", code=None).stdout
    assert len(text.encode()) <= 60000
    assert "1500 cells" in text.splitlines()[0] and "rows more; --format json has them" in text


def test_junit(stele, bench, sides, timed_cells):
    def breaks(report):
        cell = next(m for m in report["measurements"] if "timing" in m)
        del cell["timing"]
        cell["verdict"].update(outcome="wrong", reason='"every" element < 1 & zero')
    base = sides("base.json", rounds=6)
    broken = changed(stele, bench, "broken.json", breaks, rounds=6, factor=1.2, seed=2)
    suite = ElementTree.fromstring(stele("compare", base, broken, "--format", "junit", code=4).stdout)
    assert int(suite.get("tests")) == len(suite.findall("testcase")) == len(timed_cells)
    assert int(suite.get("errors")) == 1 and int(suite.get("failures")) == len(timed_cells) - 1
    assert suite.find("testcase/error").get("message") == '"every" element < 1 & zero'
    fine = ElementTree.fromstring(stele("compare", base, sides("new.json", rounds=6, seed=3), "--format", "junit").stdout)
    assert not fine.findall("testcase/failure") and len(fine.findall("testcase")) == len(timed_cells)


BINARIES = ["--problem", GEMM, "--time", "0.005", "--rounds", "2", "--no-tuning"]


@pytest.fixture
def cpu_cell(timed, devices):
    """A variant and a device on which it is timed soon."""
    cpus = {device["id"] for device in devices["devices"] if device["is_cpu"]}
    return next(pair for pair in timed if pair[1] in cpus)


def test_two_binaries(stele, cpu_cell):
    """One binary on both sides: whatever two rounds say, they were measured in turn and are kept where asked."""
    variant, device = cpu_cell
    done = stele("compare", "--binary", stele.binary, "--binary", stele.binary, variant, "--device", device, *BINARIES,
                 "--margin", "90", "--out", "kept", "--format", "json")
    (cell,) = valid(done)["cells"]
    assert cell["pairs"] == 2 and cell["base"]["variant"].startswith(variant.split("@")[0])
    reports = {side: [json.loads(path.read_text()) for path in sorted((stele.folder / "kept" / side).glob("*.json"))]
               for side in ("base", "new")}
    seeds = {side: [report["measurements"][0]["seed"] for report in reports[side]] for side in reports}
    assert seeds["base"] == seeds["new"] == [1, 2]
    written = {path.relative_to(stele.folder / "kept").as_posix(): path.stat().st_mtime_ns
               for path in (stele.folder / "kept").glob("*/*.json")}
    assert sorted(written, key=written.get) == ["base/0001.json", "new/0001.json", "new/0002.json", "base/0002.json"]
    again = valid(stele("compare", "kept/base", "kept/new", "--margin", "90", "--format", "json"))
    assert again["cells"] == [cell]
    assert "not an empty folder" in stele("compare", "--binary", stele.binary, "--binary", stele.binary, variant, *BINARIES,
                                          "--out", "kept", code=2).stderr


def slow_binary(folder, real):
    """A binary whose reports say three times as long: what it runs is the real one."""
    script = folder / "slow"
    script.write_text(f"""#!/usr/bin/env python3
import json, subprocess, sys
code = subprocess.run(["{real}", *sys.argv[1:]]).returncode
path = sys.argv[sys.argv.index("--out") + 1]
report = json.load(open(path))
for timing in (m["timing"] for m in report["measurements"] if "timing" in m):
    for key in ("median_ns", "low_ns", "high_ns"):
        timing[key] *= 3
    timing["samples_ns"] = [3 * sample for sample in timing["samples_ns"]]
json.dump(report, open(path, "w"))
sys.exit(code)
""")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return script


def test_a_regression_is_asked_about_again(stele, cpu_cell):
    variant, device = cpu_cell
    slow = slow_binary(stele.folder, stele.binary)
    words = [variant, "--device", device, "--problem", GEMM, "--time", "0.01", "--no-tuning", "--rounds", "6", "--margin", "20"]
    done = stele("compare", "--binary", stele.binary, "--binary", slow, *words, "--out", "kept", "--gate", "--format", "json",
                 code=None)
    (cell,) = valid(done)["cells"]
    # Other work on this machine may hide it; what must hold is that a regression was seen twice.
    if cell["finding"] == "REGRESSION":
        assert done.returncode == 1 and cell["again"]["confirmed"] and cell["again"]["ratio"] > 1.2
        assert len(list((stele.folder / "kept/new-again").glob("*.json"))) == 6
    else:
        assert done.returncode == 0


def test_binaries_that_cannot_be_run(stele, cpu_cell):
    both = ["--binary", stele.binary, "--binary", stele.binary]
    assert "given twice" in stele("compare", *both[:2], code=2).stderr
    assert "has no effect without --binary" in stele("compare", "a", "b", "--rounds", "3", code=2).stderr
    assert "has no effect beside --binary" in stele("compare", *both, "--by", "language", code=2).stderr
    assert "cannot start" in stele("compare", "--binary", "./nothing", "--binary", "./nothing", cpu_cell[0], code=2).stderr
    assert "is not one of" in stele("compare", *both, cpu_cell[0], "--cache", "lukewarm", code=2).stderr
    assert stele("compare", *both, "no/such.variant", code=5).stderr.startswith("stele: ")


def test_interrupted_it_says_where_the_rounds_are(stele, cpu_cell):
    variant, device = cpu_cell
    words = ["compare", "--binary", stele.binary, "--binary", stele.binary, variant, "--device", device, "--problem", GEMM,
             "--time", "0.005", "--rounds", "1000", "--no-tuning", "--out", "kept"]
    with subprocess.Popen([stele.binary, *words], cwd=stele.folder, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                          env=dict(os.environ)) as process:
        end = time.monotonic() + 120
        while not (stele.folder / "kept/base/0002.json").exists() and time.monotonic() < end:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, said = process.communicate(timeout=60)
    assert process.returncode == 130 and out == ""
    assert "whole rounds are kept: stele compare kept/base kept/new" in said or "interrupted before" in said, said
    kept = [sorted(path.name for path in (stele.folder / "kept" / side).glob("*.json")) for side in ("base", "new")]
    assert kept[0] == kept[1] and kept[0]
