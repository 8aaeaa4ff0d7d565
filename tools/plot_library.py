#!/usr/bin/env python3
"""Writes Vega, Vega-Lite and Vega-Embed as one script, out of the wheel vl-convert-python.

  tools/plot_library.py OUTPUT

The script defines `vegaEmbed`, and can stand inside a script element of a page.
"""

import sys
from pathlib import Path

import vl_convert

LICENCE = """/* Vega, Vega-Lite, Vega-Embed, Vega-Tooltip: Copyright (c) University of Washington Interactive Data Lab and
contributors, BSD-3-Clause; D3: Copyright Mike Bostock, ISC. https://github.com/vega */
"""


def main(output):
    script = vl_convert.javascript_bundle("globalThis.vegaEmbed = vegaEmbed;")
    # What would end the element, or begin a comment in it. Inside JavaScript's strings and patterns both mean the same.
    for mark in ("</script", "<!--"):
        script = script.replace(mark, mark[0] + "\\" + mark[1:])
    Path(output).write_text(LICENCE + script)


if __name__ == "__main__":
    main(*sys.argv[1:])
