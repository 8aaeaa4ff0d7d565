"""docs/findings.md, from committed reports and baselines: each sentence with its cells, each cell with its files.

Figures come from the binary alone (`stele compare`, `stele portability`, `stele explain --read`); here they are put into words."""

import json
import math
import subprocess
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "results"
TITLES = {"cuda": "CUDA C++", "ptx": "PTX", "opencl": "OpenCL C", "opencl_ptx": "OpenCL C + PTX", "vendor": "the fastest library"}
OF = {"kernels": "the suite's fastest kernel", "libraries": "the fastest kernel or library", "ceiling": "the measured ceiling"}


def said(binary, *words):
    done = subprocess.run([binary, *map(str, words)], capture_output=True, text=True, cwd=ROOT)
    if not done.stdout:
        raise SystemExit(f"stele {' '.join(map(str, words))}: {done.stderr}")
    return json.loads(done.stdout)


def report_folders():
    return sorted(folder for folder in RESULTS.iterdir()
                  if folder.is_dir() and folder.name not in ("static", "tuning", "studies") and any(folder.glob("*.json")))


class Files:
    """Which reports hold a cell with a time, by what every version of a report writes alike."""

    def __init__(self, folders):
        self.found = defaultdict(set)
        for path in (path for folder in folders for path in folder.glob("*.json")):
            report = json.loads(path.read_text())
            for cell in report["measurements"]:
                if "timing" in cell:
                    self.found[path.parent.name, cell["problem"], cell["language"], cell.get("tile", "")].add(path.name)

    def of(self, folder, problem, language, variant):
        names = self.found[folder, problem, language, variant.partition("@")[2]]
        return ", ".join(f"[{name.removesuffix('.json')}](../results/{folder}/{name})" for name in sorted(names)) or "–"


def interval(low, high):
    return f"{low:.3f}–{high:.3f}"


def estimate(value):
    return f"{value['value']:.3f} ({interval(value['low'], value['high'])})"


def table(titles, rows):
    return ["| " + " | ".join(titles) + " |", "|" + "---|" * len(titles), *("| " + " | ".join(row) + " |" for row in rows), ""]


def span(values):
    low, high = f"{min(values):.3f}", f"{max(values):.3f}"
    return low if low == high else f"{low} to {high}"


def plural(count, word):
    return f"{count} {word}{'' if count == 1 else 's'}"


def language_of(variant):
    return variant.partition("@")[0].rpartition(".")[2]


def algorithm_of(variant):
    return variant.partition("@")[0].rpartition(".")[0]


def compared(binary, folder, files):
    """{language: {(algorithm, dtype): cells}} beside CUDA C++, tiles alike; nothing where CUDA C++ was not timed."""
    found = defaultdict(lambda: defaultdict(list))
    if not any(key[0] == folder.name and key[2] == "cuda" for key in files.found):
        return found
    for cell in said(binary, "compare", folder, "--by", "language", "--reference", "cuda", "--format", "json")["cells"]:
        base, other = cell["base"]["variant"], cell["other"]["variant"]
        if base.startswith("ceiling/"):
            continue
        problem, language = cell["problem"], language_of(other)
        ends = cell if "low" in cell else cell["bootstrap"]
        dtype = next(word for word in problem.split() if "=" not in word)
        found[language][algorithm_of(base), dtype].append(
            (problem, base.partition("@")[2], cell["ratio"], ends["low"], ends["high"], cell["pairs"], files.of(folder.name, problem, language, other)))
    return found


def runtimes_of(path):
    """{id: platform} of the OpenCL devices of a report that are CPUs."""
    devices = json.loads(path.read_text())["devices"]
    return {device["id"]: device["platform"] for device in devices if device["backend"] == "opencl" and device["is_cpu"]}


