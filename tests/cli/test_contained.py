"""A cell that crashes, hangs or starves costs only itself: kernels that are wrong on purpose, through the whole program."""

import json
import os
import re
import signal
import subprocess
import time

import pytest
from conftest import BINARY, GEMM, Stele

PROBLEM = "rows=4 columns=8"
FAULTS = os.environ.get("STELE_FAULTS", BINARY.parent / "faults" / "stele_faults")
RIGHT = ["twice/right.host", "twice/right.opencl", "twice/right.cuda"]


class Faults(Stele):
    binary = FAULTS


@pytest.fixture
def faults(tmp_path):
    return Faults(tmp_path)


def cells_of(text):
    """Variant → "outcome: reason", from verify --verbose, whose lines are wrapped."""
    words = " ".join(text.split())
    cells = re.findall(rf"(twice/\S+) \S+ {PROBLEM} f32: (\w+: .*?)(?= twice/| variant device)", words)
    return {variant.removeprefix("twice/"): said for variant, said in cells}


def verify(faults, *globs, limit="2s", code=4):
    done = faults("verify", *RIGHT, *globs, "--problem", PROBLEM, "--cell-timeout", limit, "--verbose", code=code)
    return cells_of(done.stdout)


def right_ones_passed(cells):
    return sum(variant.startswith("right.") and said.startswith("passed") for variant, said in cells.items())


@pytest.mark.parametrize("fault, says", [
    ("segfault.host", "error: Segmentation fault (signal 11) in its first run"),
    ("abort.host", "error: Aborted (signal 6) in its first run"),
    ("exit.host", "error: exit(0) in its first run"),
    ("endless.host", "timeout: no end within 2 s in its first run"),
    ("endless.opencl", "timeout: no end within 2 s in its first run"),
    ("endless.cuda", "timeout: no end within 2 s in its first run"),
    ("endless_barrier.cuda", "timeout: no end within 2 s in its first run"),
    ("babble.host", "error: its worker said what cannot be read"),
])
def test_a_fault_costs_one_cell(faults, fault, says):
    cells = verify(faults, f"twice/{fault}")
    assert cells[fault].startswith(says), cells
    assert right_ones_passed(cells) == 3, cells


@pytest.mark.parametrize("isolation", [[], ["--no-isolate"]])
def test_a_reference_that_cannot_be_had_costs_its_problem(faults, isolation):
    words = [word for rows in (13, 14, 4) for word in ("--problem", f"rows={rows} columns=8")]
    done = faults("bench", RIGHT[0], *words, "--time", "0.05", "--out", "refused.json", *isolation, code=4)
    report = json.loads((faults.folder / "refused.json").read_text())
    said = [(cell["problem"], cell["verdict"]["outcome"], cell["verdict"]["reason"]) for cell in report["measurements"]]
    assert said[0][1] == "skipped" and "memory" in said[0][2], said
    assert said[1][1] == "error" and "no reference of 14 rows" in said[1][2], said
    assert said[2][1] == "passed", done.stderr


def test_what_a_kernel_prints_is_no_message(faults):
    cells = verify(faults, "twice/chatter.host", code=0)
    assert cells["chatter.host"].startswith("passed")
    assert right_ones_passed(cells) == 3


@pytest.mark.skipif("asan" in str(BINARY), reason="a sanitizer needs more address space than there is memory")
def test_want_of_memory_costs_one_cell(faults):
    words = ["verify", *RIGHT, "twice/starve.host", "--problem", PROBLEM, "--verbose"]
    done = subprocess.run(["bash", "-c", 'ulimit -v 6000000; exec "$0" "$@"', FAULTS, *words], cwd=faults.folder,
                          capture_output=True, text=True, timeout=240)
    cells = cells_of(done.stdout)
    assert "memory" in cells["starve.host"], done.stdout + done.stderr
    assert right_ones_passed(cells) == 3, done.stdout


