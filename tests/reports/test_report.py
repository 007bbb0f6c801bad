"""The report holds the run's numbers, and needs nothing but itself."""

import re
from pathlib import Path

import pytest

from hyperprune import reports
from hyperprune.errors import RunFolderError
from hyperprune.reports.rows import duration
from hyperprune.search import RunFolder, SearchResult, configure, run

SMALL = {
    "corpus.max_train_tokens": 2000,
    "corpus.max_vocabulary": 100,
    "model.embedding": 8,
    "model.hidden": 8,
    "recipe.epochs": 3,
    "spectrum.batch": 2,
    "spectrum.steps": 5,
    "search.candidates": 4,
}


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunFolder, SearchResult]:
    folder = RunFolder(tmp_path_factory.mktemp("report") / "run")
    return folder, run(configure("demo", None, SMALL), folder.path)


def test_page_holds_the_results(searched: tuple[RunFolder, SearchResult]) -> None:
    folder, result = searched
    page = reports.write(folder).read_text(encoding="utf-8")
    for network in (result.dense.final, *(c.final for c in result.finalists)):
        assert network is not None
        assert f"{network.valid_perplexity:.2f}" in page
        assert f"{network.test_perplexity:.2f}" in page
        assert f"{network.live:,}" in page
    assert f"max_vocabulary = {100}" in page


def test_page_asks_for_nothing_from_elsewhere(searched: tuple[RunFolder, SearchResult]) -> None:
    page = reports.write(searched[0]).read_text(encoding="utf-8")
    assert not re.findall(r'(?:src|href)="(?!#)[^"]*"', page.replace('xlink:href="#', 'xlink:href="#'))
    assert "@import" not in page
    assert "url(" not in page.replace("url(#", "")


def test_figures_are_pictures(searched: tuple[RunFolder, SearchResult]) -> None:
    folder = searched[0]
    reports.write(folder)
    names = {path.stem for path in (folder.path / "figures").glob("*.png")}
    assert {"perplexity", "rounds", "spectra", "distance"} <= names
    for path in (folder.path / "figures").glob("*.png"):
        assert path.read_bytes().startswith(b"\x89PNG")


def test_unfinished_search_says_how_to_go_on(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    with folder.held(configure("demo", None, SMALL)):
        pass
    with pytest.raises(RunFolderError, match="give its hyperprune search command again"):
        reports.write(folder)


@pytest.mark.parametrize(
    ("seconds", "words"), [(3.21, "3.2 s"), (59.96, "60.0 s"), (61, "1 min 01 s"), (7322, "2 h 02 min")]
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words
