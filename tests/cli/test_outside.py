"""What comes from outside, and what goes out: hostile text, odd files, streams that are full, closed or no terminal."""

import json
import os
import re
import signal
import subprocess

import pytest
from conftest import BINARY, GEMM
from test_terminal import OnTerminal, long_run

HOSTILE = "\x1b[2J\x1b]0;owned\x07\u202e\x9b31m\x7f"


def controls(text):
    return [c for c in text if (ord(c) < 32 and c != "\n") or 0x7F <= ord(c) < 0xA0 or c == "\u202e"]


@pytest.mark.parametrize("arguments", [
    [HOSTILE], ["bench", "--" + HOSTILE], ["list", HOSTILE], ["verify", "gemm", "--device", HOSTILE],
    ["verify", "gemm", "--problem", HOSTILE], ["report", HOSTILE], ["bench", "--suite", HOSTILE],
    ["report", "x", "--ratio", HOSTILE], ["explain", "--arch", HOSTILE], ["bench", f"--benchmark_filter=({HOSTILE}"],
    ["run", "gemm/naive.opencl", "--problem", GEMM, "--inputs", HOSTILE]])
def test_arguments_are_shown_not_sent(stele, arguments):
    done = stele(*arguments, code=None, timeout=60)
    assert done.returncode in (2, 5) and done.stderr.startswith("stele: ")
    assert not controls(done.stdout + done.stderr), (done.stdout, done.stderr)


@pytest.mark.parametrize("arguments", [["{}"], ["list", "{}"], ["verify", "gemm", "--problem", "{}"], ["report", "{}"],
                                       ["verify", "gemm", "--device", "{}"], ["bench", "--out", "{}"]])
@pytest.mark.parametrize("text", ["x" * 100000, "a b " * 25000], ids=["word", "words"])
def test_a_long_argument_is_not_repeated(stele, arguments, text):
    done = stele(*[word.format(text) for word in arguments], code=None, timeout=60)
    assert done.returncode in (2, 5) and len(done.stdout) + len(done.stderr) < 5000


def test_text_in_a_report_is_shown_not_sent(stele, bench):
    report = json.loads(json.dumps(bench.report))
    for cell in report["measurements"]:
        cell["verdict"]["reason"] = cell["verdict"]["reason"] and HOSTILE + "<script>"
    report["environment"]["cpu"] = HOSTILE
    report["devices"][0]["name"] = HOSTILE + "<script>"
    (stele.folder / "hostile.json").write_text(json.dumps(report))
    for form in ("console", "markdown", "html", "json"):
        text = stele("report", "hostile.json", "--format", form).stdout
        # A page's own scripts are the same for each report.
        text = re.sub(r"<script>.*?</script>", "", text, flags=re.S) if form == "html" else text
        assert not controls(text), form
        if form != "json":
            assert "\\x1b[2J" in text.replace("\\\\", "\\").replace("\\[", "[")
        if form in ("markdown", "html"):
            assert "<script>" not in text and "&lt;script&gt;" in text


def test_html_is_a_page(stele, bench):
    from html.parser import HTMLParser

    class Checker(HTMLParser):
        open, seen = [], set()

        def handle_starttag(self, tag, attributes):
            self.seen.add(tag)
            if tag not in ("meta", "br", "wbr"):
                self.open.append(tag)

        def handle_endtag(self, tag):
            assert self.open.pop() == tag

    checker = Checker()
    checker.feed(stele("report", bench.path, "--format", "html").stdout)
    assert checker.open == [] and {"html", "title", "table", "th", "td"} <= checker.seen


@pytest.mark.parametrize("place, said", [("/dev/zero", "a device"), ("pipe", "a pipe"), (".", "a folder")])
@pytest.mark.parametrize("command", [["report", "{}"], ["explain", "gemm/naive", "--against", "{}"]])
def test_inputs_are_regular_files(stele, place, said, command):
    os.mkfifo(stele.folder / "pipe")
    assert said in stele(*[word.format(place) for word in command], code=2, timeout=60).stderr


def test_an_input_tensor_is_a_regular_file(stele, runnable):
    variant, device = runnable[0]
    (stele.folder / "in").mkdir()
    os.mkfifo(stele.folder / "in" / "A.npy")
    done = stele("run", variant, "--device", device, "--problem", GEMM, "--inputs", "in", code=2, timeout=60)
    assert "a pipe" in done.stderr


