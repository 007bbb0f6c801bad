"""A search for a task of the user's own: the same laws as for a text, and scores by its name."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import tiny_tasks
import torch

import hyperprune
from hyperprune.errors import ConfigurationError, DivergedError, RunFolderError
from hyperprune.executors import Processes
from hyperprune.reports import gather, network_rows, write
from hyperprune.search import RunFolder, SearchResult, extend, for_task, run
from hyperprune.tasks import Score
from hyperprune.training import TrainingJob
from hyperprune.training import run_job as run_job
from hyperprune.training.stored import checkpoint

NAME = "tiny_tasks:Tiny"


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunFolder, SearchResult]:
    folder = tmp_path_factory.mktemp("own") / "run"
    return RunFolder(folder), run(for_task(NAME), folder)


def test_scores_are_the_tasks_and_higher_is_selected(searched: tuple[RunFolder, SearchResult]) -> None:
    folder, result = searched
    assert result.score == Score(name="accuracy", better="higher")
    chosen = result.finalists[0]
    assert chosen.number == result.selected
    for candidate in result.finalists:
        assert candidate.final is not None
        assert candidate.final.valid_score == max(candidate.curve.valid_score)
        assert candidate.final.valid_score <= chosen.final.valid_score
    assert 0.5 < result.dense.final.valid_score <= 1
    assert result.naive is not None
    assert result.naive.valid_score == 0.5
    network = hyperprune.load(folder.path, task=NAME).network()
    assert tiny_tasks.Tiny().evaluate(network, "test") == chosen.final.test_score


def test_results_and_tasks_of_before_call_the_naive_answer_baseline(
    searched: tuple[RunFolder, SearchResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, result = searched
    document = result.model_dump(mode="json")
    document["baseline"] = document.pop("naive")
    assert SearchResult.model_validate(document) == result
    task = folder.config().described
    older = SimpleNamespace(baseline=lambda: ("a die", 1 / 6))
    monkeypatch.setattr("hyperprune.tasks.own.make_task", lambda _: older)
    assert task.naive() == ("a die", 1 / 6)


def test_loss_ranks_the_highest_accuracy_first(tmp_path: Path) -> None:
    result = run(for_task(NAME, {"search.metric": "loss"}), tmp_path / "run")
    first = result.rounds[0]
    scores = [result.candidates[n].curve.valid_score[0] for n in first.ranking]
    assert scores == sorted(scores, reverse=True)
    assert list(first.metric) == [-score for score in scores]


def test_report_speaks_of_the_tasks_score(searched: tuple[RunFolder, SearchResult]) -> None:
    folder, result = searched
    page = write(folder).read_text()
    assert "perplexity" not in page.split("Configuration</h2>")[0]
    assert "validation accuracy" in page
    assert "Without a network: validation accuracy 0.5 (a coin)." in page
    assert gather(folder).score.name == "accuracy"
    assert network_rows(result, None)[0][1] == f"{result.dense.final.valid_score:.4g}"


def test_killed_and_with_other_workers_as_in_one_piece(
    searched: tuple[RunFolder, SearchResult], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A search that ends after three jobs, and goes on with two worker processes."""
    from hyperprune.executors import InProcess

    left = [3]
    submit = InProcess.submit

    def failing(self, function, payload):  # type: ignore[no-untyped-def]
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return submit(self, function, payload)

    with monkeypatch.context() as patch:
        patch.setattr(InProcess, "submit", failing)
        with pytest.raises(KeyboardInterrupt):
            run(for_task(NAME), tmp_path / "run", executor=InProcess())
    workers = Processes(2)
    try:
        run(for_task(NAME), tmp_path / "run", executor=workers)
    finally:
        workers.close()
    folder, _ = searched
    assert (tmp_path / "run" / "result.json").read_bytes() == (folder.path / "result.json").read_bytes()


def test_other_data_or_code_is_refused(searched: tuple[RunFolder, SearchResult]) -> None:
    folder, _ = searched
    with pytest.raises(RunFolderError, match="another configuration"):
        run(for_task("tiny_tasks:OtherData"), folder.path)
    config = folder.config()
    assert config.task is not None
    moved = config.task.model_copy(update={"object": "tiny_tasks:OtherData"})
    with pytest.raises(ConfigurationError, match=r"not what this run was started with .data_sha256"):
        config.model_copy(update={"task": moved}).bound()


