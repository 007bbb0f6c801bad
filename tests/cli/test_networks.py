"""The commands work for every kind of network, dense and sparse."""

import json
from pathlib import Path

import pytest

from hyperprune.models import MODELS
from hyperprune.search import configure_training

_SIZES = {
    "--hidden": "8",
    "--embedding": "8",
    "--max-train-tokens": "2000",
    "--max-vocabulary": "60",
    "--epochs": "1",
    "--learning-rate": "2",
    "--threads": "1",
}
SIZES = [word for pair in _SIZES.items() for word in pair]


@pytest.mark.parametrize("kind", MODELS)
def test_train_evaluate_and_spectrum_of_every_kind(command, kind: str, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    out = tmp_path / "run"
    done = command("train", "--model", kind, *SIZES, "--sparsity", "0.6", "--out", out, "--json")
    assert done.status == 0, done.err
    trained = json.loads(done.out)
    assert trained["density"] == pytest.approx(0.4, abs=1e-3)
    assert 1 < trained["valid_score"] < 70  # 60 types, and a window of what is learned in one epoch
    evaluated = json.loads(command("evaluate", out, "--json").out)
    assert evaluated["perplexity"] == trained["test_score"]
    measured = json.loads(command("spectrum", out, "--steps", 5, "--batch", 2, "--json").out)
    assert all(exponent is not None for exponent in measured["exponents"])
    document = json.loads(next((out / "network").glob("epoch-0001.json")).read_text())
    assert document["model"]["kind"] == kind
    fresh = json.loads(command("spectrum", kind, "--hidden", 8, "--embedding", 8, "--steps", 5, "--json").out)
    assert len(fresh["exponents"]) % 8 == 0 == len(measured["exponents"]) % 8
    assert fresh["exponents"] != measured["exponents"]


def test_a_preset_of_another_kind_keeps_the_keys_that_both_have() -> None:
    config = configure_training("wt2-mos", values={"model.kind": "gru", "model.embedding": 7})
    assert config.model.model_dump() == {
        "kind": "gru",
        "embedding": 7,
        "hidden": 1150,
        "layers": 3,
        "dropout": 0.4,
        "tied": True,
    }


def test_key_of_another_kind_names_the_kinds_that_have_it(command, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "c.toml"
    file.write_text('[model]\nkind = "gru"\nexperts = 3\n')
    mistake = command("train", "--config", file, "--out", tmp_path / "run").mistake
    assert mistake.startswith("model.experts is a key of awd-lstm-mos, not of gru: leave it out")
