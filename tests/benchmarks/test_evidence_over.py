"""The second evidence run: its plan is fixed, and its pieces give records that the analysis reads."""

import dataclasses
import importlib
import json
import random
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from hyperprune.search import SearchConfig, configure
from hyperprune.search.metrics.rank_correlation import Estimate, correlation

WORDS = "the cat sat on a mat and ate all food that was left by us"
TEXT = "\n".join(WORDS[2 * i :] for i in range(20)) + "\n" + "\n".join([WORDS] * 20)


def _tiny(regimes: Any, corpus: Path) -> Callable[[str, str | None], SearchConfig]:
    values: dict[str, Any] = {
        "corpus.source": str(corpus),
        "model.hidden": 6,
        "model.embedding": 6,
        "recipe.batch": 4,
        "recipe.evaluation_batch": 5,
        "recipe.bptt": 10,
        "spectrum.batch": 2,
        "spectrum.warmup": 2,
        "spectrum.steps": 5,
    }
    return lambda regime, _: configure(file=regimes.HERE / f"over-{regime}.toml", values=values).bound()


@pytest.fixture
def over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """The training script with tiny pools of a tiny network, and a text for it."""
    for part in ("train", "valid", "test"):
        (tmp_path / f"{part}.txt").write_text(TEXT)
    regimes: Any = importlib.import_module("regimes")
    tiny = dataclasses.replace(regimes.REGIMES["lstm"], epochs=2, variants=4, repeated=0, masks=5, seeds=(0,))
    monkeypatch.setitem(regimes.REGIMES, "lstm", tiny)
    monkeypatch.setattr(regimes, "config_of", _tiny(regimes, tmp_path))
    monkeypatch.setattr(regimes, "FURTHER", 1)
    monkeypatch.setattr(regimes, "SHORT", 1)
    monkeypatch.setattr(regimes, "tuned", lambda _: [])
    monkeypatch.setattr(importlib.import_module("measures"), "SEQUENCES", 4)
    return importlib.import_module("train_over")


def _train(over: Any, monkeypatch: pytest.MonkeyPatch, work: Path, pieces: int) -> None:
    arguments = ["lstm", "--corpus", "x", "--work", str(work), "--records", str(work / "records")]
    monkeypatch.setattr("sys.argv", ["train_over.py", *arguments, "--pieces", f"{pieces}"])
    over.main()


def test_the_plan_of_the_second_run_is_fixed() -> None:
    regimes: Any = importlib.import_module("regimes")
    variants = regimes.scratch_variants()
    assert len({variant.key() for variant in variants}) == 24
    assert {variant.weight_scale for variant in variants} == {"fan_in"}
    masks = regimes.masks(("a", "b"))
    assert len({mask.key() for mask in masks}) == 24
    assert all(0.5 <= factor <= 2 for mask in masks for _, factor in mask.density_factors)
    pieces = regimes.pieces(regimes.REGIMES["lstm"])
    assert len(set(pieces)) == len(pieces) == 24 + 24 + 9 + 3 + 2 * (8 + 8) + 2 + 1 + 24
    assert pieces[0].name == "lstm-dense-00-0"
    at_random = {number for number, mask in enumerate(masks) if mask.criterion == "random"}
    assert len(at_random) == 6
    assert not at_random & {piece.number for piece in pieces if piece.pool == "ramped"}


