"""The wrappers of kernels/common/ptx/, and what each emits, in the names of its own parameters. `result` is what it
returns, `own` a register that is neither.

Each wrapper is called by a kernel of its own, whose parameters are the wrapper's. nvcc's PTX holds the asm text with
registers in it; following these back to the kernel's parameters, and forward to where results are stored, gives the
instruction as the manual writes it: `mbarrier.init.shared.b64 [barrier], count;`.
"""

import re
from dataclasses import dataclass

REGISTER = re.compile(r"%[a-z]+\d+")
BYTES = {"std::uint64_t": 8, "std::uint32_t": 4, "std::int32_t": 4, "int": 4, "float": 4, "std::uint16_t": 2}


@dataclass(frozen=True)
class Parameter:
    type: str
    name: str
    extent: int = 0  # of an array

    @property
    def element(self):
        return self.type.removeprefix("const ")

    @property
    def is_result(self):
        return self.extent > 0 and not self.type.startswith("const ")


@dataclass(frozen=True)
class Wrapper:
    header: str
    name: str
    template: str  # its parameters, as written
    result: str
    parameters: tuple


def matching(text, start):
    """Behind the bracket that closes the one at `start`."""
    depth = 0
    for at in range(start, len(text)):
        depth += text[at] in "(<"
        depth -= text[at] in ")>"
        if depth == 0:
            return at + 1
    raise ValueError(text[start:start + 80])


def split_top(text):
    """At the commas outside brackets."""
    parts, depth, begin = [], 0, 0
    for at, letter in enumerate(text):
        depth += letter in "(<["
        depth -= letter in ")>]"
        if letter == "," and depth == 0:
            parts.append(text[begin:at])
            begin = at + 1
    return [part.strip() for part in [*parts, text[begin:]] if part.strip()]


def parameter(text):
    text = " ".join(text.split("=")[0].split())
    if array := re.fullmatch(r"(.*) \(&(\w+)\)\[(\d+)\]", text):
        return Parameter(array[1], array[2], int(array[3]))
    kind, name = re.fullmatch(r"(.*?)\s*(\w+)", text).groups()
    return Parameter(kind.strip(), name)


def wrappers_of(folder):
    """Every function of the folder's headers, in their order."""
    found = []
    for header in sorted(folder.glob("*.cuh")):
        text = re.sub(r"//.*", "", header.read_text())
        for function in re.finditer(r"__device__ __forceinline__ ([\w:]+)\s+(\w+)\(", text):
            given = text[function.end() - 1:matching(text, function.end() - 1)][1:-1]
            before = text[:function.start()].rstrip()
            template = ""
            if before.endswith(">"):
                template = before[before.rindex("template <") + len("template <"):-1]
            parameters = tuple(p for p in map(parameter, split_top(given)) if p.type != "Where")
            found.append(Wrapper(header.name, function[2], template, function[1], parameters))
    return found


def kernel_of(wrapper, name, arguments=""):
    """CUDA C++ of a kernel that calls the wrapper, its template arguments being `arguments`."""
    given, before, called, after = [], [], [], []
    for p in wrapper.parameters:
        if p.extent:
            given.append(f"const {p.element}* {p.name}")
            before.append(f"{p.element} array_{p.name}[{p.extent}]; "
                          f"for (int i = 0; i < {p.extent}; ++i) array_{p.name}[i] = {p.name}[i];")
            called.append(f"array_{p.name}")
            if p.is_result:
                given.append(f"{p.element}* result_{p.name}")
                after.append(f"for (int i = 0; i < {p.extent}; ++i) result_{p.name}[i] = array_{p.name}[i];")
        elif p.type == "const TensorMap&":
            given.append(f"const __grid_constant__ stele::TensorMap {p.name}")
            called.append(p.name)
        elif p.type == "bool":
            given.append(f"std::uint32_t {p.name}")
            called.append(f"{p.name} != 0")
        else:
            given.append(f"{p.type} {p.name}")
            called.append(p.name)
    call = f"stele::ptx::{wrapper.name}{arguments}({', '.join(called)})"
    if wrapper.result != "void":
        stored = "std::uint32_t" if wrapper.result == "bool" else wrapper.result
        given.append(f"{stored}* result")
        call = f"*result = {call}"
    return (f'extern "C" __global__ void {name}({", ".join(given)}) {{\n    ' +
            "\n    ".join([*before, call + ";", *after]) + "\n}\n")


