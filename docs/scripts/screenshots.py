"""Take the pictures of docs/ from the report of a run: screenshots.py RUN, with Chromium installed."""

import json
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

import chromium
from hyperprune.reports.dashboard import Window, server
from hyperprune.search import RunFolder

IMAGES = Path(__file__).resolve().parents[1] / "images"
LIMIT = 300_000  # bytes


@dataclass(frozen=True)
class Shot:
    """A picture: from the top of one element to the bottom of another.

    Attributes:
        name: of the file.
        first: selector of the element at its top; none for the top of the page.
        last: selector of the element at its bottom.
        width: of the window in pixels.
        dark: on a dark page.
        prepare: script that is run before.
    """

    name: str
    first: str | None
    last: str
    width: int = 1100
    dark: bool = False
    prepare: str = ""


_SLIDE = "((s) => { s.value = 2; s.dispatchEvent(new Event('input')) })(document.getElementById('epoch'))"
SHOTS = (
    Shot("report-light", None, "#figure-score"),
    Shot(
        "candidates",
        "#candidates",
        "#table",
        prepare="[...document.querySelectorAll('#table th button')]"
        ".find((b) => b.textContent.startsWith('first LS')).click()",
    ),
    Shot("ranks", "#distance", "#figure-ranks"),
    Shot(
        "paths",
        "#epochs",
        "#figure-paths",
        prepare=_SLIDE,
    ),
    Shot("density-dark", "#density", "#density-viewer", dark=True),
    Shot("phone", None, "#figure-score", width=390, dark=True),
)
_BORDERS = """(() => {
  const box = (selector) => document.querySelector(selector).getBoundingClientRect();
  const first = %s;
  return [first ? box(first).top + scrollY : 0, box(%s).bottom + scrollY];
})()"""


def take(page: chromium.Page, report: Path, shot: Shot) -> Path:
    """One picture, in a palette of 128 colours, which is enough for a page of text and lines."""
    page.open(report, width=shot.width, dark=shot.dark)
    if shot.prepare:
        page.evaluate(shot.prepare)
        page.settle()
    top, bottom = page.evaluate(_BORDERS % (json.dumps(shot.first), json.dumps(shot.last)))
    target = IMAGES / f"{shot.name}.png"
    page.screenshot(target, part=(0, top, shot.width, bottom - top + 12))
    return _small(target)


def _small(target: Path) -> Path:
    """Its palette cut to 128 colours."""
    with Image.open(target) as picture:
        picture.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(target, optimize=True)
    return target


def dashboard(page: chromium.Page, run: Path) -> Path:
    """The selected candidate in Optuna's dashboard."""
    folder = RunFolder(run.resolve())
    target = IMAGES / "dashboard.png"
    with server(Window(folder), 0) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{listening.server_port}/dashboard/studies/0/trials"
        page.open(f"{address}?numbers={folder.finished().selected}", width=1000, height=1780)
        for _ in range(200):
            if page.evaluate(
                "[...document.images].some(i => i.src.includes('/artifacts/') && i.naturalWidth)"
            ):
                break
            time.sleep(0.1)
        page.settle()
        page.screenshot(target)
        listening.shutdown()
    return _small(target)


def main() -> int:
    """All pictures."""
    browser = chromium.executable()
    report = Path(sys.argv[-1]) / "report.html"
    if browser is None or len(sys.argv) != 2 or not report.is_file():
        print("screenshots.py RUN needs a run folder with a report, and Chromium on the PATH or in CHROMIUM")
        return 2
    IMAGES.mkdir(exist_ok=True)
    with chromium.Page(browser) as page:
        for path in (*(take(page, report, shot) for shot in SHOTS), dashboard(page, report.parent)):
            size = path.stat().st_size
            print(f"{path.name}: {size:,} bytes")
            if size >= LIMIT:
                print(f"{path.name} is too large for the repository: take a smaller part of the page")
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
