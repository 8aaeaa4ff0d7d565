"""Every example in the documents and in --help is accepted: its words are read, and it starts to work or ends well."""

import re
import shutil
import signal
import subprocess
import time

import pytest
from conftest import BINARY, SOURCE

DOCUMENTS = [SOURCE / "README.md", SOURCE / "CONTRIBUTING.md", *sorted((SOURCE / "docs").rglob("*.md")),
             *sorted((SOURCE / "kernels").glob("*/README.md"))]
PLACEHOLDERS = re.compile(r"\b(GLOB|FILE|FOLDER|VARIANT|COMMAND|OPTIONS|ARGS)\b|…|\[")


def fenced(text):
    """The text's blocks of commands, continued lines joined."""
    for block in re.findall(r"^```\w*\n(.*?)^```", text, flags=re.S | re.M):
        yield from block.replace("\\\n", " ").splitlines()


def commands():
    found = []
    for document in DOCUMENTS:
        text = re.sub(r"<!-- commands -->.*?<!-- end of commands -->", "", document.read_text(), flags=re.S)
        inline = [word.replace("\n", " ") for word in re.findall(r"`([^`]+)`", re.sub(r"^```.*?^```", "", text, flags=re.S | re.M))]
        for line in [*fenced(text), *inline]:
            match = re.match(r"(?:[A-Z_]+=\S+ +)*(?:taskset \S+ \S+ +)?(?:\S*/)?stele ((?:[a-z]|-).*)", line.strip())
            words = match and match.group(1).split("  #")[0].strip()
            # What speaks of a part of a command, or has a name for what a reader gives, is no example.
            if words and (" " in words or line in fenced(text)) and not PLACEHOLDERS.search(words) and "A:B" not in words:
                found.append(pytest.param(words, id=f"{document.relative_to(SOURCE)}: {words}"[:90]))
    return found


def needs_what_is_not_here(words, devices):
    wanted = re.findall(r"--device[ =]'?([a-z]+)", words)
    if words.startswith("first-contact") and not wanted:
        wanted = ["cuda"]  # it meets GPUs
    return [backend for backend in wanted if backend not in {device["backend"] for device in devices["devices"]}]


EXAMPLES = commands()


def test_there_are_examples():
    assert len(EXAMPLES) >= 8


@pytest.mark.parametrize("words", EXAMPLES)
def test_example(stele, bench, devices, words):
    if missing := needs_what_is_not_here(words, devices):
        pytest.skip(f"no {missing[0]} device")
    if "/tile" in words and not (SOURCE / ".deps/tiles").exists():
        pytest.skip("the compiler of CUDA Tile C++ is not there; ./dev tiles fetches it")
    for name in re.findall(r"(?<!--out\s)(?<=\s)[\w*/-]+\.json", words):
        place = stele.folder / name.replace("*", "1")
        place.parent.mkdir(parents=True, exist_ok=True)
        if "--against" in words:
            shutil.copy(SOURCE / name, place) if (SOURCE / name).exists() else pytest.skip(f"{name} is not kept")
        else:
            shutil.copy(bench.path, place)
    for name in re.findall(r"(?<=\s)results/\w+(?=\s|$)", words):
        (stele.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (stele.folder / name).symlink_to(SOURCE / name)
    # Long ones are let go on for a while, then ended: they were accepted.
    process = subprocess.Popen(["/bin/bash", "-c", f'exec "{BINARY}" {words}'], cwd=stele.folder, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 5
    while process.poll() is None and time.monotonic() < end:
        time.sleep(0.05)
    running = process.poll() is None
    if running:
        process.send_signal(signal.SIGTERM)
        time.sleep(1)
        process.kill()
    out, said = process.communicate(timeout=60)
    # Whether reports have what a ratio asks for depends on the reports.
    good = {0, 5} if words.startswith("report ") else {0}
    assert running or process.returncode in good, f"exit code {process.returncode}\n{out}\n{said}"


def test_variants_that_documents_name_are_there(variants):
    """Ids with a tile, whole: the tile has as many numbers as the algorithm's."""
    ids = {v["id"] for v in variants}
    shapes = {(v["id"].split("@")[0], v["tile"].count("x")) for v in variants if v["tile"]}
    wrong = []
    for document in DOCUMENTS:
        for name in re.findall(r"\b((?:gemm|attention|sparse_attention|ceiling)/\w+\.\w+@[0-9][0-9x]*[a-z]?\w*)\b", document.read_text()):
            if name not in ids and (name.split("@")[0], name.split("@")[1].count("x")) not in shapes:
                wrong.append(f"{document.relative_to(SOURCE)}: {name}")
    assert not wrong, "\n".join(wrong)


def test_help_has_the_examples_of_its_page(stele):
    for page in (SOURCE / "docs/cli").glob("*.md"):
        shown = stele(*([] if page.stem == "index" else [page.stem]), "--help").stdout
        for line in fenced(re.sub(r"<!-- commands.*?end of commands -->", "", page.read_text(), flags=re.S)):
            assert line.strip() in shown
