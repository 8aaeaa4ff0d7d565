#!/usr/bin/env python3
"""Writes Vega, Vega-Lite and Vega-Embed as one script, out of the wheel vl-convert-python.

  tools/plot_library.py OUTPUT

The script defines `vegaEmbed`, and can stand inside a script element of a page.
"""

import sys
from pathlib import Path

import vl_convert

# The script goes into pages, and with it what its authors ask for.
LICENCE = """/* Vega, Vega-Lite, Vega-Embed, Vega-Tooltip: Copyright (c) 2015 to 2025, University of Washington Interactive Data Lab
and contributors. https://vega.github.io
Redistribution and use in source and binary forms, with or without modification, are permitted provided that the following
conditions are met: 1. Redistributions of source code must retain the above copyright notice, this list of conditions and the
following disclaimer. 2. Redistributions in binary form must reproduce the above copyright notice, this list of conditions and
the following disclaimer in the documentation and/or other materials provided with the distribution. 3. Neither the name of the
copyright holder nor the names of its contributors may be used to endorse or promote products derived from this software without
specific prior written permission.
THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT
NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL
THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES
(INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS
INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE
OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
D3: Copyright 2010 to 2023 Mike Bostock, ISC licence. https://d3js.org */
"""


def main(output):
    script = vl_convert.javascript_bundle("globalThis.vegaEmbed = vegaEmbed;")
    # What would end the element, or begin a comment in it. Inside JavaScript's strings and patterns both mean the same.
    for mark in ("</script", "<!--"):
        script = script.replace(mark, mark[0] + "\\" + mark[1:])
    Path(output).write_text(LICENCE + script)


if __name__ == "__main__":
    main(*sys.argv[1:])
