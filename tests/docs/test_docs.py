"""The site's generated pages are current, its lines short, and what it tells people to type runs."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hyperprune.search import configure

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
_WIDTH = 110
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


def test_links_lead_to_a_page_and_a_heading() -> None:
    """Also one that was broken at the end of a line, which no build of the site notices."""
    pages = {path.name: path.read_text(encoding="utf-8") for path in DOCS.glob("*.md")}
    slugs = {
        name: {
            re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
            for heading in re.findall(r"^#+ (.+)$", text, re.M)
        }
        for name, text in pages.items()
    }
    lost = []
    for name, text in pages.items():
        prose = re.sub(r"^```.*?^```$", "", text, flags=re.S | re.M)
        for target in re.findall(r"\]\(([^)]+)\)", prose):
            page, _, heading = target.partition("#")
            here = "/" not in page and (not page or page.endswith(".md"))
            known = heading in slugs.get(page or name, set()) | {""} and (DOCS / page).exists()
            if re.search(r"\s", target) or (here and not known):
                lost.append(f"{name}: {target}")
    assert not lost


def test_lines_of_prose_are_short() -> None:
    """At most 110 columns, except for code, tables and lines that are one link or picture."""
    long = [
        f"{path.name}:{number}"
        for path in [*sorted(DOCS.glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
        for number, line in _prose(path.read_text(encoding="utf-8"))
        if len(line) > _WIDTH
    ]
    assert not long


def _prose(text: str) -> Iterator[tuple[int, str]]:
    """The numbered lines that may be wrapped."""
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        fence = line.lstrip().startswith("```")
        inside ^= fence
        one_link = re.fullmatch(r"\s*([*-] )?!?\[[^\]]*\]\([^)]*\)[.,:;]?", line)
        if not (inside or fence or line.lstrip().startswith("|") or one_link):
            yield number, line


def test_every_page_is_in_the_order_of_the_site() -> None:
    """In the navigation and on the first page, in the same order."""
    site = re.findall(r"^ +- .*: (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.M)
    first = re.findall(r"^\* \[.*?\]\((\S+\.md)\)", (DOCS / "index.md").read_text(encoding="utf-8"), re.M)
    assert site == ["index.md", *first]
    assert sorted(site) == sorted(path.name for path in DOCS.glob("*.md"))


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
