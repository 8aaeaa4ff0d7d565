"""Every source is as the pinned clang-format writes it, OpenCL C included. `./dev format` makes it so."""

import sys

from sources import ROOT

sys.path.insert(0, str(ROOT / "tools"))
import format as formatter  # noqa: E402


def test_the_pinned_clang_format_is_here():
    assert not formatter.check_binary(), formatter.check_binary()


def test_every_source_is_formatted():
    names = formatter.sources()
    assert any(name.endswith(".cl") for name in names) and any(name.endswith(".cu") for name in names)
    wrong = formatter.unformatted(names) if not formatter.check_binary() else ["nothing could be checked"]
    assert not wrong, "./dev format would change:\n" + "\n".join(wrong)
