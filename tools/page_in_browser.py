#!/usr/bin/env python3
"""A page of HTML in Chromium without a window: how long it takes to open, and pictures of it.

    tools/page_in_browser.py time PAGE [--runs 5]
    tools/page_in_browser.py picture PAGE OUT.png [--width 390] [--height 844] [--dark] [--print] [--at TITLE]

The browser is driven through a pipe (Chrome DevTools Protocol), so it takes this interpreter and nothing else."""

import argparse
import base64
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
         "--disable-background-networking", "--disable-component-update", "--remote-debugging-pipe"]
# When the first screen is painted, when all of it can be read and used, and when each plot is drawn; milliseconds since the
# page was asked for.
MARKS = """(() => {
  const at = Object.fromEntries(performance.getEntriesByType("mark").map((mark) => [mark.name, mark.startTime]));
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  return {painted: paint && paint.startTime, ...at};
})()"""

# Of the page that was asked for, not of the one before it; one without plots is open when it is loaded.
IS_OPEN = """location.protocol === "file:" && performance.getEntriesByType("navigation")[0].loadEventEnd > 0
  && (document.documentElement.dataset.page === "drawn" || !document.querySelector(".plot"))"""


class Browser:
    """One tab. `with Browser() as browser: browser.open(path)`"""

    def __init__(self, width=1100, height=900, dark=False):
        self.width, self.height, self.dark = width, height, dark
        self.number, self.events = 0, []

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        to_browser, self.to = os.pipe()
        self.answers, from_browser = os.pipe()

        def as_three_and_four():
            os.dup2(to_browser, 103)
            os.dup2(from_browser, 104)
            os.dup2(103, 3)
            os.dup2(104, 4)

        self.process = subprocess.Popen([shutil.which("chromium") or "chromium", *FLAGS, f"--user-data-dir={self.folder.name}", "about:blank"],
                                        preexec_fn=as_three_and_four, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_browser)
        os.close(from_browser)
        self.buffer, self.session = b"", None
        target = next(one for one in self.ask("Target.getTargets")["targetInfos"] if one["type"] == "page")
        self.session = self.ask("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        self.ask("Page.enable")
        self.ask("Emulation.setDeviceMetricsOverride", width=self.width, height=self.height, deviceScaleFactor=1, mobile=self.width < 600)
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if self.dark else "light"}])
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        os.close(self.to)
        os.close(self.answers)
        self.folder.cleanup()

    def message(self):
        while b"\0" not in self.buffer:
            more = os.read(self.answers, 1 << 20)
            if not more:
                raise SystemExit("the browser ended")
            self.buffer += more
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def ask(self, method, **parameters):
        self.number += 1
        question = {"id": self.number, "method": method, "params": parameters, **({"sessionId": self.session} if self.session else {})}
        os.write(self.to, json.dumps(question).encode() + b"\0")
        while (answer := self.message()).get("id") != self.number:
            pass
        if "error" in answer:
            raise SystemExit(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def value(self, expression):
        return self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)["result"].get("value")

    def open(self, path, limit_s=60):
        """Until all plots are drawn."""
        self.ask("Page.navigate", url=f"file://{Path(path).resolve()}")
        end = time.monotonic() + limit_s
        while not self.value(IS_OPEN):
            if time.monotonic() > end:
                raise SystemExit(f"{path}: not drawn after {limit_s} s")
            time.sleep(0.05)

    def picture(self, out, title="", whole=False):
        """Of a part by its title, from there on; or of the whole page."""
        top = 0
        if title:
            top = self.value(f"[...document.querySelectorAll('h1, h2')].find((one) => one.textContent.includes({json.dumps(title)})).getBoundingClientRect().top + scrollY")
        height = self.value("document.documentElement.scrollHeight") if whole else self.height
        clip = {"x": 0, "y": max(0, top - 8), "width": self.width, "height": height, "scale": 1}
        Path(out).write_bytes(base64.b64decode(self.ask("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)["data"]))

    def paper(self, out):
        Path(out).write_bytes(base64.b64decode(self.ask("Page.printToPDF", printBackground=False, paperWidth=8.27, paperHeight=11.69)["data"]))


def opening_times(path, runs):
    """Of each run in a fresh browser."""
    times = []
    for _ in range(runs):
        with Browser() as browser:
            browser.open(path)
            times.append(browser.value(MARKS))
    return times


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["time", "picture"])
    parser.add_argument("page")
    parser.add_argument("out", nargs="?")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--width", type=int, default=1100)
    parser.add_argument("--height", type=int, default=900)
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--print", action="store_true", help="OUT is a PDF of A4")
    parser.add_argument("--at", default="", help="from the heading that holds this text")
    parser.add_argument("--whole", action="store_true", help="the page to its end")
    given = parser.parse_args()
    if given.what == "time":
        times = opening_times(given.page, given.runs)
        for name in times[0]:
            values = [one[name] for one in times]
            print(f"{name}: {statistics.median(values):.0f} ms ({min(values):.0f} to {max(values):.0f}, {given.runs} runs)")
        return
    with Browser(given.width, given.height, given.dark) as browser:
        browser.open(given.page)
        if given.print:
            browser.paper(given.out)
        else:
            browser.picture(given.out, given.at, given.whole)


if __name__ == "__main__":
    main()
