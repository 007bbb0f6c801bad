"""A run folder says what its run is: it is resumed, and extended, by its name alone."""

import json
import shutil
from pathlib import Path

import pytest
import tiny_tasks

from hyperprune.search import configure, for_task, run
from hyperprune.tasks.finding import import_task

VALUES = {
    "model.hidden": 10,
    "model.embedding": 8,
    "corpus.max_train_tokens": 2000,
    "corpus.max_vocabulary": 100,
    "recipe.epochs": 3,
    "recipe.learning_rate": 5.0,
    "search.candidates": 3,
}


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("searched") / "run"
    run(configure("python-docs", None, VALUES), folder)
    return folder


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("searched") / "own"
    run(for_task("tiny_tasks:Tiny", {"search.candidates": 3}, {"hidden": 4}), folder)
    return folder


def test_search_out_run_alone_resumes(command, tmp_path: Path, searched: Path) -> None:  # type: ignore[no-untyped-def]
    """It searched the demo there, and was told that the folder holds another configuration."""
    copy = tmp_path / "run"
    shutil.copytree(searched, copy)
    whole = (copy / "result.json").read_bytes()
    (copy / "result.json").unlink()
    shutil.rmtree(copy / "candidates" / "2")
    shown = command("search", "--out", copy)
    assert shown.status == 0, shown.err
    assert "resuming: 3 of 3 candidates known" in shown.out
    assert (copy / "result.json").read_bytes() == whole
    again = command("search", "--out", copy)  # finished: shown once more, and nothing is said of a resume
    assert again.status == 0
    assert "resuming" not in again.out


def test_a_resume_takes_other_workers_but_no_other_search(command, searched: Path) -> None:  # type: ignore[no-untyped-def]
    assert command("search", "--out", searched, "--workers", 2, "--json").status == 0
    line = command("search", "--out", searched, "--seed", 7).mistake
    assert "another configuration (seed is 1 there, 7 here)" in line
    assert "[runtime] workers" not in (searched / "config.toml").read_text()
    line = command("search", "--out", searched, "--setting", "hidden=3").mistake
    assert "task and its settings are fixed in a run, and this one is of python-docs" in line


def test_a_resume_runs_code_only_if_it_is_named_again(
    command,  # type: ignore[no-untyped-def]
    own: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(import_task, "_given", {})  # another test may have handed the class over
    assert "give --task tiny_tasks:Tiny if you trust it" in command("search", "--out", own).mistake
    shown = command("search", "--out", own, "--task", "tiny_tasks:Tiny", "--json")
    assert json.loads(shown.out) == json.loads((own / "result.json").read_text())
    assert hasattr(tiny_tasks, "Tiny")


def test_train_out_run_alone_resumes(command, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    sizes = ["--hidden", 10, "--embedding", 8, "--max-train-tokens", 2000, "--max-vocabulary", 100]
    out = tmp_path / "net"
    first = command("train", *sizes, "--epochs", 2, "--method", "set", "--out", out, "--json")
    assert first.status == 0, first.err
    assert json.loads(command("train", "--out", out, "--json").out) == json.loads(first.out)
    assert (
        "variant.method is 'set' there, 'rigl' here"
        in command("train", "--out", out, "--method", "rigl").mistake
    )
    assert "holds a training: use hyperprune train" in command("search", "--out", out).mistake


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--setting", "hidden=3"], "task and its settings are fixed in a run"),
        (["--reference", "{}/dense/epoch-0003.safetensors"], "but not reference.checkpoint, which is unset"),
        (["--from-reference"], "reference.checkpoint: field required"),
        (["--corpus", "{}"], "but not corpus.source, which is 'python-docs' in the run"),
    ],
)
def test_extend_with_what_cannot_change(command, searched: Path, options: list[str], says: str) -> None:  # type: ignore[no-untyped-def]
    """--setting and --reference were tracebacks."""
    given = [option.format(searched) for option in options]
    assert says in command("search", "--extend", "--out", searched, *given).mistake


def test_extend_with_settings_of_a_task(command, tmp_path: Path, own: Path) -> None:  # type: ignore[no-untyped-def]
    copy = tmp_path / "own"
    shutil.copytree(own, copy)
    named = ["search", "--extend", "--out", copy, "--task", "tiny_tasks:Tiny"]
    line = command(*named, "--setting", "hidden=5").mistake
    assert "but not task.settings.hidden, which is 4 in the run and 5 here" in line
    shown = command(*named, "--setting", "hidden=4", "--metric", "loss", "--json")
    assert json.loads(shown.out)["metric"] == "loss"


def test_a_setting_without_a_task(command, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    line = command("search", "--setting", "hidden=3", "--out", tmp_path / "run").mistake
    assert line == "settings belong to a task, got hidden and no task: give --task too"


def test_train_from_a_reference(command, tmp_path: Path, searched: Path) -> None:  # type: ignore[no-untyped-def]
    """It starts where the given weights are: one epoch at a rate of nearly nothing keeps their score."""
    weights = searched / "dense" / "epoch-0003.safetensors"
    sizes = ["--hidden", 10, "--embedding", 8, "--max-train-tokens", 2000, "--max-vocabulary", 100]
    given = ["train", *sizes, "--epochs", 1, "--learning-rate", "1e-12", "--dense", "--json"]
    started = json.loads(command(*given, "--reference", weights, "--out", tmp_path / "net").out)
    of_given = json.loads(
        command("evaluate", weights, "--corpus", "python-docs", "--part", "valid", "--json").out
    )
    fresh = json.loads(command(*given, "--out", tmp_path / "fresh").out)
    assert started["valid_score"] == pytest.approx(of_given["perplexity"], rel=0.2)
    assert started["valid_score"] < fresh["valid_score"] * 0.8
    line = command(*given, "--reference", tmp_path / "none.pt", "--out", tmp_path / "x").mistake
    assert "a reference is a file of weights" in line
