"""``hyperprune search --sparsity auto``: for a text, a task of one's own and a given reference."""

import json
from pathlib import Path
from typing import Any

import pytest

import hyperprune
from hyperprune.errors import ConfigurationError
from hyperprune.search import SmallestRun, load

SMALL = """
families = ["dense"]
[recipe]
epochs = 2
[dense_start]
epochs = 2
[dense_start.search]
candidates = 3
screen = 2
[dense_start.space]
distillation = []
"""
TEXT = ["--preset", "python-docs", "--hidden", 8, "--embedding", 8, "--max-train-tokens", 3000]
TASK = ["--task", "tiny_tasks:Tiny"]


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(SMALL)
    return path


def _auto(small: Path, out: Path, *what: Any) -> list[Any]:
    return ["search", *what, "--config", small, "--sparsity", "auto", "--tolerance", "40%", "--out", out]


@pytest.mark.parametrize(("what", "again"), [(TEXT, []), (TASK, TASK)], ids=["text", "task"])
def test_from_end_to_end(command, small: Path, tmp_path: Path, what: list[Any], again: list[Any]) -> None:  # type: ignore[no-untyped-def]
    out = tmp_path / "run"
    done = command(*_auto(small, out, *what))
    assert done.status == 0, done.err
    assert "Sparsities that were tried" in done.out
    assert "The sparsest network within 40 % of the dense score has sparsity" in " ".join(done.out.split())
    assert (out / "figures" / "sizes.png").exists()
    found = json.loads(command(*_auto(small, out, *what), "--json").out)
    assert found["kind"] == "smallest"
    assert json.loads(command("search", "--out", out, *again, "--json").out) == found, "the folder alone"
    opened = load(out)
    assert isinstance(opened, SmallestRun)
    assert opened.sparsity == found["sparsity"]
    page = (out / "report.html").read_bytes()
    assert command("report", out).status == 0
    assert (out / "report.html").read_bytes() == page
    assert command("export", out, *again, "--out", tmp_path / "shipped").status == 0
    assert command("evaluate", out, *again).status == 0


def test_a_given_reference_is_pruned(command, small: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    values = {
        "corpus.source": "python-docs",
        "corpus.max_train_tokens": 3000,
        "model.hidden": 8,
        "model.embedding": 8,
        "recipe.epochs": 1,
        "dense": True,
    }
    config = hyperprune.configure_training("python-docs", values=values)
    dense = tmp_path / "dense" / hyperprune.train(config, tmp_path / "dense").weights
    done = command(*_auto(small, tmp_path / "run", *TEXT, "--reference", dense), "--json")
    found = json.loads(done.out)
    assert found["dense_epochs"] == 0
    assert found["dense"]["live"] > found["probes"][0]["network"]["live"]


def test_a_file_may_say_auto(command, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "auto.toml"
    path.write_text('sparsity = "auto"\n' + SMALL)
    options = [*TEXT, "--config", path, "--tolerance", "0.4", "--out", tmp_path / "run"]
    assert json.loads(command("search", *options, "--json").out)["kind"] == "smallest"


def test_a_network_that_has_not_learned_is_none_within(command, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "auto.toml"
    path.write_text(SMALL)
    done = command(*_auto(path, tmp_path / "run", *TEXT), "--learning-rate", 1e-9)
    found = load(tmp_path / "run").result
    assert found.sparsity is None
    assert {probe.verdict.against_dense for probe in found.probes} == {"not learned"}
    assert done.status == all(probe.verdict.diverged for probe in found.probes)
    said = "Not learned: the dense network"
    assert said in " ".join(done.out.split())
    assert said in (tmp_path / "run" / "report.html").read_text()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["search", "--extend"], "for which there is no --extend"),
        (["search", "--baseline", "random"], "for which there is no --baseline"),
        (["search", "--tensorboard", "boards"], "for which there is no --tensorboard"),
        (["search", "--init", "new.toml"], "write the file without it"),
    ],
)
def test_what_it_does_not_go_with(command, options: list[str], says: str, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    done = command(*options, "--preset", "demo", "--sparsity", "auto", "--out", tmp_path / "run")
    assert says in done.mistake
    assert not (tmp_path / "run").exists()


def test_one_training_has_one_sparsity(command, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    done = command("train", "--preset", "demo", "--sparsity", "auto", "--out", tmp_path / "run")
    assert done.status == 2
    assert not (tmp_path / "run").exists()


def test_help_says_what_auto_is(command, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("COLUMNS", "300")
    assert "Or auto: the largest that is level" in " ".join(command("search", "--help").out.split())
    assert "Or auto" not in command("train", "--help").out


def test_python_is_told_of_its_own_way() -> None:
    with pytest.raises(ConfigurationError, match=r"hyperprune\.smallest\(config\)"):
        hyperprune.configure("demo", sparsity="auto")