def test_batches_depend_on_seed_and_epoch_alone(tmp_path: Path) -> None:
    """Two epochs in one piece and in two are the same bytes; another seed gives others."""
    values = {"label": "x", "task": for_task(NAME).described, "recipe": for_task(NAME).recipe}
    run_job(TrainingJob(folder=tmp_path / "whole", until=2, **values))
    run_job(TrainingJob(folder=tmp_path / "pieces", until=1, **values))
    run_job(TrainingJob(folder=tmp_path / "pieces", until=2, **values))
    run_job(TrainingJob(folder=tmp_path / "other", until=2, seed=1, **values))
    whole, pieces, other = (
        checkpoint.path(tmp_path / name, 2).read_bytes() for name in ("whole", "pieces", "other")
    )
    assert whole == pieces
    assert whole != other


def test_a_folder_alone_never_imports_a_task(
    searched: tuple[RunFolder, SearchResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even one that other code has imported already: os:system is imported everywhere."""
    folder, _ = searched
    monkeypatch.setattr("hyperprune.tasks.finding.import_task._given", {})
    monkeypatch.delitem(sys.modules, "tiny_tasks")
    for open_it in (
        lambda: hyperprune.load(folder.path).network(),
        lambda: extend(folder.path, {"search.candidates": 5}),
    ):
        with pytest.raises(ConfigurationError, match="file does not make hyperprune import code"):
            open_it()
    write(folder)
    assert "tiny_tasks" not in sys.modules


@pytest.mark.slow
def test_extension_with_the_task_named_again(
    searched: tuple[RunFolder, SearchResult], tmp_path: Path
) -> None:
    run(for_task(NAME), tmp_path / "run")
    more = extend(tmp_path / "run", {"search.candidates": 5}, task=NAME)
    whole = run(for_task(NAME, {"search.candidates": 5}), tmp_path / "whole")
    assert more == whole


def test_classes_objects_and_settings(tmp_path: Path) -> None:
    assert for_task(tiny_tasks.Tiny).task == for_task(NAME).task
    small = for_task(tiny_tasks.Tiny, settings={"hidden": 3})
    assert small.task is not None
    assert small.task.settings == {"hidden": 3}
    given = for_task(tiny_tasks.Tiny(hidden=3), {"search.candidates": 2, "recipe.epochs": 1})
    assert run(given, tmp_path / "run").dense.final.live == sum(
        p.numel() for p in tiny_tasks.Tagger(3).parameters()
    )
    with pytest.raises(ConfigurationError, match=r"takes no \[task.settings\], got hidden"):
        for_task("tiny_tasks:made", settings={"hidden": 3})


def test_two_recurrent_modules_need_a_word(tmp_path: Path) -> None:
    few = {"search.candidates": 2, "recipe.epochs": 1}
    with pytest.raises(ConfigurationError, match=r"has 2 \(parts.a, parts.b\): say which one"):
        run(for_task("tiny_tasks:TwoModules", few), tmp_path / "run")
    assert not (tmp_path / "run").exists()
    result = run(for_task("tiny_tasks:TwoModules", few, {"which": "parts.b"}), tmp_path / "run")
    assert len(RunFolder(tmp_path / "run").dense.spectrum(1).mean) == 6
    assert result.selected is not None


def test_a_task_that_evaluates_to_nan_says_so(tmp_path: Path) -> None:
    with pytest.raises(DivergedError, match="the accuracy became nan at the end of epoch 1"):
        run(for_task("tiny_tasks:NotANumber"), tmp_path / "run")


def test_losses_without_a_graph_or_of_a_shape_are_refused() -> None:
    from hyperprune.tasks import Recipe
    from hyperprune.tasks.own import OwnTask

    class Wide(tiny_tasks.Tiny):
        steps_per_epoch = 1

        def losses(self, network, epoch):  # type: ignore[no-untyped-def]
            yield torch.zeros(3)

    tiny_tasks.Wide = Wide  # type: ignore[attr-defined]
    try:
        opened = OwnTask(object="tiny_tasks:Wide").open(Recipe())
        with pytest.raises(
            ConfigurationError, match="one number per batch as a tensor, it yielded a Tensor of shape"
        ):
            next(iter(opened.losses(opened.network(), 1)))
    finally:
        del tiny_tasks.Wide  # type: ignore[attr-defined]


def test_a_task_that_differentiates_its_losses_itself_is_refused(tmp_path: Path) -> None:
    """Such a gradient was wiped without a word."""

    class Eager(tiny_tasks.Tiny):
        steps_per_epoch = 6

        def losses(self, network, epoch):  # type: ignore[no-untyped-def]
            for loss in super().losses(network, epoch):
                loss.backward(retain_graph=True)
                yield loss

    tiny_tasks.Eager = Eager  # type: ignore[attr-defined]
    try:
        with pytest.raises(ConfigurationError, match=r"yield the loss and leave backward\(\) out"):
            run(for_task("tiny_tasks:Eager"), tmp_path / "run")
    finally:
        del tiny_tasks.Eager  # type: ignore[attr-defined]
