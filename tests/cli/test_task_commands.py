"""Commands for a task of the user's own, and the mistakes that one can make with it."""

import json
import sys
from pathlib import Path

import pytest
import tiny_tasks
import torch

from hyperprune.cli.table import names
from hyperprune.tasks.own import SHIPPED

NAME = "tiny_tasks:Tiny"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from hyperprune.search import for_task
    from hyperprune.search import run as search

    folder = tmp_path_factory.mktemp("run") / "own"
    search(for_task(NAME), folder)
    return folder


def test_the_list_of_shipped_tasks_is_whole() -> None:
    assert sorted(SHIPPED) == names("task")


def test_search_by_command_is_the_search_by_python(command, run: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    shown = command("search", "--task", NAME, "--out", tmp_path / "run", "--json")
    assert json.loads(shown.out) == json.loads((run / "result.json").read_text())


def test_train_evaluate_and_spectrum(command, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    out = tmp_path / "net"
    trained = command("train", "--task", NAME, "--setting", "hidden=4", "--epochs", 2, "--out", out, "--json")
    result = json.loads(trained.out)
    shown = json.loads(command("evaluate", out, "--task", NAME, "--json").out)
    assert shown["value"] == result["test_score"]
    assert shown["score"]["name"] == result["score"]["name"] == "accuracy"
    assert f"test accuracy {result['test_score']:.4g}" in command("evaluate", out, "--task", NAME).out
    found = json.loads(command("spectrum", out, "--task", NAME, "--json").out)
    assert (len(found["exponents"]), found["sequences"], found["steps"]) == (4, 3, 6)
    best = out / result["weights"]
    again = json.loads(
        command("evaluate", best, "--task", "tiny_tasks:Tiny", "--part", "valid", "--json").out
    )
    assert again["value"] == result["valid_score"]


def test_a_task_is_tried_before_a_search(command) -> None:  # type: ignore[no-untyped-def]
    shown = json.loads(command("data", "stats", "--task", NAME, "--json").out)
    assert shown["batches"] == 6
    assert shown["recurrent"] == "LSTM"
    assert (shown["steps"], shown["sequences"]) == (8, 3)
    assert shown["naive"] == {"name": "a coin", "valid": 0.5}
    assert "accuracy, higher is better" in command("data", "stats", "--task", NAME).out


def test_the_current_folder_is_searched_last(
    command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,  # type: ignore[no-untyped-def]
) -> None:
    (tmp_path / "here_alone.py").write_text("from tiny_tasks import Tiny as Mine\n")
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong json')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert json.loads(command("data", "stats", "--task", "here_alone:Mine", "--json").out)["batches"] == 6


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["nowhere:Task"], "there is no module 'nowhere'; install it, or start in the folder that holds it"),
        (["tiny_tasks"], "a task is named package.module:object, got 'tiny_tasks'"),
        (["tiny_tasks:Missing"], "tiny_tasks has no 'Missing'"),
        (["tiny_tasks:number"], "is of type int, no task: give a class"),
        (["tiny_tasks:NoMethods"], "it lacks evaluate, spectrum_inputs: add what is missing"),
        (["tiny_tasks:Tiny", "--setting", "colour=3"], "does not take the settings {'colour': 3}"),
        (["tiny_tasks:Tiny", "--setting", "hidden"], "a setting is NAME=VALUE, got 'hidden'"),
        (["tiny_tasks:made", "--setting", "hidden=3"], "takes no [task.settings], got hidden"),
        (["tiny_tasks:Short"], "gives 40 of 4: lower [spectrum] batch, warmup or steps"),
        (["tiny_tasks:Words"], "must return one number, it returned 'fine': return a float"),
        (["tiny_tasks:TwoModules"], "has 2 (parts.a, parts.b): say which one with recurrent = 'parts.a'"),
        (["tiny_tasks:Tiny", "--corpus", "python-docs"], "corpus belongs to language modelling"),
        (["tiny_tasks:Tiny", "--hidden", "3"], "model belongs to language modelling"),
        (["tiny_tasks:Tiny", "--bptt", "3"], "recipe.bptt belongs to language modelling"),
        (["tiny_tasks:NotANumber"], "the accuracy became nan at the end of epoch 1"),
    ],
)
def test_mistakes(command, tmp_path: Path, given: list[str], says: str) -> None:  # type: ignore[no-untyped-def]
    assert says in command("search", "--out", tmp_path / "run", "--task", *given).mistake


def test_a_spectrum_that_cannot_be_is_refused_before_any_training(command, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "c.toml").write_text("[spectrum]\nk = 500\n")
    given = ["search", "--task", NAME, "--config", tmp_path / "c.toml", "--out", tmp_path / "run"]
    assert "k must be at most" in command(*given).mistake
    assert not list((tmp_path / "run").rglob("*.safetensors"))