def test_all_faults_in_one_run(faults):
    done = faults(
        "bench", *RIGHT[:2], "twice/segfault.host", "twice/abort.host", "twice/exit.host", "twice/endless.opencl",
        "--problem", PROBLEM, "--cell-timeout", "2s", "--time", "0.05", "--out", "all.json", code=4)
    cells = {cell["variant"]: cell for cell in json.loads((faults.folder / "all.json").read_text())["measurements"]}
    outcomes = {name: cell["verdict"]["outcome"] for name, cell in cells.items()}
    assert outcomes["twice/right.host"] == outcomes["twice/right.opencl"] == "passed", done.stderr
    assert outcomes["twice/endless.opencl"] == "timeout"
    assert [outcomes[f"twice/{fault}.host"] for fault in ("segfault", "abort", "exit")] == ["error"] * 3
    assert not list(faults.folder.glob("*.journal*")), "a run that ended needs no journal"


def test_samples_outlive_their_worker(faults):
    # Long enough for two samples on any machine: the second is its end.
    faults("bench", RIGHT[1], "twice/late.host", "--problem", PROBLEM, "--time", "5", "--out", "late.json", code=4)
    cells = {cell["variant"]: cell for cell in json.loads((faults.folder / "late.json").read_text())["measurements"]}
    late, right = cells["twice/late.host"], cells["twice/right.opencl"]
    assert late["verdict"]["outcome"] == "error" and "Aborted" in late["verdict"]["reason"], late
    assert right["verdict"]["outcome"] == "passed"
    timing = right["timing"]
    assert len(timing["round"]) == len(timing["samples_ns"]) == len(timing["pass"])
    assert timing["rounds"] == len(set(timing["round"]))


def test_rounds_are_fresh_processes(faults):
    faults("bench", *RIGHT[:2], "--problem", PROBLEM, "--time", "0.05", "--rounds", "3", "--out", "rounds.json")
    for cell in json.loads((faults.folder / "rounds.json").read_text())["measurements"]:
        assert cell["timing"]["rounds"] == 3
        assert set(cell["timing"]["round"]) == {0, 1, 2}


def begin(faults, *words):
    return subprocess.Popen([FAULTS, *words], cwd=faults.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def wait_for_journal(faults, process, entries):
    end = time.monotonic() + 120
    while time.monotonic() < end and process.poll() is None:
        journals = list(faults.folder.glob("*.journal"))
        if journals and journals[0].read_text().count("\n") > entries:
            return journals[0]
        time.sleep(0.02)
    process.kill()
    raise AssertionError(f"no journal of {entries} entries came; {process.communicate()}")


def test_a_killed_run_is_completed_from_its_journal(faults):
    words = ["bench", *RIGHT[:2], "twice/endless.opencl", "--problem", PROBLEM, "--problem", "rows=2 columns=2",
             "--time", "0.05", "--cell-timeout", "3s", "--out", "killed.json"]
    process = begin(faults, *words)
    journal = wait_for_journal(faults, process, 1)
    process.kill()
    process.communicate()
    with open(journal, "a") as file:
        file.write('{"cell": 1, "rou')  # what was being written when the power went
    known = journal.read_text().count('"measurement"')
    assert not (faults.folder / "killed.json").exists() and known >= 1
    faults("bench", "--resume", journal.name, "--time", "1", code=2)
    faults("bench", "--resume", journal.name, code=4)
    report = json.loads((faults.folder / "killed.json").read_text())
    assert report["complete"] and not journal.exists()
    assert report["environment"]["command_line"] == words
    assert len(report["measurements"]) >= 6


def test_a_run_that_goes_on_is_not_resumed(faults):
    process = begin(faults, "bench", "twice/endless.host", "--problem", PROBLEM, "--cell-timeout", "1h", "--out", "a.json")
    journal = wait_for_journal(faults, process, 0)
    assert "has not ended" in faults("bench", "--resume", journal.name, code=2).stderr
    process.kill()
    process.communicate()


def test_no_process_for_a_worker_is_said(faults):
    words = ["bash", "-c", 'ulimit -u 1; exec "$0" verify twice/right.host', FAULTS]
    if os.geteuid() == 0:
        words = ["setpriv", "--reuid", "65534", "--clear-groups", *words]
    done = subprocess.run(words, cwd="/", capture_output=True, text=True, timeout=60)
    if "ermission denied" in done.stderr:
        pytest.skip("nobody may not run what was built here")
    assert done.returncode == 4 and "--no-isolate" in done.stderr, done


def test_a_journal_of_another_revision_is_refused(faults):
    process = begin(faults, "bench", RIGHT[0], "twice/endless.host", "--problem", PROBLEM, "--time", "0.05", "--out", "a.json")
    journal = wait_for_journal(faults, process, 0)
    process.kill()
    process.communicate()
    lines = journal.read_text().splitlines(keepends=True)
    head = json.loads(lines[0])
    head["report"]["environment"]["revision"] = "0000000"
    journal.write_text(json.dumps(head) + "\n" + "".join(lines[1:]))
    assert "0000000" in faults("bench", "--resume", journal.name, code=2).stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_hung_worker_soon(faults, number):
    process = begin(faults, "bench", RIGHT[0], "twice/endless.host", "--problem", PROBLEM, "--cell-timeout", "1h",
                    "--time", "0.05", "--out", "hung.json")
    journal = wait_for_journal(faults, process, 0)
    workers = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True).stdout.split()
    assert len(workers) == 1
    time.sleep(0.5)  # so that it hangs, most likely; if it does not yet, it must end as soon
    process.send_signal(number)
    out, said = process.communicate(timeout=60)
    assert process.returncode == 130, out + said
    assert journal.name in said, "how to complete it is told"
    assert json.loads((faults.folder / "hung.json").read_text())["complete"] is False
    assert not os.path.exists(f"/proc/{workers[0]}"), "no worker is left behind"


