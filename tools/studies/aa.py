"""How often equal binaries are said to differ on this machine (A/A), and how often a slowed kernel is found (A/B).

Each comparison is `stele compare --binary A --binary B`: R rounds, each a fresh process of either, on the first OpenCL CPU. In A/A both
are one binary. In A/B the second is a copy whose `gemm/naive.opencl` does a share of its multiplications again, for nothing: 5 %, or twice
the floor that A/A has found, whichever is more; its other cells are as before. Another machine, or another
binary, begins anew. Where A/B says that it cannot tell, it is done again with
the rounds that `compare` asked for, of which 40 are made at most, and the second word counts. Demanded: in A/A a cell is said to differ in
at most 7 % and is a REGRESSION in at most 1 %; in A/B the slowed kernel differs in at least 90 %, which shows in 18 of 20.
"""

import json
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SLOWED = "gemm/naive.opencl"
SOURCE = ROOT / "kernels/gemm/naive/naive.cl"
CELLS = [SLOWED, "gemm/tiled.opencl", "gemm/panel.opencl"]
BESIDE = "gemm/tiled.opencl"
MOST_ROUNDS = 40
PROBLEMS = ["m=128 n=128 k=128 f32", "m=96 n=160 k=128 f32"]
LEAST_SLOWING = 0.05
MOST_DIFFER, MOST_REGRESS, LEAST_FOUND = 0.07, 0.01, 0.9


def options(parser):
    parser.add_argument("--comparisons", type=int, default=100, help="of equal binaries (100)")
    parser.add_argument("--slowed", type=int, default=20, help="comparisons with the slowed kernel (20)")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--slowed-rounds", type=int, default=10, help="of A/B at first (10)")
    parser.add_argument("--device", default="opencl:0")
    parser.add_argument("--time", default="0.02", help="seconds of one cell (0.02)")
    parser.add_argument("--binary", type=Path, default=ROOT / "build/release/stele")


def slowed_text(share):
    """The kernel's text with idle work, as long as it was: comments make room for it."""
    text = SOURCE.read_text()
    code = "\n".join(line for line in text.splitlines() if not line.strip().startswith("//"))
    mark = "    C[element] ="
    assert code.count(mark) == 1, f"{SOURCE.name} is another than this study knows"
    idle = (f"    float idle = acc;\n    for (int k = 0; k < (int)({share:.4f}f * K); ++k) idle = "
            "fma(element_to_float(a[k]), element_to_float(b[k * b_step]), idle);\n    if (idle == 1.2345e30f) acc = idle;\n")
    code = code.replace(mark, idle + mark).encode()
    room = len(text.encode()) - len(code)
    assert room > 0, "the comments are too short to make room"
    return text.encode(), code + b"\n" * room


def slowed_binary(binary, share):
    """A copy beside the binary with the other text in it: all else is the same, to the byte."""
    before, after = slowed_text(share)
    content = binary.read_bytes()
    if content.count(before) != 1:
        sys.exit(f"{binary}: {SOURCE.name} is not in it as it is in the tree; build it")
    copy = binary.with_name("stele-slowed")
    copy.write_bytes(content.replace(before, after))
    copy.chmod(0o755)
    return copy


def revision(binary):
    return subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]