def test_broken_module_is_one_line(
    command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,  # type: ignore[no-untyped-def]
) -> None:
    (tmp_path / "broken_task.py").write_text("def f(:\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    line = command("search", "--task", "broken_task:Task", "--out", tmp_path / "run").mistake
    assert "cannot import broken_task of the task broken_task:Task: SyntaxError" in line


def test_a_run_folder_alone_imports_nothing(
    command,
    run: Path,
    monkeypatch: pytest.MonkeyPatch,  # type: ignore[no-untyped-def]
) -> None:
    monkeypatch.delitem(sys.modules, "tiny_tasks", raising=False)
    monkeypatch.setattr("hyperprune.tasks.finding.import_task._given", {})
    for words in (
        ["evaluate", run],
        ["spectrum", run],
        ["search", "--extend", "--candidates", 9, "--out", run],
    ):
        assert f"give --task {NAME} if you trust it" in command(*words).mistake
    assert command("report", run).status == 0
    assert command("cite", run).status == 0
    assert "tiny_tasks" not in sys.modules


def test_options_of_a_text_and_of_a_task_do_not_mix(command, run: Path) -> None:  # type: ignore[no-untyped-def]
    line = command("evaluate", run, "--task", NAME, "--corpus", "python-docs").mistake
    assert "--corpus belongs to language modelling, and this network is of the task tiny_tasks:Tiny" in line
    assert "takes either a text or --task, got neither" in command("data", "stats").mistake
    assert (
        "takes either a text or --task, got both" in command("data", "stats", "ptb", "--task", NAME).mistake
    )
    assert (
        "evaluate() of tiny_tasks:NotANumber"
        in command("evaluate", run, "--task", "tiny_tasks:NotANumber").mistake
    )


@pytest.fixture(scope="module")
def references(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files that are no reference for the tiny task."""
    place = tmp_path_factory.mktemp("references")
    state = tiny_tasks.Tagger(6).state_dict()
    two = {f"{one}.{name}": value for one in ("teacher", "student") for name, value in state.items()}
    torch.save({"state_dict": two}, place / "nested.pt")
    torch.save(tiny_tasks.Tagger(6), place / "pickled.pt")  # code, which is not loaded
    torch.save({name: value for name, value in state.items() if name != "out.bias"}, place / "less.pt")
    torch.save({**state, "more.weight": torch.zeros(2)}, place / "more.pt")
    torch.save(tiny_tasks.Tagger(5).state_dict(), place / "other.pt")
    torch.save({name: value * float("nan") for name, value in state.items()}, place / "nan.pt")
    (place / "noise.safetensors").write_bytes(b"\x07" * 99)
    (place / "words.txt").write_text("weights")
    return place


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("missing.pt", "which is not a file: give an existing one"),
        ("words.txt", "which has another ending: give an existing one"),
        ("nested.pt", "holds 2 networks of this kind, under teacher., student."),
        ("pickled.pt", "cannot be read as weights alone"),
        ("noise.safetensors", "cannot be read as safetensors"),
        ("less.pt", "lacks out.bias, which Tagger has"),
        ("more.pt", "holds more.weight, which Tagger does not have"),
        ("other.pt", "is of another network: lstm.weight_ih_l0 is (20, 3) there and (24, 3) here"),
        ("nan.pt", "left the finite numbers"),
    ],
)
def test_references_that_do_not_fit(command, references: Path, tmp_path: Path, file: str, says: str) -> None:  # type: ignore[no-untyped-def]
    given = ["search", "--task", NAME, "--reference", references / file, "--out", tmp_path / "run"]
    assert says in command(*given).mistake


def test_from_reference_needs_a_reference(command, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    line = command("search", "--task", NAME, "--from-reference", "--out", tmp_path / "run").mistake
    assert "reference.checkpoint" in line


def test_a_written_configuration_is_read_again(command, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "mine.toml"
    assert command("search", "--init", file, "--task", NAME, "--setting", "hidden=4").status == 0
    text = file.read_text()
    assert "bptt" not in text
    assert "\n[corpus]\n" not in text
    from hyperprune.search import configure, for_task

    assert configure(None, file) == for_task(NAME, settings={"hidden": 4})


def test_spectrum_of_an_untrained_network_of_a_task(command, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    by_name = json.loads(command("spectrum", NAME, "--json").out)
    file = tmp_path / "mine.toml"
    file.write_text(f'task = "{NAME}"\n')
    assert json.loads(command("spectrum", file, "--json").out)["exponents"] == by_name["exponents"]
    assert len(by_name["exponents"]) == 6
    assert "no module 'nowhere'" in command("spectrum", "nowhere:Task").mistake