@pytest.mark.parametrize("text", ["[" * 200000 + "]" * 200000, '{"a":' * 200000 + "1" + "}" * 200000, "[" * 200000],
                         ids=["arrays", "objects", "open"])
def test_deep_json(stele, text):
    (stele.folder / "deep.json").write_text(text)
    for command in (["report", "deep.json"], ["explain", "gemm/naive", "--against", "deep.json"],
                    ["bench", "gemm", "--problem", GEMM, "--tuning", "."]):
        done = stele(*command, code=2, timeout=60)
        assert "nested deeper" in done.stderr and "deep.json" in done.stderr


def test_report_reads_standard_input(stele, bench):
    done = subprocess.run([BINARY, "report", "-"], input=bench.path.read_text(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and GEMM in done.stdout


def test_the_parsers_own_text_is_not_shown(stele):
    for text in ('{"format" 1}', "[1,]", '{"a": "\x01"}', "nope"):
        (stele.folder / "x.json").write_text(text)
        said = stele("report", "x.json", code=2).stderr
        assert "json.exception" not in said and "x.json: not JSON" in said and "line 1, column" in said and "expected" in said


def quick(timed, *more):
    variant, device = timed[0]
    return ["bench", variant, "--device", device, "--problem", GEMM, "--time", "0.01", *more]


@pytest.mark.parametrize("stderr", ["/dev/full", "closed"])
def test_what_cannot_be_said_changes_nothing(stele, timed, stderr):
    for arguments, code in ((quick(timed, "--out", "r.json"), 0), (["bench", "--no-such"], 2), (["list", "nothing"], 5)):
        redirect = "2>&-" if stderr == "closed" else f"2>{stderr}"
        done = subprocess.run(["/bin/bash", "-c", f'"$0" "$@" {redirect}', BINARY, *arguments], cwd=stele.folder,
                              stdout=subprocess.PIPE, timeout=120)
        assert done.returncode == code, arguments
    # A message must not have landed in a file that took the closed stream's number.
    json.loads((stele.folder / "r.json").read_text())


def test_stderr_whose_reader_is_gone(stele, timed):
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([BINARY, *quick(timed, "--out", "r.json")], cwd=stele.folder, stdout=subprocess.PIPE, stderr=write)
    os.close(write)
    assert done.returncode == 0


def test_out_to_standard_output(stele, timed):
    report = json.loads(stele(*quick(timed, "--out", "-")).stdout)
    assert report["format"] == "stele-report"
    assert list(stele.folder.iterdir()) == []
    google = json.loads(stele(*quick(timed, "--out", "r.json", "--benchmark_out=-", "--benchmark_out_format=json")).stdout)
    assert google["benchmarks"]


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_a_name_of_standard_output_is_not_replaced(stele, timed, name):
    taken = stele.folder / "taken.txt"
    with open(taken, "w") as out:
        out.write("what was there\n")
        out.flush()
        subprocess.run([BINARY, *quick(timed, "--out", name)], cwd=stele.folder, stdout=out, stderr=subprocess.PIPE,
                       check=True, timeout=120)
        out.seek(0, os.SEEK_END)
    text = taken.read_text()
    assert text.startswith("what was there\n")
    assert json.loads(text.split("\n", 1)[1])["format"] == "stele-report"


def test_two_outputs_in_one_place(stele, timed):
    (stele.folder / "link.json").symlink_to("a.json")
    for first, second in (("a.json", "a.json"), ("a.json", "./x/../a.json"), ("a.json", "link.json"), ("-", "-"),
                          ("-", "/dev/stdout")):
        (stele.folder / "x").mkdir(exist_ok=True)
        done = stele(*quick(timed, "--time", "600", "--out", first, f"--benchmark_out={second}"), code=2, timeout=60)
        assert "would both be written to" in done.stderr and done.stdout == ""


def test_benchmark_out_on_a_full_disk(stele, timed):
    done = stele(*quick(timed, "--out", "r.json", "--benchmark_out=/dev/full", "--benchmark_out_format=json"), code=2)
    assert "cannot write /dev/full: No space left" in done.stderr
    json.loads((stele.folder / "r.json").read_text())


def test_a_report_whose_place_fails_goes_elsewhere(stele, timed):
    env = {"TMPDIR": str(stele.folder / "missing"), "HOME": str(stele.folder)}
    done = stele(*quick(timed, "--out", "/dev/full"), code=2, env=env)
    assert "cannot write /dev/full" in done.stderr and "the report is in " in done.stderr
    place = done.stderr.split("the report is in ")[1].split()[0]
    assert json.loads(open(place).read())["format"] == "stele-report"


@pytest.mark.parametrize("pattern", ["((((a*)*)*)*)*b", "(" * 400, "a" * 20000, "(x{250}){250}", "(gemm|gemm|gem+)*$q"],
                         ids=["stars", "parentheses", "long", "counts", "alternatives"])
def test_filters_neither_hang_nor_crash(stele, timed, pattern):
    done = stele(*quick(timed, "--out", "r.json", f"--benchmark_filter={pattern}"), code=2, timeout=60)
    assert "--benchmark_filter" in done.stderr


def catches(process, number):
    """True once the process has its own handler."""
    with open(f"/proc/{process.pid}/status") as status:
        caught = next(line for line in status if line.startswith("SigCgt:"))
    return int(caught.split()[1], 16) >> (number - 1) & 1


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_before_there_is_anything_to_keep(stele, how):
    process = subprocess.Popen([BINARY, "list"], cwd=stele.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                               preexec_fn=lambda: signal.signal(how, signal.SIG_DFL))
    while not catches(process, how):
        assert process.poll() is None
    process.send_signal(how)
    process.communicate(timeout=60)
    assert process.returncode == 130


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP])
def test_every_end_that_can_be_caught_keeps_what_was_measured(stele, devices, how):
    run = long_run(stele.folder, devices, prepare=lambda: signal.signal(how, signal.SIG_DFL))
    run.wait_for("pass 3")
    run.process.send_signal(how)
    run.end()
    assert run.process.returncode == 130
    report = json.loads((stele.folder / "report.json").read_text())
    assert report["complete"] is False and any("timing" in m for m in report["measurements"])


