"""docs/rooms.svg: the layers and the rooms of the harness, and what each includes, read from the tree."""

import re
import sys
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/layout"))
from sources import ROOMS, files, includes  # noqa: E402

NAMES = ("backends", "kernels", *ROOMS)
STEP, LEFT, TOP = 28, 104, 20
STYLE = """
  text { font: 13px sans-serif; fill: #1f2328 }
  .name { text-anchor: end; font-weight: 600 }
  .own { fill: #0969da }
  .includes { fill: #57606a }
  .guide { stroke: #d0d7de }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .own { fill: #4493f8 }
    .includes { fill: #9198a1 }
    .guide { stroke: #3d444d }
  }
"""


def room_of(path):
    """The room of a path below the root: harness/base/file.hpp is of base, kernels/row.hpp of kernels."""
    parts = path.split("/")
    return parts[1] if parts[0] == "harness" else parts[0]


def included_by(name):
    folder = name if name in ("backends", "kernels") else f"harness/{name}"
    return {room_of(include) for path in files(folder, "*.hpp", "*.cpp") for include in includes(path)} - {name}


def holds():
    """{room: what it holds}, from the tables of docs/architecture.md."""
    rows = re.findall(r"^\| `(\w+)/?` \| ([^|]+?) \|", (ROOT / "docs/architecture.md").read_text(), flags=re.M)
    return {name: text.replace("`", "") for name, text in rows}


def rooms_svg():
    words = holds()
    height = 2 * TOP + STEP * len(NAMES)
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 860 {height}" role="img">',
             "<title>Layers and rooms: a dot stands below the room that is included</title>", f"<style>{STYLE}</style>"]
    for row, name in enumerate(NAMES):
        x, y = LEFT + STEP * row + STEP // 2, TOP + STEP * row + STEP // 2
        included = included_by(name)
        lines += [f'<line class="guide" x1="{LEFT}" y1="{y}" x2="{x}" y2="{y}"/>',
                  f'<line class="guide" x1="{x}" y1="{y}" x2="{x}" y2="{height - TOP}"/>',
                  f'<text class="name" x="{LEFT - 12}" y="{y + 4}">{name}</text>',
                  f'<rect class="own" x="{x - 9}" y="{y - 9}" width="18" height="18" rx="4"/>',
                  f'<text x="{x + 18}" y="{y + 4}">{escape(words[name])}</text>']
        lines += [f'<circle class="includes" cx="{LEFT + STEP * column + STEP // 2}" cy="{y}" r="5"/>'
                  for column, other in enumerate(NAMES) if other in included]
    return "\n".join([*lines, "</svg>"]) + "\n"