def two_runtimes(binary, files):
    """OpenCL C by two implementations on one CPU, where one report has both: the fastest tile of each."""
    lines, rows = [], []
    for path in (path for folder in report_folders() for path in sorted(folder.glob("*.json")) if len(set(runtimes_of(path).values())) > 1):
        names, found = runtimes_of(path), defaultdict(list)
        told = said(binary, "compare", path.relative_to(ROOT), "--by", "device", "--allow", "hardware", "--allow", "runtime", "--format", "json")
        for cell in told["cells"]:
            base, other = cell["base"], cell["other"]
            if "ratio" not in cell or not {base["device"], other["device"]} <= names.keys():
                continue
            ends = cell if "low" in cell else cell["bootstrap"]
            hardware, ends = base["side"].partition(", ")[2], (ends["low"], ends["high"])
            found[hardware, names[base["device"]], names[other["device"]], base["variant"].partition("@")[0].removesuffix(".opencl")].append((cell["ratio"], *ends))
            rows.append((hardware, f"`{base['variant']}`", f"`{other['variant']}`", cell["problem"], f"{cell['ratio']:.3f}", interval(*ends), str(cell["pairs"]),
                         files.of(path.parent.name, cell["problem"], "opencl", other["variant"])))
        for (hardware, base, other, algorithm), told in sorted(found.items()):
            lines.append(f"* On {hardware}, {other} takes {span([cell[0] for cell in told])} of {base}'s time for `{algorithm}`: {plural(len(told), 'cell')}, of which "
                         f"{sum(cell[2] < 1 for cell in told)} faster and {sum(cell[1] > 1 for cell in told)} slower by the whole interval.")
    titles = ("on", "variant of the first", "variant of the second", "problem", "time beside the first", "95 %", "processes", "reports")
    return ["### OpenCL C by two implementations on one CPU", "", *lines, "", *table(titles, rows)] if lines else []


def same_algorithm(found, hardware, language):
    lines, rows = [], []
    for (algorithm, dtype), cells in sorted(found[language].items()):
        faster, slower = sum(cell[4] < 1 for cell in cells), sum(cell[3] > 1 for cell in cells)
        lines.append(f"* On {hardware}, {TITLES[language]} takes {span([cell[2] for cell in cells])} of CUDA C++'s time for `{algorithm}` in {dtype} with the "
                     f"same tile: {plural(len(cells), 'cell')}, of which {faster} faster and {slower} slower by the whole interval.")
        rows += [(f"`{algorithm}`", problem, tile or "–", f"{ratio:.3f}", interval(low, high), str(pairs), where)
                 for problem, tile, ratio, low, high, pairs, where in cells]
    return [*lines, "", *table(("algorithm", "problem", "tile", "time beside CUDA C++", "95 %", "processes", "reports"), rows)] if lines else []


def reached(scopes):
    """A sentence for each scope and device."""
    lines = []
    for scope in scopes:
        for place, hardware in enumerate(device["hardware"] for device in scope["devices"]):
            parts = []
            for kind in scope["efficiencies"]:
                own = [(language["language"], language["devices"][place]) for language in kind["languages"]]
                told = [f"{TITLES.get(language, language)} {estimate(device['efficiency'])} over {device['taken']}" for language, device in own if "efficiency" in device]
                if told:
                    parts.append(f"of {OF[kind['of']]} {', '.join(told)}")
            lines.append((hardware, f"* {scope['operation']} in {scope['dtype']} on {hardware} ({scope['regime']}, {scope['cache']}, {scope['fill']}), "
                                    f"over so many problems: {'; '.join(parts)}."))
    return [line for hardware, line in sorted(lines, key=lambda line: line[0])]


def cells(scopes, files, folder_of):
    rows = []
    for scope in scopes:
        kind = next(kind for kind in scope["efficiencies"] if kind["of"] == "libraries")
        for language in kind["languages"]:
            for hardware, device in zip((device["hardware"] for device in scope["devices"]), language["devices"]):
                rows += [(hardware, problem["problem"], f"`{problem['variant']}`", f"{problem['efficiency']:.3f}",
                          files.of(folder_of[hardware], problem["problem"], language["language"], problem["variant"])) for problem in device["problems"]]
    return sorted(rows)


