"""The report holds the run's numbers, and needs nothing but itself."""

import dataclasses
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from hyperprune import reports
from hyperprune.reports import figures
from hyperprune.reports.drawings import early_rankings
from hyperprune.reports.page import render
from hyperprune.reports.pages.svg import svg
from hyperprune.reports.rows import duration
from hyperprune.reports.viewers import as_script
from hyperprune.search import RunFolder, SearchResult

Run = tuple[RunFolder, SearchResult]


@pytest.fixture(scope="module")
def page(written: Path) -> str:
    return written.read_text(encoding="utf-8")


def test_page_holds_the_results(searched: Run, page: str) -> None:
    result = searched[1]
    for network in (result.dense.final, *(c.final for c in result.finalists)):
        assert network is not None
        assert f"{network.valid_score:.2f}" in page
        assert f"{network.test_score:.2f}" in page
        assert f"{network.live:,}" in page
    assert "max_vocabulary = 100" in page


def test_page_holds_every_part(page: str) -> None:
    parts = re.findall(r'<h2 id="([a-z]+)"', page)
    assert parts == [
        "networks",
        "score",
        "rounds",
        "candidates",
        "distance",
        "ranks",
        "spectra",
        "epochs",
        "paths",
        "density",
        "configuration",
        "papers",
    ]


def test_page_asks_for_nothing_from_elsewhere(page: str) -> None:
    """The only addresses are those of the papers, in links that a reader may follow."""

    class Addresses(HTMLParser):
        found: list[tuple[str, str]] = []  # noqa: RUF012  a parser made once, in this test

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            names = ("src", "href", "xlink:href", "srcset", "data", "action")
            self.found += [(tag, value or "") for name, value in attrs if name in names]

    Addresses().feed(page)
    outside = {(tag, a) for tag, a in Addresses.found if not a.startswith("#") and a != "data:,"}
    assert {tag for tag, _ in outside} == {"a"}
    assert "@import" not in page
    assert "url(" not in page.replace("url(#", "")


def test_the_same_run_gives_the_same_page(searched: Run, page: str) -> None:
    """Drawn once more, the figures are those of the page."""
    findings = reports.gather(searched[0])
    with figures.applied():
        assert svg(figures.curves(findings), "score-wide", _label(page)) in page
    again = [render(findings, {}) for _ in range(2)]
    assert again[0] == again[1]


def test_rankings_of_several_brackets_name_theirs(searched: Run, page: str) -> None:
    """Rankings after the same epoch would look alike; a search with one bracket has no such column."""
    findings = reports.gather(searched[0])
    assert ">pool</th>" not in page
    first, *others = findings.rounds
    rounds = (first, first.model_copy(update={"bracket": 1}), *others)
    several = dataclasses.replace(findings, rounds=rounds)
    shown = render(several, {})
    assert ">pool</th>" in shown
    assert "<td>2</td><td>bracket 2</td><td>1</td>" in shown  # second ranking, second bracket, after epoch 1
    assert [ranking.bracket for ranking in early_rankings(several)][:2] == [1, 2]
    assert {ranking.bracket for ranking in early_rankings(findings)} == {None}


def _label(page: str) -> str:
    return re.findall(r'id="figure-score".*?aria-label="([^"]*)"', page, re.DOTALL)[0]


def test_figures_are_pictures(searched: Run, page: str) -> None:
    pictures = list((searched[0].path / "figures").glob("*.png"))
    assert {path.stem for path in pictures} == {
        "score",
        "rounds",
        "distance",
        "ranks",
        "spectra",
        "spectra-by-epoch",
        "paths",
        "density",
    }
    for path in pictures:
        assert path.read_bytes().startswith(b"\x89PNG")


def test_names_inside_figures_do_not_clash(page: str) -> None:
    names = re.findall(r' id="([^"]+)"', page)
    assert len(names) == len(set(names))


def test_every_label_of_a_figure_is_whole(page: str) -> None:
    """Long numbers are shortened in coordinates alone: an axis must not say 3.97 where it means 3.975."""
    labels = re.findall(r"<text[^>]*>([^<]*)</text>", page)
    assert any(label.strip() for label in labels)
    assert not any("DejaVu" in found for found in re.findall(r"<text[^>]*>", page))


def test_what_a_user_wrote_is_text(searched: Run) -> None:
    findings = reports.gather(searched[0])
    corpus = findings.config.corpus.model_copy(update={"source": "<script>alert(1)</script>"})
    config = findings.config.model_copy(update={"corpus": corpus})
    page = render(dataclasses.replace(findings, config=config), {})
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert "</script" not in as_script({"name": "</script>"})


@pytest.mark.parametrize(
    ("seconds", "words"), [(3.21, "3.2 s"), (59.96, "60.0 s"), (61, "1 min 01 s"), (7322, "2 h 02 min")]
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words