def test_a_dumb_terminal_gets_no_escapes(stele, timed):
    run = OnTerminal(stele.folder, *quick(timed, "--out", "r.json"), env={"TERM": "dumb"})
    run.end()
    assert run.process.returncode == 0 and "\x1b" not in run.seen


def test_a_narrow_terminal_is_believed(stele, timed):
    run = OnTerminal(stele.folder, *quick(timed, "--out", "r.json", "--time", "0.5"), columns=20)
    run.end()
    pieces = [piece for line in run.seen.split("\n") for piece in line.split("\r") if piece.endswith("\x1b[K")]
    assert pieces and all(len(piece.removesuffix("\x1b[K")) < 20 for piece in pieces), pieces


def test_rows_that_no_device_can_run_are_counted(stele, devices):
    if "cuda" in {d["backend"] for d in devices["devices"]}:
        pytest.skip("there is a CUDA device")
    command = ["bench", "gemm/naive", "--problem", GEMM, "--time", "0.01", "--out", "r.json"]
    few, every = stele(*command).stdout, stele(*command, "--all").stdout
    report = json.loads((stele.folder / "r.json").read_text())
    skipped = [m for m in report["measurements"] if m["verdict"]["outcome"] == "skipped" and m["device"] == ""]
    assert {m["language"] for m in skipped} >= {"cuda"}
    assert "naive.cuda" not in few and "naive.cuda" in every
    assert "rows: no cuda device" in few or "row: no cuda device" in few
    assert "row: no cuda" not in every and "rows: no cuda" not in every


def test_tuning_in_a_folder_that_cannot_be_read(stele, timed):
    (stele.folder / "tuning").mkdir()
    (stele.folder / "tuning" / "x.json").write_text("{}")
    done = stele(*quick([(timed[0][0].split("@")[0], timed[0][1])], "--tuning", "tuning"), code=2)
    assert "--tuning tuning: tuning/x.json" in done.stderr
    assert "no effect" in stele("bench", "gemm/tiled.opencl@64x64x16x8x4", "--tuning", "tuning", code=2).stderr


def test_two_that_tune_at_once_lose_nothing(stele, devices):
    if "opencl:0" not in {device["id"] for device in devices["devices"]}:
        pytest.skip("no OpenCL device")
    problems = [f"m={size} n=64 k=64 f32" for size in (64, 72, 80)]
    runs = [subprocess.Popen([BINARY, "tune", "gemm/tiled.opencl", "--device", "opencl:0", "--problem", problem, "--budget", "2s",
                              "--out", "both.json"], cwd=stele.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            for problem in problems]
    for run in runs:
        assert run.wait(timeout=240) == 0
    found = {cell["problem"] for cell in json.loads((stele.folder / "both.json").read_text())["cells"]}
    assert found == set(problems)
