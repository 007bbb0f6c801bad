"""One small search for all tests of reports."""

import shutil
from pathlib import Path

import pytest

from hyperprune import reports
from hyperprune.search import RunFolder, SearchConfig, SearchResult, configure, run

SMALL = {
    "corpus.max_train_tokens": 2000,
    "corpus.max_vocabulary": 100,
    "model.embedding": 8,
    "model.hidden": 8,
    "recipe.epochs": 5,
    "recipe.learning_rate": 5.0,
    "spectrum.batch": 2,
    "spectrum.steps": 5,
    "search.candidates": 9,
    "search.startup": 4,
    "space.death_rate": [0.2, 0.8],
}


@pytest.fixture(scope="session")
def config() -> SearchConfig:
    return configure("python-docs", None, SMALL)


@pytest.fixture(scope="session")
def searched(
    tmp_path_factory: pytest.TempPathFactory, config: SearchConfig
) -> tuple[RunFolder, SearchResult]:
    folder = RunFolder(tmp_path_factory.mktemp("report") / "run")
    return folder, run(config, folder.path)


@pytest.fixture(scope="session")
def written(searched: tuple[RunFolder, SearchResult]) -> Path:
    """Its page."""
    return reports.write(searched[0])


@pytest.fixture(scope="session")
def families(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunFolder, SearchResult]:
    """Masks of the dense network, reached gradually, beside candidates from scratch."""
    values = {
        **SMALL,
        "families": ["dense", "scratch"],
        "search.candidates": 4,
        "dense_start.search.candidates": 6,
        "dense_start.search.screen": 2,
        "dense_start.space.density_schedule": ["gradual"],
    }
    folder = RunFolder(tmp_path_factory.mktemp("report") / "families")
    return folder, run(configure("python-docs", None, values), folder.path)


@pytest.fixture
def unfinished(tmp_path: Path, searched: tuple[RunFolder, SearchResult]) -> RunFolder:
    """The same run just before its result was written."""
    return _without_result(searched[0], tmp_path / "run")


@pytest.fixture(scope="session")
def written_unfinished(
    tmp_path_factory: pytest.TempPathFactory, searched: tuple[RunFolder, SearchResult]
) -> Path:
    """The page of that."""
    return reports.write(_without_result(searched[0], tmp_path_factory.mktemp("unfinished") / "run"))


def _without_result(folder: RunFolder, copy: Path) -> RunFolder:
    shutil.copytree(folder.path, copy)
    (copy / "result.json").unlink()
    return RunFolder(copy)
