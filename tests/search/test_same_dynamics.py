"""Near duplicates in a search: who is left out, what stays the same without them, and reports that agree."""

import shutil
from pathlib import Path

import pytest

from hyperprune import reports
from hyperprune.lyapunov import distance
from hyperprune.reports.page import render
from hyperprune.search import RunFolder, SearchResult, configure, extend, run

SMALL = {
    "corpus.max_train_tokens": 2000,
    "corpus.max_vocabulary": 100,
    "model.embedding": 8,
    "model.hidden": 10,
    "recipe.epochs": 3,
    "recipe.learning_rate": 5.0,
    "spectrum.batch": 2,
    "spectrum.steps": 6,
    "spectrum.warmup": 2,
    "search.candidates": 6,
    "search.startup": 4,
    "search.metric": "loss",
}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunFolder, SearchResult]:
    folder = tmp_path_factory.mktemp("plain") / "run"
    return RunFolder(folder), run(configure("python-docs", None, SMALL), folder)


def _again(plain: tuple[RunFolder, SearchResult], place: Path, radius: float) -> SearchResult:
    """The same candidates, with near duplicates; nothing of their first epochs is trained again."""
    shutil.copytree(plain[0].path, place)
    return extend(place, {"search.near_duplicates": radius})


def test_where_all_spectra_are_the_same_the_best_alone_goes_on(
    plain: tuple[RunFolder, SearchResult], tmp_path: Path
) -> None:
    result = _again(plain, tmp_path / "run", 1e6)
    assert plain[1].rounds[0].same_as == {}
    (only,) = result.rounds
    best, *others = only.ranking
    assert only.ranking == plain[1].rounds[0].ranking
    assert only.promoted == (best,)
    assert only.same_as == dict.fromkeys(others, best)
    assert [c.number for c in result.finalists] == [best]


def test_those_left_out_lie_within_the_radius_of_a_better_one(
    plain: tuple[RunFolder, SearchResult], tmp_path: Path
) -> None:
    """A radius that the nearest pair of the first ranking lies just within, and no other."""
    folder, before = plain
    ranking = before.rounds[0].ranking
    spectra = {number: folder.candidate(number).spectrum(1) for number in ranking}
    apart = {
        (better, worse): distance(spectra[better], spectra[worse], "l2") / len(spectra[better].mean) ** 0.5
        for place, better in enumerate(ranking)
        for worse in ranking[place + 1 :]
    }
    (better, worse), nearest = min(apart.items(), key=lambda item: item[1])
    result = _again(plain, tmp_path / "run", nearest * 1.0001)
    assert result.rounds[0].same_as == {worse: better}
    assert worse not in result.rounds[0].promoted
    expected = [number for number in ranking if number != worse][: len(before.rounds[0].promoted)]
    assert list(result.rounds[0].promoted) == expected
    none = _again(plain, tmp_path / "none", nearest * 0.9999)
    assert none == before


def test_report_of_a_search_that_has_not_ended_leaves_out_the_same(
    plain: tuple[RunFolder, SearchResult], tmp_path: Path
) -> None:
    result = _again(plain, tmp_path / "run", 1e6)
    ended = reports.gather(RunFolder(tmp_path / "run"))
    assert ended.rounds == result.rounds
    (tmp_path / "run" / "result.json").unlink()
    assert reports.gather(RunFolder(tmp_path / "run")).rounds == result.rounds
    page = render(ended, {})
    best, first, *_ = result.rounds[0].ranking
    assert "same spectrum" in page
    assert f"{first} as {best}" in page
