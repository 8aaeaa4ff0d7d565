"""How many seeded single-line faults in production code the tests of its room notice: at least 90 % are demanded.

Each mutant is one changed line, drawn by --seed. It is built in a copy of the tree (build/mutants/) and tried by the
tests of its room: tests/unit/<room>, and what ROOMS names besides; what these let pass by all unit tests, and of the
harness by those of the command line that take seconds. A mutant that does not compile is replaced by the next one
drawn. Results of another revision do not count.
Survivors are listed in results/studies/mutants/README.md; what explained.json there says of one stands beside it.
"""

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

from mutate import mutants_of_text

ROOT = Path(__file__).resolve().parents[2]
COPY = ROOT / "build/mutants"
BUILD = COPY / "build/mutants"
DEMAND = 0.9
BUILD_SECONDS, TEST_SECONDS = 1200, 1800

sys.path.insert(0, str(ROOT / "tests/layout"))
from sources import ROOMS as HARNESS_ROOMS  # noqa: E402  (the order that the layout test holds)

CLI = ["python3", "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "tests/cli"]
# Command-line tests that take minutes, and are tried on mutants of cli alone.
LONG = ("test_explain.py", "test_explain_gate.py", "test_examples.py", "test_first_contact.py", "test_ci.py",
        "test_tune.py", "test_doctor.py")
PROGRAM = ["stele", "stele_faults", "stele_faults_simt", "stele_simt"]
QUICK_CLI = [*CLI, *(f"--ignore=tests/cli/{name}" for name in LONG)]
CONFORMANCE = "conformance_tests"
NEGATIVE = ["negative_tests", "--gtest_brief=1"]
SIMT_MODULES = ["stele_simt_ptx", "stele_simt_test", "stele_simt_test_checked"]
# Room: its sources, folders of tests/unit/ that are its own, targets besides unit_tests, and commands besides that.
ROOMS = {
    "backends": (["backends/*.cpp", "backends/host/*.cpp", "backends/opencl/*.cpp"], ["backends"], ["stele_simt"],
                 [[CONFORMANCE, "--backend=opencl"], [CONFORMANCE, "--backend=host"]]),
    "simt": (["backends/simt/**/*.cpp", "backends/simt/**/*.hpp"], ["simt"], ["stele_simt", "negative_tests"],
             [[*NEGATIVE, "--gtest_filter=*Simt*:*Ptx*"], [CONFORMANCE, "--backend=simt"]]),
    "kernels": (["kernels/**/*.cpp", "kernels/**/*.hpp", "kernels/**/*.cl", "kernels/**/*.clh"], ["kernels"],
                ["stele_simt", CONFORMANCE], [[CONFORMANCE, "--backend=opencl"], [CONFORMANCE, "--backend=host"],
                                              [CONFORMANCE, "--backend=simt"]]),
}
# Rooms of the harness whose tests are not all in tests/unit/.
MORE_TESTS = {"measure": (["negative_tests"], [NEGATIVE]), "cli": ([], [CLI])}
for name in HARNESS_ROOMS:
    targets, commands = MORE_TESTS.get(name, ([], []))
    ROOMS[name] = ([f"harness/{name}/**/*.cpp", f"harness/{name}/**/*.hpp"], [name], [*targets, *PROGRAM],
                   commands)


def options(parser):
    parser.add_argument("--count", type=int, default=60, help="mutants, over all rooms in turn (60)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rooms", default=",".join(ROOMS), help="rooms, with commas between")
    parser.add_argument("--list", action="store_true", help="draw and print, try nothing")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)


def revision():
    told = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True)
    return told.stdout.strip()[:12]


def sources(room):
    found = {path for pattern in ROOMS[room][0] for path in ROOT.glob(pattern)}
    return sorted(str(path.relative_to(ROOT)) for path in found)


def drawn(room, seed):
    """All mutants of a room in the seed's order: each file alike, so that long ones do not take all."""
    generator = random.Random(f"{seed}/{room}")
    by_file = {}
    for name in sources(room):
        possible = mutants_of_text((ROOT / name).read_text(), name.endswith((".hpp", ".h")))
        generator.shuffle(possible)
        if possible:
            by_file[name] = possible
    while by_file:
        for name in generator.sample(sorted(by_file), len(by_file)):
            line, what, changed = by_file[name].pop()
            if not by_file[name]:
                del by_file[name]
            key = hashlib.sha256(f"{name}:{line}:{changed}".encode()).hexdigest()[:12]
            yield {"id": key, "room": room, "file": name, "line": line, "what": what, "becomes": changed.strip(),
                   "was": (ROOT / name).read_text().splitlines()[line - 1].strip()}