def test_masks_of_the_control_are_at_random(
    over: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A start without a criterion keeps the largest weights, unless it is told otherwise."""
    _train(over, monkeypatch, tmp_path / "work", 1)  # the dense network
    parent = over.best_checkpoint((tmp_path / "work" / "lstm-dense-00-0").resolve())
    regimes: Any = importlib.import_module("regimes")
    largest = {
        number: over.job(
            regimes.Piece("lstm", "started", number, 0), "x", tmp_path / "work", 0, parent
        ).keep_largest
        for number in range(4)
    }
    assert largest == {0: True, 1: True, 2: True, 3: False}


def test_pieces_resume_to_the_same_records_which_the_analysis_reads(
    over: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _train(over, monkeypatch, tmp_path / "whole", 100)
    _train(over, monkeypatch, tmp_path / "parts", 1)
    with monkeypatch.context() as patch:
        patch.setattr(over.measures, "write", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            _train(over, monkeypatch, tmp_path / "parts", 100)
    _train(over, monkeypatch, tmp_path / "parts", 100)
    names = sorted(path.name for path in (tmp_path / "whole" / "records").glob("*.json"))
    assert len(names) == 1 + 4 + 5 + 4 + 2 + 1 + 4
    for name in names:
        whole, parts = (
            json.loads((tmp_path / way / "records" / name).read_text()) for way in ("whole", "parts")
        )
        for record in (whole, parts):
            record.pop("processor_seconds")
        assert whole == parts, name
    record = json.loads((tmp_path / "whole" / "records" / "lstm-scratch-01-0.json").read_text())
    known = record["distances"]["same_epoch"]
    assert [record["every_distance"][epoch] for epoch in (0, 1, 2)] == [
        known[f"{e}"]["hidden"] for e in (0, 1, 2)
    ]
    assert record["distances"]["end"]["2"] == known["2"]
    capsys.readouterr()
    monkeypatch.setattr("sys.argv", ["x", "lstm", "--records", str(tmp_path / "whole" / "records")])
    monkeypatch.setattr("sys.argv", [*importlib.import_module("sys").argv, "--figures", str(tmp_path)])
    importlib.import_module("analyse_over").main()
    shown = capsys.readouterr().out
    assert "21 networks: 4 scratch, 5 started, 1 dense" in shown
    assert "Spearman with the final, masks of the dense network, 5 networks of seed 0" in shown
    assert "Spearman with the final of the same masks, reached gradually, 4 networks" in shown
    assert "masks of the dense network that are not random, 4 networks" in shown
    assert len(list(tmp_path.glob("evidence_over_lstm_*.png"))) >= 3
    arguments = ["lstm", "--work", str(tmp_path / "whole"), "--records", str(tmp_path / "whole" / "records")]
    monkeypatch.setattr("sys.argv", ["verdicts_over.py", *arguments])
    importlib.import_module("verdicts_over").main()
    document = json.loads((tmp_path / "whole" / "records" / "verdicts-lstm.json").read_text())
    judged = [(found["pool"], found["against_dense"]) for found in document["verdicts"]]
    assert {pool for pool, _ in judged} == {"scratch", "started", "ramped", "small", "trained-on"}
    assert all(found["low"] <= found["difference"] <= found["high"] for found in document["verdicts"])


def test_ranks_over_seeds_are_the_mean_of_those_of_each_seed() -> None:
    """Resamples stay within a seed: offsets between seeds do not matter."""
    rankings: Any = importlib.import_module("rankings")
    draw = random.Random(0)

    def pool(size: int, offset: float) -> list[Any]:
        return [
            SimpleNamespace(
                valid_loss=(0.0, draw.random()), other=draw.random(), final=offset + draw.random()
            )
            for _ in range(size)
        ]

    metrics = {"loss": rankings.loss, "LS": lambda n, epoch: n.other if epoch == 1 else None}
    pools = [pool(12, 0.0), pool(8, 5.0), pool(8, -5.0)]
    each = [
        {row.metric: row for row in rankings.rows(metrics, [one], 500) if row.epoch == 1} for one in pools
    ]
    both = {row.metric: row for row in rankings.rows(metrics, pools, 500) if row.epoch == 1}
    assert set(both) == {"loss", "LS", rankings.BOTH}
    for name, row in both.items():
        for of in ("spearman", "over_loss"):
            values = [getattr(found[name], of).value for found in each]
            own = getattr(row, of)
            assert own.value == pytest.approx(sum(values) / 3, abs=1e-12)
            assert own.low <= own.value <= own.high
        width = row.spearman.high - row.spearman.low
        assert width < max(found[name].spearman.high - found[name].spearman.low for found in each)
    for one, found in zip(pools, each, strict=True):
        value = correlation("spearman", [n.other for n in one], [n.final for n in one])
        assert found["LS"].spearman.value == pytest.approx(value, abs=1e-12)
    assert both["loss"].over_loss == Estimate(0.0, 0.0, 0.0)


def test_averages_are_those_of_the_weights_that_steps_find() -> None:
    averages: Any = importlib.import_module("averages").Averages()
    module = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    seen = []
    with averages.of_steps():
        for _ in range(3):
            seen.append([p.detach().clone().double() for p in module.parameters()])
            module(torch.ones(2)).sum().backward()
            optimizer.step()
            optimizer.zero_grad()
    for mean, *values in zip(averages.means(), *seen, strict=True):
        torch.testing.assert_close(mean, torch.stack(values).mean(0), rtol=0, atol=1e-15)


def test_hidden_covariance_and_jacobian_by_hand() -> None:
    """Both on a linear recurrence, whose Jacobian is the same at every step."""
    measures: Any = importlib.import_module("measures")
    torch.manual_seed(0)
    system = nn.RNN(3, 3)
    with torch.no_grad():
        for name, value in system.named_parameters():
            value.copy_(
                1e-3 * torch.eye(3)
                if "weight_ih" in name
                else 0.5 * torch.eye(3)
                if "hh" in name and value.dim() > 1
                else torch.zeros_like(value)
            )
    driven = importlib.import_module("hyperprune.lyapunov").Driven(system, torch.randn(40, 30, 3))

    class Task:
        def driven(self, *_: object) -> Any:
            return driven

    config = importlib.import_module("hyperprune.tasks").SpectrumConfig(batch=30, warmup=10, steps=30)
    # tanh is linear at 1e-3: squared singular values of 1/4; 900 probes of 3 entries scatter by 3 %
    assert measures.jacobian_size(None, Task(), config) == pytest.approx(1.386, abs=0.1)
    outputs = system(driven.inputs)[0][-1].detach().double()
    values = torch.linalg.eigvalsh(torch.corrcoef(outputs)).clamp(min=0) + 1e-5
    expected = float((values.log() + 1 / values).sum())
    assert measures.hidden_covariance(None, Task(), config) == pytest.approx(expected, rel=1e-6)