def over_devices(scopes):
    lines = []
    for scope in (scope for scope in scopes if len(scope["devices"]) > 1):
        names = " and ".join(device["hardware"] for device in scope["devices"])
        for language in next(kind for kind in scope["efficiencies"] if kind["of"] == "libraries")["languages"]:
            title, where = TITLES.get(language["language"], language["language"]), f"{scope['operation']} in {scope['dtype']} over {names}"
            if "pp" not in language or "supported_mean" not in language:
                continue
            if language["pp"]["value"] > 0:
                lines.append(f"* {where}: {title} has a PP of {estimate(language['pp'])}, and {estimate(language['minimum'])} where it is the least.")
            else:
                why = "; ".join(f"{device['hardware']}: {own['why_not']}" for device, own in zip(scope["devices"], language["devices"]) if not own["supported"])
                lines.append(f"* {where}: {title} has a PP of 0 ({why}); where it ran, {estimate(language['supported_mean'])}.")
    return lines


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


LANGUAGES = ("ptx", "opencl", "opencl_ptx")


def by_generation(architecture):
    return int("".join(filter(str.isdigit, architecture)))


def saved_kernels(binary, paths):
    """{architecture: {(algorithm, tile, dtype, kernel, instance): {language: row}}} of kernels that compute."""
    found = defaultdict(lambda: defaultdict(dict))
    words = (word for path in paths for word in ("--read", path))
    for row in said(binary, "explain", *words, "--format", "json")["kernels"]:
        if row.get("loop_flops", 0) > 0:
            instance = row["instance"].removesuffix(" kn").removesuffix(" nk")
            key = row["algorithm"], row["variant"].partition("@")[2] or "–", row["dtype"], row["kernel"], instance
            found[row["architecture"]][key][row["language"]] = row
    return {architecture: dict(sorted(found[architecture].items())) for architecture in sorted(found, key=by_generation)}


def in_short(architecture, language, pairs):
    """What a language's compiler makes of the kernels that CUDA C++ has too."""
    ratios = [per_flop(other) / per_flop(base) for base, other in pairs]
    registers = [other["registers"] - base["registers"] for base, other in pairs]
    blocks = [other["blocks_per_multiprocessor"] - base["blocks_per_multiprocessor"] for base, other in pairs]
    spilled = sum(other["spill_bytes"] > base["spill_bytes"] for base, other in pairs)
    binds = sum(other.get("bound", {}).get("binds") != base.get("bound", {}).get("binds") for base, other in pairs)
    return (f"* For {architecture}, over {plural(len(pairs), 'kernel')} that both have with the same tile, {TITLES[language]} "
            f"has {geometric_mean(ratios):.3f} of CUDA C++'s instructions per flop in the hot loop (geometric mean; {span(ratios)}), "
            f"and {sum(registers) / len(registers):+.1f} registers on average ({min(registers):+d} to {max(registers):+d}); fewer blocks fit on a multiprocessor "
            f"in {sum(change < 0 for change in blocks)}, more in {sum(change > 0 for change in blocks)}; it spills more in {spilled}; "
            f"another pipe binds the hot loop in {binds}.")


def price_of(languages):
    """"PTX ×1.00, OpenCL C ×2.72": instructions per flop beside CUDA C++'s."""
    if "cuda" not in languages:
        return "–"
    prices = [f"{TITLES[language]} ×{per_flop(languages[language]) / per_flop(languages['cuda']):.2f}" for language in LANGUAGES if language in languages]
    return ", ".join(prices) or "–"


