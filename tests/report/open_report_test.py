"""Opens a report.html in headless Chromium: no console message, every SVG drawn, nothing wider than the window, in light and dark and
at the width of a phone. Usage: open_report_test.py REPORT.html OUT_PREFIX   (writes OUT_PREFIX_{light,dark,narrow}.png)

Exit 77 without Chromium, a failure instead under LITEQAT_REQUIRE_ORACLES=1.
"""
import html
import html.parser
import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile

PROBE = """<script>addEventListener('load', function () {
  var empty = [], wide = [], tiny = [];
  document.querySelectorAll('svg').forEach(function (svg, i) {
    var box = svg.getBoundingClientRect(), drawn = svg.querySelectorAll('line,rect,circle,path,text').length;
    if (svg.closest('details:not([open])')) return;
    if (box.width < 20 || box.height < 8 || !drawn) empty.push(i);
  });
  document.querySelectorAll('section *').forEach(function (node) {
    if (node.closest('svg,.scroll')) return;
    var box = node.getBoundingClientRect();
    if (box.right > innerWidth + 1) wide.push(node.tagName + '.' + node.className);
  });
  document.querySelectorAll('img').forEach(function (img) { if (!img.naturalWidth) empty.push(img.alt); });
  document.body.setAttribute('data-probe', JSON.stringify({
    empty: empty, wide: wide, svgs: document.querySelectorAll('svg').length, overflow: document.documentElement.scrollWidth - innerWidth,
    dark: matchMedia('(prefers-color-scheme: dark)').matches, ground: getComputedStyle(document.body).backgroundColor, inner: innerWidth }));
});</script>"""


def find_chromium():
    for name in (os.environ.get("LITEQAT_CHROMIUM"), "chromium", "chromium-browser", "google-chrome"):
        if name and shutil.which(name):
            return shutil.which(name)
    reason = "chromium is not installed (apt-get install chromium, or set LITEQAT_CHROMIUM)"
    if os.environ.get("LITEQAT_REQUIRE_ORACLES") == "1":
        sys.exit(f"FAILED: {reason}")
    print(f"SKIPPED: {reason}")
    sys.exit(77)


class Browser:
    def __init__(self, program, profile):
        self.program, self.profile = program, profile

    def run(self, page, *flags, dark=False):
        """stdout and the console messages."""
        command = [self.program, "--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--hide-scrollbars",
                   "--disable-background-networking", "--no-first-run", f"--user-data-dir={self.profile}",
                   f"--blink-settings=preferredColorScheme={0 if dark else 1}", *flags, page.resolve().as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=100)
        assert done.returncode == 0, f"chromium exit {done.returncode}: {done.stderr[-2000:]}"
        return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def probe(browser, page, folder, width, dark):
    """What the browser made of the page: a copy without the content policy and with a measuring script."""
    text = page.read_text(encoding="utf-8")
    text, removed = re.subn(r'<meta http-equiv="Content-Security-Policy"[^>]*/>', "", text)
    assert removed == 1, "the report has no content policy"
    copy = folder / "probe.html"
    copy.write_text(text.replace("</body>", PROBE + "</body>"), encoding="utf-8")
    dom, console = browser.run(copy, f"--window-size={width},2000", "--dump-dom", dark=dark)
    assert not console, console
    found = re.search(r'data-probe="([^"]*)"', dom)
    assert found, "the measuring script did not run"
    return json.loads(html.unescape(found.group(1)))


def png_size(path):
    header = path.read_bytes()[:24]
    assert header[12:16] == b"IHDR", path
    return struct.unpack(">II", header[16:24])


def check_self_contained(page):
    """No address but data: and fragments, and no script."""
    class Collector(html.parser.HTMLParser):
        def handle_starttag(self, tag, attributes):
            assert tag not in ("script", "iframe", "object", "embed", "base"), tag
            for name, value in attributes:
                assert not name.startswith("on"), (tag, name)
                if name in ("src", "href", "xlink:href", "srcset", "action"):
                    assert value.startswith(("data:", "#")), (tag, name, value[:80])
    text = page.read_text(encoding="utf-8")
    Collector().feed(text)
    assert "url(" not in text and "@import" not in text


def check_detection(browser, folder):
    """A page with a fault must be noticed, or the checks above mean nothing."""
    faulty = folder / "faulty.html"
    faulty.write_text("<!doctype html><script>console.error('seen')</script>")
    _, console = browser.run(faulty, "--dump-dom")
    assert any("seen" in line for line in console), "console messages of this browser are not seen"


def main():
    page, prefix = pathlib.Path(sys.argv[1]), sys.argv[2]
    program = find_chromium()
    check_self_contained(page)
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        browser = Browser(program, folder / "profile")
        check_detection(browser, folder)
        grounds = {}
        for name, width, dark in (("light", 1280, False), ("dark", 1280, True), ("narrow", 500, False)):
            shot = pathlib.Path(f"{prefix}_{name}.png").resolve()
            shot.unlink(missing_ok=True)
            _, console = browser.run(page, f"--window-size={width},5200", f"--screenshot={shot}", dark=dark)
            assert not console, (name, console)
            shot_width, shot_height = png_size(shot)
            assert shot_width == width and shot_height > 1000, (name, shot_width, shot_height)
            seen = probe(browser, page, folder, width, dark)
            assert not seen["empty"] and not seen["wide"] and seen["overflow"] <= 0, (name, seen)
            assert seen["dark"] == dark, (name, seen)
            grounds[name] = seen["ground"]
            print(f"{name}: {seen['svgs']} SVGs drawn, window {seen['inner']} px, ground {seen['ground']}, {shot}")
        brightness = {name: sum(int(part) for part in re.findall(r"\d+", ground)[:3]) for name, ground in grounds.items()}
        assert brightness["light"] == brightness["narrow"] > 600 and brightness["dark"] < 150, grounds


if __name__ == "__main__":
    main()
