"""The site's generated pages are current, its pictures small, and what it tells people to type runs."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from hyperprune.search import configure

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
# Pages whose examples run elsewhere, or that are a transcript.
_OTHERS = {"lyapunov.md", "sparse-training.md", "results.md", "first-ten-minutes.md"}
PAGES = sorted(path.name for path in DOCS.glob("*.md") if path.name not in _OTHERS)


def blocks(page: str, language: str) -> list[str]:
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.S | re.M)


def test_generated_pages_are_current() -> None:
    """In a process of its own, because other tests register rules."""
    script = DOCS / "scripts" / "write_reference.py"
    done = subprocess.run(
        [sys.executable, str(script), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_pictures_exist_and_are_small() -> None:
    named = {
        name for path in DOCS.glob("*.md") for name in re.findall(r"\]\((images/[^)]+)\)", path.read_text())
    }
    assert named
    for name in named:
        assert (DOCS / name).stat().st_size < 300_000, name


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.toml")), ids=lambda path: path.name)
def test_example_configurations_are_valid(path: Path) -> None:
    """As far as they can be checked without their text."""
    assert configure(None, path).search.candidates > 0


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python") or blocks(page, "sh")])
def test_examples_run(page: str, tmp_path: Path) -> None:
    """Shell lines first, then the blocks of Python one after the other, as a reader would type them."""
    for line in "".join(blocks(page, "sh")).splitlines():
        words = shlex.split(line, comments=True)
        assert words[0] == "hyperprune"
        _run([sys.executable, "-m", *words], tmp_path)
    _run([sys.executable, "-c", "\n".join(blocks(page, "python"))], tmp_path)


def _run(command: list[str], place: Path) -> None:
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
