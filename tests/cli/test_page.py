"""Pages of HTML in a browser without a window: every plot drawn, no error, nothing asked of a network, no text that becomes markup."""

import copy
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest
from conftest import SOURCE

CHROMIUM = shutil.which("chromium")
EPYC = SOURCE / "results/epyc/2026-11-28-7ac46227ade8.json"
HOSTILE = "</script><img src=x onerror=\"document.title='broken'\"><!--"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine; ./dev test installs it")


class Page(HTMLParser):
    """What a browser has made of a page: its elements, and what it complained about."""

    def __init__(self, path, width=1100):
        super().__init__()
        done = subprocess.run(
            [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--enable-logging=stderr",
             f"--user-data-dir={path.parent / 'browser'}", f"--log-net-log={path.with_suffix('.net')}", f"--window-size={width},900",
             "--virtual-time-budget=20000", "--dump-dom", f"file://{path}"], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        self.complaints = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
        self.elements = []
        self.text = self.plot_text = ""
        self.feed(done.stdout)
        # A browser asks for things of its own too; those have no page that began them.
        self.requests = set(re.findall(r'"initiator":"(?!not an origin)[^"]*".*?"url":"([^"]+)"',
                                       path.with_suffix(".net").read_text()))

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data
        if self.elements and self.elements[-1][0] in ("text", "tspan"):
            self.plot_text += data + "\n"

    def all(self, tag, **wanted):
        return [attributes for found, attributes in self.elements
                if found == tag and all(attributes.get(name.replace("_", "-")) == value for name, value in wanted.items())]

    def links(self):
        """Where marks of plots lead to on the page, by the rows that they are drawn from: the DOM knows clicks alone."""
        return set(re.findall(r'"link":"#([^"]*)"', self.text))

    def ids(self):
        return {attributes["id"] for _, attributes in self.elements if "id" in attributes}

    def plots(self):
        return [attributes for _, attributes in self.elements if "data-specification" in attributes]


def opened(path, at_least, width=1100):
    page = Page(path, width)
    assert page.complaints == [] and page.requests == set()
    if "built without the wheel" in page.text:
        assert not page.plots() and page.all("table")
        pytest.skip("this build has no Vega-Lite; ./dev test installs its wheel")
    assert page.all("html", data_page="drawn")
    plots = page.plots()
    assert len(plots) >= at_least and all(plot.get("data-drawn") == "yes" for plot in plots), plots
    assert len([svg for svg in page.all("svg") if "marks" in svg.get("class", "")]) == len(plots)
    assert page.links() and page.links() <= page.ids()
    return page


def test_a_request_of_a_page_would_be_seen(tmp_path):
    (tmp_path / "asks.html").write_text("<html><img src='http://127.0.0.1:9/x.png'></html>")
    assert Page(tmp_path / "asks.html").requests == {"http://127.0.0.1:9/x.png"}


def test_a_report_is_drawn(stele):
    stele("report", EPYC, "--format", "html", "--out", "page.html")
    page = opened(stele.folder / "page.html", at_least=5)
    marks = [path for path in page.all("path") if path.get("aria-roledescription") == "point"]
    cells = [m for m in json.loads(EPYC.read_text())["measurements"] if "timing" in m]
    assert len(marks) >= len(cells)
    assert len([row for row in page.all("tr") if row.get("id", "").startswith("cell-")]) == len(cells)
    assert "OpenCL C" in page.text and "Not run" in page.text


def test_comparisons_and_histories_are_drawn(stele):
    (stele.folder / "compared").mkdir()
    (stele.folder / "past").mkdir()
    old = SOURCE / "results/epyc/2026-11-28-3178a9b26d1b.json"
    (stele.folder / "compared/page.html").write_text(
        stele("compare", old, EPYC, "--allow", "timer", "--format", "html", code=None).stdout)
    assert {link.split("-")[0] for link in opened(stele.folder / "compared/page.html", at_least=1).links()} == {"compared"}
    for path in (old, EPYC):
        shutil.copy(path, stele.folder / "past")
    stele("history", "past", "*/vendor.*", "--no-change-points", "--format", "html", "--out", "page.html")
    assert {link.split("-")[0] for link in opened(stele.folder / "page.html", at_least=1).links()} == {"run"}


def test_on_a_phone_names_are_whole_and_several_devices_have_their_cascade(stele):
    h200 = SOURCE / "results/h200/2026-11-28-6738a58edd48-3.json"
    stele("report", h200, EPYC, "--format", "html", "--out", "page.html")
    page = opened(stele.folder / "page.html", at_least=6, width=390)
    assert "Languages over devices" in page.text and "What differs beside the language" in page.text
    # What a browser cuts of a plot's text ends so.
    names = ("gemm m=4096 n=4096 k=4096 f32", "OpenCL C")
    for shown in (page, opened(stele.folder / "page.html", at_least=6)):
        assert "…" not in shown.plot_text and all(name in shown.plot_text.splitlines() for name in names)
    (stele.folder / "page.html").write_text(stele("portability", h200, EPYC, "--format", "html").stdout)
    assert {link.split("-")[0] for link in opened(stele.folder / "page.html", at_least=1).links()} == {"cascade"}


def many_cells(cells):
    """A report of so many timed cells, and in it what nobody should call anything."""
    report = json.loads(EPYC.read_text())
    timed = [m for m in report["measurements"] if "timing" in m and m["operation"] == "gemm"]
    report["measurements"] = []
    while len(report["measurements"]) < cells:
        cell = copy.deepcopy(timed[len(report["measurements"]) % len(timed)])
        cell["variant"] += f"x{len(report['measurements']) // len(timed)}"
        report["measurements"].append(cell)
    report["measurements"][0]["variant"] += HOSTILE
    report["measurements"][1]["algorithm"] += HOSTILE
    report["measurements"].append({**copy.deepcopy(timed[0]), "verdict": {**timed[0]["verdict"], "outcome": "wrong", "reason": HOSTILE}})
    del report["measurements"][-1]["timing"]
    report["environment"].update(cpu=HOSTILE, governor=HOSTILE, revision=HOSTILE)
    for device in report["devices"]:
        device["name"] = HOSTILE
    return report


def test_two_thousand_cells_with_hostile_names_open_and_stay_text(stele):
    (stele.folder / "many.json").write_text(json.dumps(many_cells(2000)))
    stele("report", "many.json", "--format", "html", "--out", "page.html")
    page = opened(stele.folder / "page.html", at_least=3)
    assert page.all("img") == [] and "broken" not in [title for title in page.all("title")]
    assert HOSTILE in page.text
    assert len([row for row in page.all("tr") if row.get("id", "").startswith("cell-")]) == 2001