def test_no_worker_outlives_a_killed_run(faults):
    process = begin(faults, "verify", "twice/endless.host", "--problem", PROBLEM, "--cell-timeout", "1h")
    end = time.monotonic() + 60
    workers = []
    while not workers and time.monotonic() < end:
        workers = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True).stdout.split()
        time.sleep(0.1)
    process.kill()
    process.communicate()
    while os.path.exists(f"/proc/{workers[0]}") and time.monotonic() < end:
        time.sleep(0.1)
    assert not os.path.exists(f"/proc/{workers[0]}")


def test_without_isolation_all_is_one_process(faults):
    cells = cells_of(faults("verify", *RIGHT, "--problem", PROBLEM, "--no-isolate", "--verbose").stdout)
    assert right_ones_passed(cells) == 3
    done = subprocess.run([FAULTS, "verify", "twice/abort.host", "--problem", PROBLEM, "--no-isolate"],
                          capture_output=True, cwd=faults.folder)
    assert done.returncode == -signal.SIGABRT


def test_a_worker_is_not_for_people(faults):
    assert "--help" in faults("worker", code=2).stderr


def test_a_device_whose_compiler_fails_leaves_the_rest(stele, timed):
    """PoCL runs a linker for each kernel, and aborts where there is none: already when its clock is asked for."""
    chosen = {device.split(":")[0]: variant for variant, device in timed if device.split(":")[0] in ("opencl", "host")}
    if len(chosen) < 2:
        pytest.skip("no OpenCL device beside the host")
    words = [word for backend, variant in chosen.items() for word in (variant, "--device", f"{backend}:*")]
    alone = {"PATH": "/nowhere", "POCL_CACHE_DIR": str(stele.folder / "pocl")}
    stele("bench", *words, "--problem", GEMM, "--time", "0.01", "--out", "report.json", env=alone, code=None)
    cells = json.loads((stele.folder / "report.json").read_text())["measurements"]
    outcomes = {backend: {cell["verdict"]["outcome"] for cell in cells if cell["device"].startswith(backend)}
                for backend in chosen}
    if outcomes["opencl"] == {"passed"}:
        pytest.skip("this OpenCL driver wants no linker")
    assert outcomes == {"opencl": {"error"}, "host": {"passed"}}, cells
