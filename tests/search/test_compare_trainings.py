"""Trainings as rows of a comparison, beside searches or alone."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from hyperprune.errors import ConfigurationError, RunFolderError
from hyperprune.reports import comparing
from hyperprune.search import SearchComparison, compare, configure, configure_training, for_task, run
from hyperprune.training import TrainingRun, train

TEXT = {
    "corpus.max_train_tokens": 1200,
    "corpus.max_vocabulary": 60,
    "model.embedding": 6,
    "model.hidden": 8,
    "recipe.epochs": 3,
    "recipe.learning_rate": 5.0,
}
SEARCH = {"spectrum.batch": 2, "spectrum.steps": 5, "search.candidates": 4, "search.startup": 2}
OWN = "tiny_tasks:Tiny"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A search, a pruned and a dense training, and trainings of another network and of another sparsity."""
    place = tmp_path_factory.mktemp("runs")
    run(configure("python-docs", None, {**TEXT, **SEARCH}), place / "search")
    for name, values in {
        "pruned": {"variant.method": "rigl"},
        "dense": {"dense": True, "recipe.epochs": 4},
        "wide": {"model.hidden": 12},
        "sparser": {"sparsity": 0.8},
        "elsewhere": {"corpus.max_train_tokens": 1300},
    }.items():
        train(configure_training("python-docs", None, {**TEXT, **values}), place / name)
    return place


@pytest.fixture(scope="module")
def compared(runs: Path) -> SearchComparison:
    return compare([runs / name for name in ("search", "pruned", "dense", "wide", "sparser")])


def test_a_training_is_a_row_of_what_it_took_and_reached(runs: Path, compared: SearchComparison) -> None:
    rows = {row.name: row for row in compared.runs}
    assert [row.kind for row in compared.runs] == ["search", *["train"] * 4]
    for name in ("pruned", "dense", "wide", "sparser"):
        result, row = TrainingRun(runs / name).result, rows[name]
        assert row.epochs == result.epochs == (4 if name == "dense" else 3)
        assert (row.valid_score, row.test_score) == (result.valid_score, result.test_score)
        assert row.path[-1].valid_score == min(result.valid_scores)
        assert [point.valid_score for point in row.path] == sorted(
            (point.valid_score for point in row.path), reverse=True
        )
        assert row.seconds is not None
        assert row.seconds > 0
        assert row.selected is None
    assert rows["pruned"].network is not None
    assert rows["pruned"].network.startswith("rigl, ")
    assert rows["dense"].network == f"dense, {TrainingRun(runs / 'dense').result.live:,} live weights"


def test_cost_is_that_of_searches_and_regret_that_of_their_sparsity(
    runs: Path, compared: SearchComparison
) -> None:
    """A training is no cheaper search; and one of another sparsity, or dense, is no candidate."""
    rows = {row.name: row for row in compared.runs}
    assert compared.equal_epochs == rows["search"].epochs
    rivals = [row.valid_score for row in (rows["pruned"], rows["wide"]) if row.valid_score is not None]
    assert compared.best_known is not None
    assert compared.best_known <= min(rivals)
    for name in ("search", "pruned", "wide"):
        valid = rows[name].valid_score
        assert valid is not None
        assert rows[name].regret == pytest.approx(valid - compared.best_known)
    assert rows["dense"].regret is None
    assert rows["sparser"].regret is None
    assert compared.early == compare([runs / "search"]).early, "a training has no early metric to rank by"


def test_trainings_alone_are_compared_too(runs: Path) -> None:
    compared = compare([runs / "pruned", runs / "dense"])
    assert compared.equal_epochs == 3
    assert compared.dense_valid_score == TrainingRun(runs / "dense").result.valid_score
    assert compared.best_known == TrainingRun(runs / "pruned").result.valid_score
    assert compared.early == ()
    lines = comparing.sentences(compared)
    assert not any("Too few final scores" in line for line in lines)
    assert compare([runs / "pruned"]).dense_valid_score is None


def test_other_data_is_refused_and_another_network_is_not(runs: Path) -> None:
    with pytest.raises(ConfigurationError) as raised:
        compare([runs / "search", runs / "elsewhere"])
    assert str(raised.value) == (
        "search and elsewhere cannot be compared: corpus.max_train_tokens is 1200 in the one and 1300 in the "
        "other; give runs of one task and the same data"
    )
    with pytest.raises(ConfigurationError, match="give runs of one task and the same data"):
        compare([runs / "pruned", runs / "elsewhere"])


def test_a_text_and_a_task_of_your_own_are_not_compared(runs: Path, tmp_path: Path) -> None:
    train(configure_training(None, None, {"task.object": OWN, "recipe.epochs": 1}), tmp_path / "own")
    with pytest.raises(ConfigurationError, match="give runs of one task and the same data"):
        compare([runs / "search", tmp_path / "own"])


def test_a_task_of_your_own_is_compared_whatever_its_spectrum(tmp_path: Path) -> None:
    """The hash of a search's spectrum inputs follows [spectrum], which says nothing about the data."""
    values: dict[str, Any] = {"recipe.epochs": 2, "search.candidates": 2}
    run(for_task(OWN, values), tmp_path / "search")
    given = {"task.object": OWN, "recipe.epochs": 3, "spectrum.batch": 2, "spectrum.steps": 5}
    train(configure_training(None, None, given), tmp_path / "net")
    compared = compare([tmp_path / "search", tmp_path / "net"])
    assert [row.kind for row in compared.runs] == ["search", "train"]
    assert compared.score.better == "higher"
    assert all(row.regret is None or row.regret >= 0 for row in compared.runs)
    other = {**given, "task.settings": {"batches": 7}}
    train(configure_training(None, None, other), tmp_path / "other")
    with pytest.raises(ConfigurationError, match=r"task\.settings\.batches"):
        compare([tmp_path / "search", tmp_path / "other"])


def test_a_training_that_has_not_ended_is_no_row(runs: Path, tmp_path: Path) -> None:
    shutil.copytree(runs / "pruned", tmp_path / "run")
    (tmp_path / "run" / "result.json").unlink()
    with pytest.raises(RunFolderError, match="has not ended"):
        compare([runs / "search", tmp_path / "run"])


def test_epochs_of_a_denser_network_on_its_way_are_no_score(tmp_path: Path) -> None:
    """Gradual pruning: what was reached while the network was denser is not what this network reached."""
    values = {
        **TEXT,
        "variant.method": "gradual_magnitude",
        "variant.update_interval": 1,
        "recipe.epochs": 4,
    }
    result = train(configure_training("python-docs", None, values), tmp_path / "run")
    (row,) = compare([tmp_path / "run"]).runs
    assert row.path[-1].valid_score == result.valid_score
    live = [record["live"] for record in TrainingRun(tmp_path / "run").rows()]
    assert live[0] > live[-1]
    assert row.path[0].epochs >= live.index(live[-1]) + 1


def test_table_and_picture_take_them(compared: SearchComparison, tmp_path: Path) -> None:
    rows = comparing.run_rows(compared)
    assert [row[:4] for row in rows][1] == ("pruned", "train", "", "")
    assert any(line.startswith("dense: dense, ") for line in comparing.sentences(compared))
    comparing.draw(compared, tmp_path / "compare.svg")
    assert "pruned (train)" in (tmp_path / "compare.svg").read_text().replace("<!-- ", "").replace(" -->", "")