def made(command, seconds, **more):
    """Exit code and the end of what was said; a command that takes too long ends with 124, its children with it."""
    with subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", start_new_session=True, **more) as process:
        try:
            said, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.communicate()
            return 124, f"no end within {seconds} s"
    return process.returncode, said[-2000:]


def copy_tree():
    """The tree as it is, in a folder of its own. What did not change keeps its time and is not built again."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, text=True,
                            capture_output=True, check=True).stdout.splitlines()
    wanted = {name for name in listed if (ROOT / name).is_file() and not name.startswith("results/studies/")}
    for path in COPY.rglob("*") if COPY.exists() else []:
        relative = str(path.relative_to(COPY))
        if path.is_file() and not relative.startswith(("build/", ".deps", ".git")) and relative not in wanted:
            path.unlink()
    COPY.mkdir(parents=True, exist_ok=True)
    if not (COPY / ".deps").is_symlink():
        (COPY / ".deps").symlink_to(ROOT / ".deps")  # compilers that ./dev has fetched
    for name in wanted:
        source, target = ROOT / name, COPY / name
        if not target.exists() or target.read_bytes() != source.read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            shutil.copymode(source, target)


def build(room, jobs):
    targets = ["unit_tests", *SIMT_MODULES, *ROOMS[room][2], *({command[0] for command in ROOMS[room][3]} & {CONFORMANCE})]
    return made(["ninja", "-C", BUILD, f"-j{jobs}", *targets], BUILD_SECONDS)


def unit_filter(room):
    """The tests that stand in the room's folders, as GoogleTest's own list has their files."""
    list_file = BUILD / "unit_tests.json"
    made([BUILD / "unit_tests", "--gtest_list_tests", f"--gtest_output=json:{list_file}"], 60)
    names = []
    for suite in json.loads(list_file.read_text())["testsuites"]:
        for test in suite["testsuite"]:
            if any(f"/tests/unit/{folder}/" in test["file"] for folder in ROOMS[room][1]):
                names.append(f"{suite['name']}.{test['name']}")
    return ":".join(names)


def tried(room, unit_tests, seconds=TEST_SECONDS, unchanged=None):
    """The first command that fails or does not end within so many seconds, or nothing. `unchanged`: how long each
    command takes of the tree without mutants, which no room need ask again."""
    environment = {**os.environ, "STELE_SOURCE": str(COPY), "STELE_BINARY": str(BUILD / "stele"),
                   "STELE_FAULTS": str(BUILD / "faults/stele_faults"), "PYTHONDONTWRITEBYTECODE": "1"}
    commands = [["unit_tests", "--gtest_brief=1", f"--gtest_filter={unit_tests}"]] if unit_tests else []
    commands += [*ROOMS[room][3], ["unit_tests", "--gtest_brief=1"]]
    if room in HARNESS_ROOMS and room != "cli":
        commands.append(QUICK_CLI)
    for command in commands:
        program = BUILD / command[0]
        words = [program if program.exists() else "/usr/bin/python3", *command[1:]]
        if unchanged is not None and str(command) in unchanged:
            continue
        begun = time.monotonic()
        code, said = made(words, seconds, cwd=COPY, env=environment)
        # 77: no device of the backend. Each that a room names is there, on any machine that builds Stele.
        if code != 0:
            lines = sorted(said.splitlines(), key=lambda line: "FAILED" not in line)
            first = lines[0] if lines else ""
            return f"{command[0]}: exit {code}: {first.strip()[:160]}"
        if unchanged is not None:
            unchanged[str(command)] = time.monotonic() - begun
    return ""


def prepare(room, jobs, unchanged):
    """Builds the room unchanged and has its tests pass, else nothing could be said of its mutants. Returns the tests and
    how long a mutant may take for them: a slow machine must not pass for a mutant that hangs."""
    copy_tree()
    if not (BUILD / "build.ninja").exists():
        code, said = made(["cmake", "-S", COPY, "-B", BUILD, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
                           "-DCMAKE_CXX_FLAGS_RELEASE=-O2 -DNDEBUG", "-DSTELE_CUDA=OFF"], 600)
        if code != 0:
            sys.exit(f"the copy cannot be configured:\n{said}")
    code, said = build(room, jobs)
    if code != 0:
        sys.exit(f"{room} cannot be built unchanged:\n{said}")
    tests = unit_filter(room)
    failed = tried(room, tests, unchanged=unchanged)
    if failed:
        sys.exit(f"{room}: its tests fail without any mutant: {failed}")
    return tests, 60 + 3 * max(unchanged.values())


def outcome(mutant, tests, seconds, jobs):
    path = COPY / mutant["file"]
    text = path.read_text()
    lines = text.split("\n")
    indent = lines[mutant["line"] - 1][:len(lines[mutant["line"] - 1]) - len(lines[mutant["line"] - 1].lstrip())]
    lines[mutant["line"] - 1] = indent + mutant["becomes"]
    try:
        path.write_text("\n".join(lines))
        code, said = build(mutant["room"], jobs)
        if code != 0:
            return {"outcome": "does not compile"}
        by = tried(mutant["room"], tests, seconds)
        return {"outcome": "caught", "by": by} if by else {"outcome": "survived"}
    finally:
        path.write_text(text)


def report(slice_, options_, complete):
    explained_file = slice_.folder / "explained.json"
    explained = json.loads(explained_file.read_text()) if explained_file.exists() else {}
    kept = [step for step in slice_.steps.values()
            if (step["seed"], step["revision"]) == (options_.seed, options_.revision)]
    counted = [step for step in kept if step["outcome"] != "does not compile"]
    lines = ["# Mutants", "", f"Revision {options_.revision}, seed {options_.seed}, {len(counted)} mutants that compile"
             + ("." if complete else "; the study is not complete."), "", "| Room | Caught | Of |", "|---|---|---|"]
    caught = [step for step in counted if step["outcome"] == "caught"]
    for room in ROOMS:
        own = [step for step in counted if step["room"] == room]
        if own:
            lines.append(f"| {room} | {sum(step in caught for step in own)} | {len(own)} |")
    lines += [f"| all | {len(caught)} | {len(counted)} |", "", "## Survivors", ""]
    for step in counted:
        if step["outcome"] == "survived":
            why = explained.get(step["id"], "not explained yet")
            lines += [f"- `{step['id']}` {step['file']}:{step['line']}: {why}",
                      f"  - was `{step['was']}`", f"  - is `{step['becomes']}`"]
    slice_.write("README.md", "\n".join(lines) + "\n")
    return len(caught) / len(counted) if counted else 1.0


def run(slice_, options_):
    options_.revision = revision()
    rooms = [room for room in options_.rooms.split(",") if room in ROOMS]
    if not rooms or len(rooms) != len(options_.rooms.split(",")):
        sys.exit(f"rooms are {', '.join(ROOMS)}")
    share = {room: options_.count // len(rooms) + (at < options_.count % len(rooms)) for at, room in enumerate(rooms)}
    if options_.list:
        for room in rooms:
            for _, mutant in zip(range(share[room]), drawn(room, options_.seed)):
                print(f"{mutant['id']} {mutant['file']}:{mutant['line']}: {mutant['what']}: {mutant['becomes']}")
        return 0
    unchanged = {}
    for room in (room for room in rooms if share[room]):
        done, tests = 0, None
        for mutant in drawn(room, options_.seed):
            if done == share[room]:
                break
            known = slice_.steps.get(mutant["id"])
            # Of another revision: its tests are not these.
            if known is None or known["revision"] != options_.revision:
                if slice_.time_left() <= 0:
                    report(slice_, options_, False)
                    print("mutants: the slice's time is over; call again to go on")
                    return 0
                tests = prepare(room, options_.jobs, unchanged) if tests is None else tests
                known = {**mutant, "seed": options_.seed, "revision": options_.revision,
                         **outcome(mutant, *tests, options_.jobs)}
                slice_.keep(mutant["id"], known)
                print(f"{known['outcome']:16} {mutant['file']}:{mutant['line']}: {mutant['becomes']}", flush=True)
            done += known["outcome"] != "does not compile"
    rate = report(slice_, options_, True)
    print(f"mutants: complete, {rate:.0%} caught; {slice_.folder.relative_to(ROOT)}/README.md lists the survivors")
    return 0 if rate >= DEMAND else 1