def machine(binary, device):
    """The processor as a report of Stele calls it: what was found on one is not said of another."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([binary, "bench", SLOWED, "--problem", PROBLEMS[0], "--device", device, "--time", "0.001", "--no-tuning", "--out",
                        "report.json"], cwd=folder, check=True, capture_output=True)
        told = json.loads((Path(folder) / "report.json").read_text())["environment"]
    return f"{told['cpu']} ({told['cpu_family']}, {told['cpu_threads']} threads, allowed {told['allowed_cpus']})"


def compared(base, new, variants, rounds, settings):
    problems = [word for problem in PROBLEMS for word in ("--problem", problem)]
    done = subprocess.run([base, "compare", "--binary", base, "--binary", new, *variants, *problems, "--device", settings.device,
                           "--time", settings.time, "--rounds", str(rounds), "--no-tuning", "--format", "json"],
                          capture_output=True, text=True, env={**os.environ, "TERM": "dumb"})
    if done.returncode not in (0, 1):
        sys.exit(f"compare ended with {done.returncode}: {done.stderr}")
    told = json.loads(done.stdout)
    keys = ("finding", "ratio", "low", "high", "p", "adjusted_p", "differs", "problem", "again", "rounds_to_settle")
    return [{"variant": cell["base"]["variant"], **{key: cell[key] for key in keys if key in cell}} for cell in told["cells"]]


def compared_until_told(base, slowed, settings):
    """With as many rounds as `compare` asks for where it cannot tell of the slowed kernel, and what it asked for."""
    cells = compared(base, slowed, [SLOWED, BESIDE], settings.slowed_rounds, settings)
    asked = [cell.get("rounds_to_settle", MOST_ROUNDS + 1) for cell in cells
             if cell["variant"].startswith(SLOWED) and not cell["differs"]]
    if not asked:
        return cells, settings.slowed_rounds
    return compared(base, slowed, [SLOWED, BESIDE], min(MOST_ROUNDS, max(asked)), settings), max(asked)


def floor_of(cells):
    """The 95th percentile of |ratio - 1|."""
    sizes = sorted(abs(cell["ratio"] - 1) for cell in cells)
    return sizes[min(len(sizes) - 1, math.ceil(0.95 * len(sizes)) - 1)] if sizes else 0.0


def is_of(step, settings):
    return step["binary"] == settings.told and step.get("machine") == settings.machine


def share(cells, holds):
    return sum(map(holds, cells)) / len(cells) if cells else 0.0


def own(cell):
    """Differs by its own p: calibrated for one cell, whatever else was compared."""
    return cell["p"] < 0.05


def report(slice_, settings, complete):
    steps = [step for step in slice_.steps.values() if is_of(step, settings)]
    equal = [cell for step in steps if step["kind"] == "aa" for cell in step["cells"]]
    other = [cell for step in steps if step["kind"] == "ab" for cell in step["cells"]]
    asked = [step["asked"] for step in steps if step["kind"] == "ab"]
    beyond = sum(rounds > MOST_ROUNDS for rounds in asked)
    slow = [cell for cell in other if cell["variant"].startswith(SLOWED)]
    unchanged = [cell for cell in other if not cell["variant"].startswith(SLOWED)]
    count = {kind: sum(step["kind"] == kind for step in steps) for kind in ("aa", "ab")}
    def line(name, cells):
        ratios = sorted(cell["ratio"] for cell in cells) or [1.0]
        return (f"| {name} | {len(cells)} | {share(cells, own):.3f} | {share(cells, lambda c: c['differs']):.3f} | "
                f"{share(cells, lambda c: c['finding'] == 'REGRESSION'):.3f} | "
                f"{share(cells, lambda c: 'again' in c and not c['again']['confirmed']):.3f} | {ratios[len(ratios) // 2]:.4f} |")
    lines = ["# Equal binaries, and one that was slowed", "",
             f"{settings.machine}, {settings.told}, {settings.device}, {settings.rounds} rounds, {settings.time} s a cell: {count['aa']} comparisons of equal "
             f"binaries, {count['ab']} with a slowed kernel" + ("." if complete else "; the study is not complete."), "",
             f"Of the latter {sum(rounds == settings.slowed_rounds for rounds in asked)} could tell after {settings.slowed_rounds} rounds, "
             f"{beyond} asked for more than {MOST_ROUNDS}.", "",
             f"Floor, the 95th percentile of |ratio - 1| over cells of equal binaries: {100 * floor_of(equal):.2f} %.", "",
             "| Cells | Number | p < 0.05 | Differs, adjusted | REGRESSION | Not confirmed | Median ratio |", "|---|---|---|---|---|---|---|",
             line("equal binaries", equal), line("slowed kernel", slow), line("beside it, unchanged", unchanged)]
    slice_.write("README.md", "\n".join(lines) + "\n")
    good = (share(equal, own) <= MOST_DIFFER and share(equal, lambda c: c["finding"] == "REGRESSION") <= MOST_REGRESS
            and share(slow, lambda c: c["differs"]) >= LEAST_FOUND)
    return good, lines


def run(slice_, settings):
    settings.binary = settings.binary.resolve()
    settings.told = revision(settings.binary)
    settings.machine = machine(settings.binary, settings.device)
    plan = [("aa", number) for number in range(settings.comparisons)]
    plan += [("ab", number) for number in range(settings.slowed)]
    slowed = None
    for kind, number in plan:
        key = f"{kind}/{number}"
        known = slice_.steps.get(key)
        if known is not None and is_of(known, settings):
            continue
        if slice_.time_left() <= 0:
            report(slice_, settings, False)
            print("aa: the slice's time is over; call again to go on")
            return 0
        if kind == "ab" and slowed is None:
            equal = [cell for step in slice_.steps.values() if step["kind"] == "aa" and is_of(step, settings)
                     for cell in step["cells"]]
            slowing = max(LEAST_SLOWING, 2 * floor_of(equal))
            slowed = slowed_binary(settings.binary, slowing)
            print(f"slowed by {100 * slowing:.1f} %", flush=True)
        step = {"kind": kind, "binary": settings.told, "machine": settings.machine}
        if kind == "aa":
            step["cells"] = compared(settings.binary, settings.binary, CELLS, settings.rounds, settings)
        else:
            step["cells"], step["asked"] = compared_until_told(settings.binary, slowed, settings)
        slice_.keep(key, step)
        print(f"{key}: {' '.join(cell['finding'] for cell in step['cells'])}", flush=True)
    good, lines = report(slice_, settings, True)
    print("\n".join(lines[-3:]))
    print(f"aa: complete, its demand is {'met' if good else 'not met'}")
    return 0 if good else 1
