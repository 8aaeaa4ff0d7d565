"""Single-line mutants of C++ and OpenCL C: where they are possible, and their text."""

import re

# What is looked for, and what stands there instead. Order matters: the first that matches at a place is taken.
CHANGES = [
    (r"<=", ["<", "=="]), (r">=", [">", "=="]), (r"==", ["!="]), (r"!=", ["=="]),
    (r"&&", ["||"]), (r"\|\|", ["&&"]),
    (r"(?<=\s)<(?=\s)", ["<=", ">"]), (r"(?<=\s)>(?=\s)", [">=", "<"]),
    (r"\+=", ["-="]), (r"-=", ["+="]), (r"\+\+", ["--"]),
    (r"(?<=\s)\+(?=\s)", ["-"]), (r"(?<=\s)-(?=\s)", ["+"]), (r"(?<=\s)\*(?=\s)", ["/"]),
    (r"(?<=\s)/(?=\s)", ["*"]), (r"(?<=\s)%(?=\s)", ["/"]),
    (r"\btrue\b", ["false"]), (r"\bfalse\b", ["true"]),
    (r"\bmin\b(?=\()", ["max"]), (r"\bmax\b(?=\()", ["min"]),
    (r"(?<=if \()(?=[^)]*\)\s*(?:return|throw|continue|break))", ["!("]),
    (r"(?<![\w.'\"])\d+(?![\w.'\"])", None),  # a whole number: one more
    (r"^\s*[\w.\->]+\([^{}]*\);$", [""]),   # a call for its effect: left out
]
DECIDES = re.compile(r"\b(return|if|for|while)\b|\?|[-+|&*]=")
UNREAD = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])\'|//.*$|/\*.*?\*/')
NOT_CODE = re.compile(r"^\s*(#|//|/\*|\*|static_assert|using |namespace |template|extern |friend )")


def blanked(line):
    """The line with comments and what is in quotes as spaces, so that places stay where they are."""
    return UNREAD.sub(lambda found: " " * len(found.group()), line)


def mutants_of_line(line):
    """Every changed form of a line, with what was changed."""
    if NOT_CODE.match(line):
        return []
    code, found, taken = blanked(line), [], set()
    for pattern, replacements in CHANGES:
        for place in re.finditer(pattern, code):
            span = set(range(place.start(), place.end())) or {place.start()}
            if span & taken:
                continue
            taken |= span if place.end() - place.start() <= 2 else set()
            old = place.group()
            if pattern.startswith("^") and (old.count("(") != old.count(")") or len(old) - len(old.lstrip()) < 4):
                continue  # a piece of a statement, or a declaration
            for new in replacements if replacements is not None else [str(int(old) + 1)]:
                changed = line[:place.start()] + new + line[place.end():]
                if new == "!(":  # the whole condition, up to its own parenthesis
                    changed = negated(line, place.start())
                if changed is not None and changed != line:
                    found.append((f"{old.strip() or 'if'} -> {new or 'nothing'}"[:60], changed))
    return found


def negated(line, start):
    depth = 1
    for at in range(start, len(line)):
        depth += {"(": 1, ")": -1}.get(line[at], 0)
        if depth == 0:
            return f"{line[:start]}!({line[start:at]}){line[at:]}"
    return None


def mutants_of_text(text, is_header=False):
    """(line number from 1, what, the line as it becomes), outside of block comments and raw strings. Of a header only
    lines that do something: another default of a field that everybody sets would be the same program."""
    found, inside = [], None
    for number, line in enumerate(text.splitlines(), 1):
        if inside is None and re.search(r"/\*(?!.*\*/)", line):
            inside = "*/"
        elif inside is None and (opened := re.search(r'R"(\w*)\(', line)) and f"){opened.group(1)}\"" not in line:
            inside = f"){opened.group(1)}\""
        elif inside is not None:
            inside = None if inside in line else inside
        elif not is_header or DECIDES.search(blanked(line)):
            found += [(number, what, changed) for what, changed in mutants_of_line(line)]
    return found
