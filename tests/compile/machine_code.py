"""Machine code of the build's own kernels: functions, their instructions, where each goes on to, and their loops.

Written apart from harness/explain, which a fault in the reading of machine code would otherwise hide in both.
"""

import json
import re
import subprocess
from dataclasses import dataclass, field
from functools import cached_property

INSTRUCTION_BYTES = 16
ARITHMETIC = re.compile(r"[HIQDB]G?MMA|[FHD](FMA2?|ADD2?|MUL2?)|FFMA2?|FADD2?|FMUL2?|DFMA")


@dataclass(frozen=True)
class Instruction:
    predicate: str
    opcode: str
    operands: str

    @property
    def mnemonic(self):
        return self.opcode.split(".")[0]

    @property
    def may_go_on(self):
        """To the next instruction."""
        falls = self.mnemonic not in ("BRA", "JMP", "EXIT", "RET", "BRX")
        return falls or bool(self.predicate) or re.match(r"!?U?P", self.operands) is not None

    def __str__(self):
        return " ".join(filter(None, (self.predicate, self.opcode, self.operands)))


@dataclass
class Function:
    name: str
    start: int
    code: list = field(repr=False)

    @cached_property
    def successors(self):
        out = []
        for at, instruction in enumerate(self.code):
            to = {at + 1} if instruction.may_go_on else set()
            target = re.search(r"0x([0-9a-f]+)$", instruction.operands)
            if instruction.mnemonic in ("BRA", "JMP") and target:
                to.add((int(target[1], 16) - self.start) // INSTRUCTION_BYTES)
            out.append(sorted(i for i in to if 0 <= i < len(self.code)))
        return out

    @cached_property
    def loops(self):
        """Sets of instructions that reach each other again: the natural loop of each back edge, one a header."""
        before = [[] for _ in self.code]
        for at, following in enumerate(self.successors):
            for to in following:
                before[to].append(at)
        dominators = self._dominators(before)
        found = {}
        for tail, headers in enumerate(self.successors):
            for header in headers:
                if tail not in dominators or not self._dominates(dominators, header, tail):
                    continue
                members, open_ = found.setdefault(header, {header}), [tail]
                while open_:
                    at = open_.pop()
                    if at not in members:
                        members.add(at)
                        open_ += [b for b in before[at] if b in dominators]
        return [found[header] for header in sorted(found)]

    def _dominators(self, before):
        """{instruction: its immediate dominator} (Cooper, Harvey and Kennedy, A Simple, Fast Dominance Algorithm)."""
        order, seen, stack = [], {0}, [(0, iter(self.successors[0]))]
        while stack:
            at, rest = stack[-1]
            following = next((to for to in rest if to not in seen), None)
            if following is None:
                order.append(at)
                stack.pop()
            else:
                seen.add(following)
                stack.append((following, iter(self.successors[following])))
        order.reverse()
        place = {at: i for i, at in enumerate(order)}
        above, changed = {0: 0}, True
        while changed:
            changed = False
            for at in order[1:]:
                new = None
                for other in (b for b in before[at] if b in above):
                    if new is None:
                        new = other
                        continue
                    while new != other:
                        while place[new] > place[other]:
                            new = above[new]
                        while place[other] > place[new]:
                            other = above[other]
                if above.get(at) != new:
                    above[at], changed = new, True
        return above

    @staticmethod
    def _dominates(above, header, at):
        while at != header and at != 0:
            at = above[at]
        return at == header

    def works(self, members):
        return any(ARITHMETIC.fullmatch(self.code[i].mnemonic) for i in members)


def functions_of(machine_file, cuobjdump, nvdisasm, folder):
    """Of each kernel that an object file of the build holds."""
    subprocess.run([cuobjdump, "-xelf", "all", machine_file], cwd=folder, check=True, capture_output=True)
    for cubin in sorted(folder.glob("*.cubin")):
        text = subprocess.run([nvdisasm, "-json", cubin], check=True, capture_output=True, text=True).stdout
        for entry in json.loads(text)[1]:
            code = [Instruction(row.get("predicate", ""), row["opcode"], row.get("operands", ""))
                    for row in entry["sass-instructions"]]
            yield Function(entry["function-name"], entry.get("start", 0), code)
