"""``hyperprune.load``: tables and networks of a run."""

import importlib.util
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

import hyperprune
from hyperprune.errors import RunFolderError
from hyperprune.search import configure, configure_training, run
from hyperprune.search.results import tables
from hyperprune.search.results.opened_run import SearchRun, TrainingRun
from hyperprune.training import train

SMALL: dict[str, Any] = {
    "corpus.max_train_tokens": 2000,
    "corpus.max_vocabulary": 100,
    "model.embedding": 8,
    "model.hidden": 10,
    "recipe.epochs": 3,
    "recipe.learning_rate": 5.0,
}


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> SearchRun:
    folder = tmp_path_factory.mktemp("load") / "run"
    values = {**SMALL, "search.candidates": 6, "space.death": ["set"], "space.death_rate": [0.5]}
    run(configure("demo", None, values), folder)
    loaded = hyperprune.load(folder)
    assert isinstance(loaded, SearchRun)
    return loaded


@pytest.fixture(autouse=True)
def _without_pandas(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Rows are compared as they are, whether or not this environment has pandas."""
    if "pandas" not in request.node.name:
        monkeypatch.setitem(__import__("sys").modules, "pandas", None)


def test_tables_hold_what_the_result_holds(searched: SearchRun) -> None:
    result = searched.result
    rows = searched.candidates
    assert [row["number"] for row in rows] == list(range(6))
    assert [row["standing"] for row in rows].count("selected") == 1
    selected = next(row for row in rows if row["standing"] == "selected")
    assert selected["number"] == result.selected
    assert selected["death"] == "set"
    assert selected["best_valid_score"] == result.finalists[0].final.valid_score  # type: ignore[union-attr]
    dense = [row for row in searched.epochs if row["candidate"] is None]
    assert tuple(row["valid_score"] for row in dense) == result.dense.curve.valid_score
    assert all(row["ls_distance"] is None for row in dense)
    first = [row for row in searched.rounds if row["round"] == 0]
    assert tuple(row["candidate"] for row in first) == result.rounds[0].ranking
    assert tuple(row["candidate"] for row in first if row["promoted"]) == result.rounds[0].promoted


def test_networks_are_the_selected_the_dense_and_any_candidate(searched: SearchRun) -> None:
    selected, dense = searched.network(), searched.network(dense=True)
    zeros = [float((p == 0).float().mean()) for p in (selected.decoder.weight, dense.decoder.weight)]
    assert zeros[0] > 0.5
    assert zeros[1] == 0
    number = searched.result.selected
    again = searched.network(number)
    assert torch.equal(again.decoder.weight, selected.decoder.weight)
    duplicate = next(c for c in searched.result.candidates if c.duplicate_of is not None)
    twin, original = searched.network(duplicate.number), searched.network(duplicate.duplicate_of)
    assert torch.equal(twin.decoder.weight, original.decoder.weight)
    assert torch.equal(
        searched.spectrum(1, duplicate.number).mean, searched.spectrum(1, duplicate.duplicate_of).mean
    )
    assert searched.spectrum(3).layer_sizes == (10, 10)


def test_pandas_makes_data_frames(searched: SearchRun, monkeypatch: pytest.MonkeyPatch) -> None:
    if importlib.util.find_spec("pandas") is not None:
        assert list(searched.candidates["number"]) == list(range(6))
        return
    frames: list[Any] = []
    stand_in = SimpleNamespace(DataFrame=lambda rows: frames.append(rows) or "frame")
    monkeypatch.setitem(__import__("sys").modules, "pandas", stand_in)
    assert tables.table([{"a": 1}]) == "frame"
    assert frames == [[{"a": 1}]]


def test_training_run(tmp_path: Path) -> None:
    config = configure_training("demo", None, {**SMALL, "variant.death": "set"})
    result = train(config, tmp_path / "run")
    loaded = hyperprune.load(tmp_path / "run")
    assert isinstance(loaded, TrainingRun)
    assert loaded.result == result
    assert loaded.config.variant.death == "set"
    assert [row["epoch"] for row in loaded.epochs] == [1, 2, 3]
    live = sum(int(p.count_nonzero()) for p in loaded.network().parameters() if p.dim() > 1)
    assert live <= result.live


def test_other_folders_are_refused(tmp_path: Path, searched: SearchRun) -> None:
    with pytest.raises(RunFolderError, match="no run folder"):
        hyperprune.load(tmp_path)
    with pytest.raises(RunFolderError, match="there is no candidate 6: give a number from 0 to 5"):
        searched.spectrum(1, 6)
    with pytest.raises(AttributeError, match="no attribute 'lod'"):
        hyperprune.lod  # noqa: B018