def static_half(binary, paths):
    """Sentences; the price list; and a row for each kernel, architecture and language."""
    saved = saved_kernels(binary, paths)
    lines, shown, prices = [], [], defaultdict(dict)
    for architecture, kernels in saved.items():
        for language in LANGUAGES:
            pairs = [(of["cuda"], of[language]) for of in kernels.values() if {"cuda", language} <= of.keys()]
            if pairs:
                lines.append(in_short(architecture, language, pairs))
        for key, of in kernels.items():
            if len(of) < 2:
                continue
            algorithm, tile, dtype, kernel, _ = key
            prices[key][architecture] = price_of(of)
            shown += [(architecture, f"`{algorithm}`", f"`{kernel}`", tile, dtype, TITLES[language], f"{per_flop(row):.3f}", str(row["registers"]), str(row["spill_bytes"]),
                       str(row["blocks_per_multiprocessor"]), bound(row)) for language, row in sorted(of.items())]
    listed = [(f"`{key[0]}`", f"`{key[3]}`", key[1], key[2], *(own.get(architecture, "–") for architecture in saved))
              for key, own in sorted(prices.items()) if any(price != "–" for price in own.values())]
    return list(saved), lines, listed, shown


def per_flop(row):
    return row["loop_instructions"] / row["loop_flops"]


def bound(row):
    found = row.get("bound", {})
    return f"{found['share']:.2f} of {found['of']}: {found['binds']}" if "share" in found else "–"


def hardware_folders(binary, folders):
    """{hardware as reports name it: folder}; a folder is of one piece of hardware."""
    return {device["hardware"]: folder.name for folder in folders
            for scope in said(binary, "portability", folder, "--format", "json")["scopes"] for device in scope["devices"]}


def findings(binary):
    folders = [folder.relative_to(ROOT) for folder in report_folders()]
    files = Files(report_folders())
    scopes = said(binary, "portability", *folders, "--format", "json")["scopes"]
    folder_of = hardware_folders(binary, folders)
    beside_cuda = {hardware: compared(binary, Path("results") / folder, files) for hardware, folder in sorted(folder_of.items())}
    out = ["### What PTX buys, algorithm and tile alike", ""]
    for hardware, found in beside_cuda.items():
        out += same_algorithm(found, hardware, "ptx")
    out += ["### What portability costs, algorithm and tile alike", ""]
    for hardware, found in beside_cuda.items():
        out += [*same_algorithm(found, hardware, "opencl"), *same_algorithm(found, hardware, "opencl_ptx")]
    out += two_runtimes(binary, files)
    out += ["### What each language reaches", "", *reached(scopes), "", "### What portability costs over devices", "", *over_devices(scopes), ""]
    baselines = [path.relative_to(ROOT) for path in sorted((RESULTS / "static").glob("*.json"))]
    architectures, lines, prices, kernels = static_half(binary, baselines)
    files_said = ", ".join(f"[{path.name}](../{path})" for path in sorted(baselines, key=lambda path: by_generation(path.stem)))
    out += ["### What the compilers make of the same algorithm", "",
            f"For {architectures[0]} to {architectures[-1]}, from {files_said}; these are no times, and take no card. OpenCL C is what clang and libclc make of it: "
            "a proxy for NVIDIA's own compiler.", "", *lines, "",
            "#### The price list", "", "What each language's compiler adds to the same algorithm and tile: instructions per flop in the hot loop, beside CUDA C++'s (×1.00).", "",
            *table(("algorithm", "kernel", "tile", "dtype", *architectures), prices),
            "#### Kernel by kernel", "", "Blocks are those that fit on a multiprocessor at once; \"at most\" is the upper bound of the hot loop, as a share of that pipe's peak, and the pipe that binds.", "",
            *table(("for", "algorithm", "kernel", "tile", "dtype", "language", "instructions per flop", "registers", "spilled bytes", "blocks", "at most"), kernels)]
    out += ["### Cells", "", "The fastest cell of each language for each problem, with its share of the fastest kernel or library there.", "",
            *table(("on", "problem", "variant", "share", "reports"), cells(scopes, files, folder_of))]
    return "\n".join(out).strip()
