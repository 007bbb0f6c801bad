"""The evidence run's plan is fixed, and its pieces resume, each with a record."""

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from hyperprune.models import StackedLSTMConfig
from hyperprune.training import JobFolder

WORDS = [
    "the",
    "cat",
    "sat",
    "on",
    "a",
    "mat",
    "and",
    "ate",
    "all",
    "food",
    "that",
    "was",
    "left",
    "by",
    "us",
]


@pytest.fixture
def evidence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """The training script with a plan of two tiny networks, and a text for it."""
    plan: Any = importlib.import_module("plan")
    monkeypatch.setattr(plan, "EPOCHS", 2)
    monkeypatch.setattr(plan, "MEASURED", (1, 2))
    monkeypatch.setattr(plan, "MODEL", StackedLSTMConfig(embedding=6, hidden=6, layers=2))
    recipe = {"epochs": 2, "milestones": (), "batch": 4, "evaluation_batch": 5}
    monkeypatch.setattr(plan, "RECIPE", plan.RECIPE.model_copy(update=recipe))
    monkeypatch.setattr(plan, "pieces", lambda: [plan.Piece(0, 0), plan.Piece(None, 0)])
    for part in ("train", "valid", "test"):
        text = "\n".join(" ".join(WORDS[i % 7 :]) for i in range(40))
        (tmp_path / f"{part}.txt").write_text(text)
    return importlib.import_module("train")


def _train(evidence: Any, monkeypatch: pytest.MonkeyPatch, corpus: Path, work: Path, records: Path) -> None:
    arguments = ["--corpus", str(corpus), "--work", str(work), "--records", str(records)]
    monkeypatch.setattr("sys.argv", ["train.py", *arguments])
    evidence.main()


def test_the_plan_is_fixed() -> None:
    plan: Any = importlib.import_module("plan")
    variants = plan.draw()
    assert len({variant.key() for variant in variants}) == plan.VARIANTS == 24
    first = variants[0]
    assert (first.sparse_init, first.death, first.redistribution) == ("er", "magnitude", "magnitude")
    assert [variant.death_rate for variant in variants[:6]] == [0.4, 0.5, 0.4, 0.4, 0.4, 0.6]
    pieces = plan.pieces()
    assert len(pieces) == len(set(pieces)) == 24 + 8 * 2 + 3
    assert pieces[0].name == "dense-0"


def test_a_piece_resumes_to_the_same_record(
    evidence: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Killed between two epochs and started again, the record is the same but for the seconds it took."""
    _train(evidence, monkeypatch, tmp_path, tmp_path / "work", tmp_path / "records")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(evidence, "write", killed)
        with pytest.raises(KeyboardInterrupt):
            _train(evidence, monkeypatch, tmp_path, tmp_path / "work2", tmp_path / "records2")
    assert JobFolder(tmp_path / "work2" / "variant-00-0" / "network").history().last.epoch == 1
    _train(evidence, monkeypatch, tmp_path, tmp_path / "work2", tmp_path / "records2")
    for name in ("variant-00-0", "dense-0"):
        whole, resumed = (
            json.loads((tmp_path / folder / f"{name}.json").read_text()) for folder in ("records", "records2")
        )
        for record in (whole, resumed):
            record.pop("processor_seconds")
        assert whole == resumed


def test_distances_wait_for_the_dense_network_and_are_then_filled_in(
    evidence: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The variant comes first in this plan; its record has them once the dense network is trained."""
    _train(evidence, monkeypatch, tmp_path, tmp_path / "work", tmp_path / "records")
    record = json.loads((tmp_path / "records" / "variant-00-0.json").read_text())
    same, end = record["distances"]["same_epoch"], record["distances"]["end"]
    assert set(same) == set(end) == {"1", "2"}
    assert same["2"] == end["2"]  # the second epoch is the end of this plan
    assert same["1"] != end["1"]
    for kind, values in record["distances"]["every_epoch"].items():
        assert values == [same[epoch][f"hidden-forward/{kind}"] for epoch in ("1", "2")]
    assert all(value > 0 for value in same["1"].values())
    assert {name.split("/")[1] for name in same["1"]} == {"l2", "wasserstein"}


def test_a_recorded_piece_is_not_trained_again(
    evidence: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _train(evidence, monkeypatch, tmp_path, tmp_path / "work", tmp_path / "records")
    before = {path.name: path.read_bytes() for path in (tmp_path / "records").iterdir()}
    monkeypatch.setattr(evidence, "run_job", lambda *_: pytest.fail("trained again"))
    _train(evidence, monkeypatch, tmp_path, tmp_path / "elsewhere", tmp_path / "records")
    assert {path.name: path.read_bytes() for path in (tmp_path / "records").iterdir()} == before