class Trace:
    """What the registers of one kernel hold, by the names of its parameters."""

    def __init__(self, wrapper, parameters):
        self.wrapper, self.parameters = wrapper, parameters
        self.holds, self.alias = {}, {}

    def element(self, pointer, offset):
        """`pointer` leads to an array of the wrapper, or to its result."""
        if pointer == "result":
            return f"result.{'xyzw'[offset // 4]}" if self.wrapper.result in ("uint2", "uint4") else "result"
        name = pointer.removeprefix("result_")
        array = next(p for p in self.wrapper.parameters if p.name == name)
        return f"{name}[{offset // BYTES[array.element]}]"

    def loaded(self, address, count, width):
        """Names of `count` values of `width` bytes from there on."""
        base, offset = re.fullmatch(r"([%\w]+)(?:\+(\d+))?", address).groups()
        offset = int(offset or 0)
        if base in self.parameters:
            name = self.parameters[base]
            whole = next((p for p in self.wrapper.parameters if p.name == name and p.type in ("uint4", "uint2")), None)
            return [f"{name}.{'xyzw'[(offset + i * width) // 4]}" if whole else name for i in range(count)]
        return [self.element(self.name(base), offset + i * width) for i in range(count)]

    def step(self, line):
        line = line.strip().strip("{} ;\t")
        if load := re.fullmatch(r"ld\.(?:param|global)\S*?\.[a-z](\d+)\s+(.*), \[(.*)\]", line):
            registers = re.findall(r"%\w+", load[2])
            for register, name in zip(registers, self.loaded(load[3], len(registers), int(load[1]) // 8)):
                self.holds[register] = name
        elif store := re.fullmatch(r"st\.global\S*?\.[a-z](\d+)\s+\[(%\w+)(?:\+(\d+))?\], (.*)", line):
            for i, register in enumerate(re.findall(r"%\w+", store[4])):
                offset = int(store[3] or 0) + i * int(store[1]) // 8
                self.holds[self.origin(register)] = self.element(self.name(store[2]), offset)
        elif move := re.fullmatch(r"(?:mov|cvta?|setp|selp)\.\S*\s+(%\w+), (.*)", line):
            parameter = self.parameters.get(move[2])
            registers = re.findall(r"%\w+", move[2])
            if parameter:
                self.holds[move[1]] = parameter
            elif registers:
                # selp makes a number of its last operand, a predicate.
                self.alias[move[1]] = self.origin(registers[-1])

    def origin(self, register):
        return self.alias.get(register, register)

    def name(self, register):
        return self.holds.get(self.origin(register), register)


def emitted(ptx, name, wrapper):
    """The asm text of kernel `name`, white space folded, registers named."""
    body = re.search(rf"\.entry {name}\((.*?)\)[^{{]*\{{(.*?)\n\n\}}", ptx, re.S)
    order = re.findall(rf"{name}_param_\d+", body[1])
    names = []
    for p in wrapper.parameters:
        names.append(p.name)
        if p.is_result:
            names.append(f"result_{p.name}")
    names.append("result")
    trace = Trace(wrapper, dict(zip(order, names)))
    texts, read = [], {}
    lines = iter(body[2].splitlines())
    for line in lines:
        if "begin inline asm" not in line:
            trace.step(line)
            continue
        text = []
        while "end inline asm" not in (line := next(lines)):
            text.append(line)
        texts.append(" ".join(" ".join(text).split()))
        read.update({register: trace.name(register) for register in REGISTER.findall(texts[-1])})

    def named(match):
        """A register that is written has its name from what is stored later; one that is read and written, both."""
        before, after = read[match[0]], trace.name(match[0])
        if after == match[0]:
            return "own"
        return after if before in (match[0], after) else f"{before} → {after}"

    # A label has a number of its own wherever it is used.
    return re.sub(r"\b(again)_\d+", r"\1", REGISTER.sub(named, " ".join(texts)))
