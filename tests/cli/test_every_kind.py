"""Every command works alike for a text, a task of one's own and a given reference."""

import json
from pathlib import Path
from typing import Any

import pytest

import hyperprune
from hyperprune.search.runs import SearchRun
from hyperprune.training import TrainingRun

SMALL = ["--epochs", 3, "--candidates", 3]
TEXT = ["--preset", "python-docs", "--hidden", 8, "--embedding", 8, "--max-train-tokens", 3000]
OWN = ["--task", "tiny_tasks:Tiny"]


class Kind:
    """How each kind is asked for.

    Attributes:
        options: what names it in a command that trains.
        again: what names it once more, beside a run folder: code is never taken from the folder alone.
    """

    def __init__(self, options: list[Any], again: list[Any], task: str | None) -> None:
        self.options, self.again, self.task = options, again, task


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dense network that the user has already."""
    out = tmp_path_factory.mktemp("reference") / "dense"
    values = {
        "corpus.source": "python-docs",
        "corpus.max_train_tokens": 3000,
        "model.hidden": 8,
        "model.embedding": 8,
        "recipe.epochs": 1,
        "dense": True,
    }
    result = hyperprune.train(hyperprune.configure_training("python-docs", values=values), out)
    return out / result.weights


@pytest.fixture(params=["text", "task", "reference"])
def kind(request: pytest.FixtureRequest, reference: Path) -> Kind:
    if request.param == "text":
        return Kind(TEXT, [], None)
    if request.param == "task":
        return Kind(OWN, OWN, "tiny_tasks:Tiny")
    return Kind([*TEXT, "--reference", reference], [], None)


def test_every_command(command, kind: Kind, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    run = tmp_path / "run"
    search = ["search", *kind.options, *SMALL, "--out", run]
    found = json.loads(command(*search, "--json").out)
    assert len(found["candidates"]) == 3
    assert json.loads(command(*search, "--json").out) == found, "the same command again reads what is there"

    evaluated = json.loads(command("evaluate", run, *kind.again, "--json").out)
    chosen = found["candidates"][found["selected"]]
    assert evaluated["value"] == chosen["final"]["test_score"]
    assert evaluated["score"] == found["score"]
    dense = json.loads(command("evaluate", run, *kind.again, "--dense", "--json").out)
    assert dense["value"] == found["dense"]["final"]["test_score"]

    spectrum = json.loads(command("spectrum", run, *kind.again, "--json").out)
    assert len(spectrum["exponents"]) == (6 if kind.task else 2 * 8)
    assert command("report", run).status == 0
    assert (run / "report.html").stat().st_size > 10_000
    assert command("cite", run).status == 0

    compared = json.loads(command("compare", run, run, "--json").out)
    assert [row["selected"] for row in compared["runs"]] == [found["selected"]] * 2

    longer = json.loads(
        command("search", "--out", run, "--extend", "--candidates", 4, *kind.again, "--json").out
    )
    assert len(longer["candidates"]) == 4
    for before, now in zip(found["candidates"], longer["candidates"], strict=False):
        assert now["curve"]["train_loss"][:1] == before["curve"]["train_loss"][:1]
    other = json.loads(
        command("search", "--out", run, "--extend", "--metric", "loss", *kind.again, "--json").out
    )
    assert other["metric"] == "loss"

    opened = hyperprune.load(run, task=kind.task)
    assert isinstance(opened, SearchRun)
    assert sum(p.numel() for p in opened.network().parameters()) > 0
    assert opened.rows() == SearchRun(run).rows()


def test_every_way_to_train(command, kind: Kind, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    options = (
        kind.options[: kind.options.index("--reference")] if "--reference" in kind.options else kind.options
    )
    train = ["train", *options, "--epochs", 2, "--out", tmp_path / "net"]
    found = json.loads(command(*train, "--json").out)
    assert json.loads(command(*train, "--json").out) == found
    opened = hyperprune.load(tmp_path / "net", task=kind.task)
    assert isinstance(opened, TrainingRun)
    assert opened.result.test_score == found["test_score"]
    value = json.loads(command("evaluate", tmp_path / "net", *kind.again, "--json").out)["value"]
    assert value == found["test_score"]


@pytest.mark.parametrize("options", [["--setting", "hidden=9"], ["--reference", "dense.pt"]])
def test_an_extension_of_another_network_is_refused(
    command,  # type: ignore[no-untyped-def]
    options: list[str],
    kind: Kind,
    tmp_path: Path,
) -> None:
    run = tmp_path / "run"
    assert command("search", *kind.options, *SMALL, "--out", run).status == 0
    line = command("search", "--out", run, "--extend", *options, *kind.again).mistake
    said = ("an extension may change", "belongs to", "no file", "fixed in a run")
    assert any(words in line for words in said), line
