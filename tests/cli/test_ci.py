"""The recipes of docs/ci/: their commands and options are there, and what needs no GPU runs, on a tiny problem."""

import os
import re
import shlex
import subprocess

import pytest
from conftest import BINARY, SOURCE

yaml = pytest.importorskip("yaml", reason="install python3-yaml")

STELE = re.compile(r"(?:base/)?build/release/stele\b")


class Recipe(yaml.SafeLoader):
    """GitLab's own tag names a part of another job."""


Recipe.add_constructor("!reference", lambda loader, node: loader.construct_sequence(node))


def recipe(name):
    return yaml.load((SOURCE / "docs/ci" / name).read_text(), Loader=Recipe)


def scripts(job):
    """The texts for the shell of a job, GitHub's or GitLab's."""
    steps = [step["run"] for step in job.get("steps", []) if "run" in step]
    return steps + [line for part in ("before_script", "script", "after_script") for line in job.get(part, []) if isinstance(line, str)]


def jobs(name):
    found = recipe(name)
    return {key: scripts(job) for key, job in (found.get("jobs") or found).items() if isinstance(job, dict) and scripts(job)}


JOBS = {name: jobs(name) for name in ("github.yml", "gitlab.yml")}
TEXTS = [pytest.param(text, id=f"{name}: {job} {i}") for name, own in JOBS.items() for job, texts in own.items() for i, text in enumerate(texts)]


def words_of(text):
    """The commands of a text, as lists of words."""
    joined = text.replace("\\\n", " ").replace("||\n", "|| ")
    for line in joined.splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        command = []
        for word in [*lexer, ";"]:
            if set(word) <= set(";&|()<>"):
                if command:
                    yield command
                command = []
            else:
                command.append(word)


def test_both_recipes_have_the_three_jobs():
    for name, own in JOBS.items():
        assert {"without-gpu", "gpu", "track"} <= set(own), name


@pytest.mark.parametrize("text", TEXTS)
def test_commands_and_options_are_there(stele, text):
    for command in words_of(text):
        program = command[0]
        if program == "./dev":
            told = subprocess.run(["/usr/bin/python3", SOURCE / "dev", "--help"], capture_output=True, text=True).stdout
            assert f"./dev {command[1]} " in told, command
            command = ["stele", *command[2:]] if command[1] == "run" else []
        elif not STELE.fullmatch(program):
            continue
        if command:
            told = stele(command[1], "--help").stdout
            for option in (word.split("=")[0] for word in command[2:] if word.startswith("--")):
                assert re.search(rf"(?m)^- {option}\b", told), f"stele {command[1]} has no {option}"


@pytest.fixture
def checkout(stele, tmp_path):
    """A folder as the recipes have it, the base being the same program."""
    for place in (tmp_path / "build/release", tmp_path / "base/build/release"):
        place.mkdir(parents=True)
        (place / "stele").symlink_to(BINARY)
    (tmp_path / "results").symlink_to(SOURCE / "results")
    return tmp_path


def run(text, folder, commit="abc"):
    environment = {**os.environ, "VARIANTS": "gemm/naive.opencl", "PROBLEM": "m=64 n=64 k=64 f32", "ROUNDS": "2",
                   "GITHUB_STEP_SUMMARY": str(folder / "summary.md"), "GITHUB_SHA": commit, "CI_COMMIT_SHA": commit, "HOME": str(folder)}
    return subprocess.run(["bash", "-e", "-c", text], cwd=folder, env=environment, capture_output=True, text=True, timeout=300)


def of_job(name, job, word):
    text, = [text for text in JOBS[name][job] if STELE.search(text) and f" {word} " in text]
    return text


@pytest.mark.parametrize("name", JOBS)
def test_equal_binaries_pass_the_gate_on_the_cpu(checkout, runnable, name):
    if not any(device.startswith("opencl") for _, device in runnable):
        pytest.skip("no OpenCL device")
    done = run(of_job(name, "without-gpu", "compare"), checkout)
    # Two rounds can hardly tell, and are not asked to be sure (--strict).
    assert done.returncode == 0, done.stdout + done.stderr
    assert list((checkout / "compared").rglob("*.json"))
    shown = (checkout / "summary.md").read_text() if name == "github.yml" else done.stdout
    assert "NOTHING WORSE: of 1 cell" in shown


@pytest.mark.parametrize("name", JOBS)
def test_a_gate_that_sees_nothing_fails(checkout, name):
    text = of_job(name, "without-gpu", "compare").replace('"$VARIANTS"', "gemm/nothing.opencl")
    assert run(text, checkout).returncode not in (0, 1)


@pytest.mark.parametrize("name", JOBS)
def test_the_history_grows(checkout, runnable, name):
    """The commands of `track`, on the CPU in the place of the GPU, twice."""
    if not any(device.startswith("opencl") for _, device in runnable):
        pytest.skip("no OpenCL device")
    lines = "\n".join(text for text in JOBS[name]["track"] if "./dev" not in text)
    assert "gemm attention --device cuda" in lines
    lines = lines.replace("gemm attention --device cuda", 'gemm/naive.opencl --device opencl --problem "$PROBLEM" --time 0.02')
    for times in (1, 2):
        done = run(lines, checkout, f"commit{times}")
        assert done.returncode == 0, done.stderr
        assert len(list((checkout / "stele-history").iterdir())) == times
    shown = (checkout / "summary.md").read_text() if name == "github.yml" else done.stdout
    assert "2 reports from" in shown


def test_the_page_names_both_recipes_and_they_are_there():
    page = (SOURCE / "docs/ci.md").read_text()
    for name in JOBS:
        assert f"docs/ci/{name}" in page and (SOURCE / "docs/ci" / name).exists()
