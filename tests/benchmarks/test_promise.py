"""The table of all shipped searches: what it plans, that it resumes, and that records alone make it."""

import importlib
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from hyperprune.search import SearchConfig, configure
from hyperprune.training.verdict.verdict import Verdict

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SMALL: dict[str, Any] = {
    "families": ("dense",),
    "corpus.max_train_tokens": 2000,
    "corpus.max_vocabulary": 100,
    "model.embedding": 8,
    "model.hidden": 10,
    "recipe.epochs": 2,
    "recipe.learning_rate": 5.0,
    "spectrum.batch": 2,
    "spectrum.steps": 6,
    "spectrum.warmup": 2,
    "dense_start.search.candidates": 3,
    "dense_start.search.screen": 2,
}


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("promise")


@pytest.fixture
def tiny(script: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """One search of seconds in place of the thirteen; nothing but text that comes with Python."""
    searches = importlib.import_module("promise_searches")

    class Tiny(searches.Listed):  # type: ignore[misc, name-defined]
        def config(
            self, *, density: float | None = None, seed: int = 1, corpora: dict[str, str] | None = None
        ) -> SearchConfig:
            further = {} if density is None else {"sparsity": round(1 - density, 6)}
            return configure("python-docs", None, SMALL | {"seed": seed, "search.controls": True} | further)

    only = (Tiny("tiny", repeated=True),)
    for module in ("promise", "promise_searches", "promise_ablation"):
        monkeypatch.setattr(sys.modules[module], "SEARCHES", only)
    return script


def _record(script: Any, name: str, word: str, selected: float, small: float, **changes: Any) -> Any:
    record = script.promise_record
    network = {"live": 10, "density": 1.0, "epochs": 2, "best": 2}
    networks = {
        "dense": record.Network(valid=50.0, test=50.0, **network),
        "selected": record.Network(valid=selected, test=selected, **network),
        "small-dense": record.Network(valid=small, test=small, **network),
    }
    verdict = Verdict(against_dense=word, difference=50 - selected, low=-1.0, high=2.0, tolerance=0.01)  # type: ignore[arg-type]
    given = {
        "search": name,
        "seed": 1,
        "density": 0.33,
        "digest": "today",
        "score": configure("demo").described.judged_by,
        "naive": None,
        "networks": networks,
        "family": "dense",
        "choices": "",
        "verdict": verdict,
        "epochs": {"with_dense": 5, "controls": 3},
        "seconds": {},
        "machine": "",
        "versions": {},
    }
    return record.Record(**given | changes)


def test_all_thirteen_are_planned_as_the_table_has_them(script: Any) -> None:
    """Seven from three seeds, the rest from one; all once at density 0.10; first of all everything once."""
    planned = script.promise_searches.pieces(None, None, None)
    assert len(planned) == 13 + 13 + 2 * 7
    assert [piece.seed for piece in planned] == [1] * 26 + [2] * 7 + [3] * 7
    own = Counter(piece.search.name for piece in planned if piece.density is None)
    assert Counter(own.values()) == {3: 7, 1: 6}
    assert len({piece.name for piece in planned}) == len(planned)
    assert all(piece.config().search.controls for piece in planned)


def test_every_shipped_search_has_both_families(script: Any) -> None:
    for listed in script.SEARCHES:
        config = listed.config()
        assert set(config.families) == {"dense", "scratch"}, listed.name
        assert config.space.weight_scale == ("fan_in",), listed.name


def test_a_search_leaves_a_record_and_is_not_made_again(
    tiny: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces = tiny.promise_searches.pieces(None, [1], 0.25)
    assert tiny.search(pieces, {}, tmp_path / "work", tmp_path / "records", 1) == 0
    (path,) = (tmp_path / "records").iterdir()
    assert path.name == "tiny-0.25-1.json"
    record = json.loads(path.read_text())
    assert set(record["networks"]) >= {"dense", "selected", "one-shot", "gradual", "dense-trained-on"}
    assert record["verdict"]["against_dense"] in ("better", "level", "worse", "not learned")
    assert str(tmp_path) not in path.read_text()
    monkeypatch.setattr(tiny, "run", lambda *_: pytest.fail("made again"))
    tiny.search(pieces, {}, tmp_path / "work", tmp_path / "records", 1)
    path.write_text(path.read_text().replace(record["digest"], "an earlier one"))
    with pytest.raises(pytest.fail.Exception, match="made again"):
        tiny.search(pieces, {}, tmp_path / "work", tmp_path / "records", 1)


def test_a_search_whose_text_is_not_given_waits(script: Any, tmp_path: Path, capsys: Any) -> None:
    pieces = script.promise_searches.pieces(["ptb-lstm-small"], [1], 0.25)
    assert script.search(pieces, {}, tmp_path, tmp_path / "records", 1) == 0
    assert "for want of --ptb" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_table_is_made_of_records_alone(script: Any) -> None:
    records = [
        _record(script, "one", "better", 48.0, 60.0),
        _record(script, "two", "worse", 51.0, 50.5),
        _record(script, "three", "level", 50.1, 60.0, density=0.1),
    ]
    text = script.promise_table.table(records, {"one-0.33-1": "today", "two-0.33-1": "changed"})
    said = " ".join(text.split())
    assert "Of 2: 1 better, 1 worse." in said
    assert "Of the worse ones, 1 have an interval that reaches zero." in said
    assert "ahead of small dense on the test part: 1 of 2." in said
    assert "| one | 1 | ppl | 50.00 / 50.00 | 48.00 / 48.00 |" in said
    assert "better: +2.00 [-1.00, +2.00]" in said
    assert said.index("At density 0.10") < said.index("| three |")
    assert "Of an earlier configuration: two-0.33-1, three-0.10-1." in said
    assert all(len(line) <= 110 or line.startswith("|") for line in text.splitlines())


def test_all_committed_records_are_of_the_table(script: Any) -> None:
    known = {piece.name for piece in script._known(script.RECORDS)}
    ablated = {
        script.promise_ablation.file_name(network, row, seed)
        for network in script.promise_ablation.NETWORKS
        for row in ("dense", *script.promise_ablation.ROWS)
        for seed in script.SEEDS
    }
    assert {path.stem for path in script.RECORDS.glob("*.json")} <= known | ablated
    assert script.tables(script.RECORDS)


def test_rows_of_the_ablation_share_their_masks(script: Any) -> None:
    """All but those that take the largest weights."""
    ablation = script.promise_ablation
    config = configure("ptb-lstm-small")
    keys = {
        ablation.variant_of(config, row).mask_key()
        for row in ablation.ROWS.values()
        if not (row.largest or row.gradual)
    }
    assert len(keys) == 1
    assert len({ablation.variant_of(config, row).key() for row in ablation.ROWS.values()}) == 4


def test_the_ablation_trains_every_row_once(
    tiny: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ablation = tiny.promise_ablation
    monkeypatch.setattr(ablation, "NETWORKS", ("tiny",))
    assert tiny.ablate(None, [1], {}, tmp_path / "work", tmp_path / "records") == 0
    records = [
        ablation.AblationRecord.model_validate_json(p.read_text()) for p in tmp_path.rglob("abl*.json")
    ]
    assert {record.row for record in records} == {"dense", *ablation.ROWS}
    assert len({record.valid for record in records}) == len(records)
    assert len({record.density for record in records if record.row != "dense"}) == 1
    monkeypatch.setattr(ablation, "train", lambda *_: pytest.fail("trained again"))
    tiny.ablate(None, [1], {}, tmp_path / "work", tmp_path / "records")
    text = tiny.promise_table.ablation(records)
    assert "| + weight scale |" in text
