"""The tuning of dense networks: a path that does not depend on how often it is interrupted."""

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from hyperprune.search import configure
from hyperprune.training import EpochRecord, History, TrainingJob

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SIZES = {"corpus.max_train_tokens": 2000, "corpus.max_vocabulary": 100, "recipe.milestones": (5, 7)}


@pytest.fixture
def trained() -> list[TrainingJob]:
    return []


@pytest.fixture
def script(trained: list[TrainingJob], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Its trainings are made up: best at rate 20, dropout 0.5 and the most epochs."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    module = importlib.import_module("tune_dense")

    def train(job: TrainingJob) -> History:
        trained.append(job)
        loss = 5 + abs(job.recipe.learning_rate - 20) + abs(job.task.model.dropout - 0.5) - job.until / 100  # type: ignore[union-attr]
        record = EpochRecord(epoch=1, train_loss=loss, valid_loss=loss / 10, live=1, density=1)
        return History(epochs=(record,))

    monkeypatch.setattr(module, "train", train)
    monkeypatch.setattr(module, "TABLES", tmp_path)
    return module


def test_pieces_take_the_same_path_as_one_call(
    script: Any, trained: list[TrainingJob], tmp_path: Path
) -> None:
    config = configure("python-docs", None, SIZES)
    best = script.tune(script.Tuner("whole", config, tmp_path, 99))
    assert best == script.Setting(learning_rate=20, dropout=0.5, epochs=16)
    count = len(trained)
    assert count <= 14
    found, calls = None, 0
    while found is None:
        found = script.tune(script.Tuner("pieces", config, tmp_path, 3))
        calls += 1
    assert found == best
    assert len(trained) == 2 * count
    assert calls == -(-count // 3)
    one, other = (json.loads((tmp_path / f"{name}.json").read_text())["runs"] for name in ("whole", "pieces"))
    assert one == other


def test_milestones_move_with_the_epochs(script: Any, trained: list[TrainingJob], tmp_path: Path) -> None:
    script.tune(script.Tuner("demo", configure("python-docs", None, SIZES), tmp_path, 99))
    moved = {job.until: job.recipe.milestones for job in trained}
    assert moved == {8: (5, 7), 12: (7, 10), 16: (9, 13)}


@pytest.mark.usefixtures("trained")
def test_a_table_of_another_text_is_made_anew(script: Any, tmp_path: Path) -> None:
    script.tune(script.Tuner("demo", configure("python-docs", None, SIZES), tmp_path, 99))
    other = configure("python-docs", None, SIZES | {"corpus.max_train_tokens": 3000})
    assert script.Tuner("demo", other, tmp_path, 0).known == {}


def test_neighbours_of_the_best_are_kept_apart(
    script: Any, trained: list[TrainingJob], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One choice differs in each; the table that was tuned stays as it was."""
    best = script.Setting(20.0, 0.65, 30, 0.9)
    found = script.neighbours(best, 0.5)
    assert found == [
        script.Setting(20.0, 0.75, 30, 0.9),
        script.Setting(20.0, 0.55, 30, 0.9),
        script.Setting(20.0, 0.65, 40, 0.9),
        script.Setting(20.0, 0.65, 30, 0.75),
        script.Setting(30.0, 0.65, 30, 0.9),
        script.Setting(15.0, 0.65, 30, 0.9),
    ]
    assert script.neighbours(script.Setting(1.0, None, 6), 0.5)[2].factor == 0.35
    monkeypatch.setattr(script, "configure", lambda *_: configure("python-docs", None, SIZES))
    arguments = ["tune_dense.py", "demo", "--work", str(tmp_path)]
    monkeypatch.setattr("sys.argv", arguments)
    script.main()
    before, count = (tmp_path / "demo.json").read_bytes(), len(trained)
    monkeypatch.setattr("sys.argv", [*arguments, "--around"])
    script.main()
    assert (tmp_path / "demo.json").read_bytes() == before
    around = json.loads((tmp_path / "demo-around.json").read_bytes())["runs"]
    assert len(around) == len(trained) - count == 7
