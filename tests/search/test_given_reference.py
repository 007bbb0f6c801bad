"""A dense network that the user has already: the target as it is, or also where candidates start."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import tiny_tasks
import torch

from hyperprune.errors import CheckpointError
from hyperprune.executors import InProcess, Processes
from hyperprune.lyapunov import distance
from hyperprune.reports import cost_sentences, gather, network_rows, write
from hyperprune.search import RunFolder, SearchResult, configure, find, for_task, run
from hyperprune.training import load_network
from hyperprune.training.stored import checkpoint

NAME = "tiny_tasks:Tiny"


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained network as its owner would have kept it."""
    return tiny_tasks.trained_weights(tmp_path_factory.mktemp("weights"))


def _config(weights: Path, **values: Any) -> Any:
    return for_task(NAME, {"reference.checkpoint": str(weights), **values})


@pytest.fixture(scope="module")
def searched(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[RunFolder, SearchResult]:
    folder = tmp_path_factory.mktemp("given") / "run"
    return RunFolder(folder), run(_config(weights), folder)


def test_its_one_spectrum_is_the_target_at_every_epoch(searched: tuple[RunFolder, SearchResult]) -> None:
    folder, result = searched
    target = folder.dense.spectrum(1)
    assert [path.name for path in folder.dense.path.glob("spectrum*")] == ["spectrum-0000.safetensors"]
    candidate = result.finalists[0]
    distances = [distance(folder.candidate(candidate.number).spectrum(e), target, "l2") for e in (1, 2, 3, 4)]
    assert list(candidate.curve.ls_distance) == distances
    assert candidate.pool_metric == distances[0]


def test_its_score_is_that_of_its_owner_and_costs_no_epochs(
    searched: tuple[RunFolder, SearchResult], weights: Path
) -> None:
    folder, result = searched
    network = tiny_tasks.Tagger(6)
    network.load_state_dict(torch.load(weights, weights_only=True))
    final = result.dense.final
    with torch.no_grad():
        assert final.valid_score == tiny_tasks.Tiny().evaluate(network.eval(), "valid")
        assert final.test_score == tiny_tasks.Tiny().evaluate(network, "test")
    assert final.live == sum(p.numel() for p in network.parameters())
    assert result.cost.with_dense == result.cost.search
    assert result.dense.curve.train_loss == ()
    assert result.dense.reference is not None
    assert result.dense.reference.sha256 == folder.config().reference.sha256
    assert torch.equal(
        load_network(find(folder.path, dense=True).weights, NAME).out.weight, network.out.weight
    )


def test_report_says_that_it_was_given(searched: tuple[RunFolder, SearchResult]) -> None:
    folder, result = searched
    assert "the dense reference was given;" in cost_sentences(result, None)[0]
    assert network_rows(result, None)[0][5] == "given"
    assert "the dense reference was given" in write(folder).read_text()
    findings = gather(folder)
    assert set(findings.spectra["dense"]) == {1, 2, 3, 4}


def test_candidates_start_from_its_largest_weights(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the first step: of each matrix the largest of the reference, as many as sparse_init gives it."""
    seen: dict[str, dict[str, torch.Tensor]] = {}
    from hyperprune.training import job as training_job

    train = training_job.train_epoch

    def spy(task, network, optimizer, sparse, *rest):  # type: ignore[no-untyped-def]
        if rest[1].epoch == 1:
            seen[rest[1].label] = {n: p.detach().clone() for n, p in network.named_parameters()}
        return train(task, network, optimizer, sparse, *rest)

    monkeypatch.setattr(training_job, "train_epoch", spy)
    result = run(_config(weights, **{"reference.start": True}), tmp_path / "run", executor=InProcess())
    given = torch.load(weights, weights_only=True)
    assert "dense" not in seen
    for candidate in result.candidates:
        if candidate.duplicate_of is not None:
            continue
        own = seen[f"candidate {candidate.number}"]
        for name, weight in own.items():
            live = weight != 0
            assert torch.equal(weight[live], given[name][live])
            if weight.dim() > 1 and not live.all():
                assert float(given[name][~live].abs().max()) <= float(given[name][live].abs().min())
        total = sum(w.numel() for w in own.values() if w.dim() > 1)
        assert sum(int((w != 0).sum()) for w in own.values() if w.dim() > 1) == int(0.5 * total + 0.5)
    assert result.dense.reference is not None
    assert result.dense.reference.start
    assert "every candidate began with its weights" in cost_sentences(result, None)[0]


@pytest.mark.parametrize("start", [pytest.param(False, marks=pytest.mark.slow), True])
def test_resumed_and_with_other_workers_as_in_one_piece(weights: Path, tmp_path: Path, start: bool) -> None:
    config = _config(weights, **{"reference.start": start})
    run(config, tmp_path / "whole")
    few = config.model_copy(update={"search": config.search.model_copy(update={"candidates": 4})})
    stopped = InProcess()
    left = [4]
    submit = stopped.submit

    def failing(function, payload):  # type: ignore[no-untyped-def]
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return submit(function, payload)

    stopped.submit = failing  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        run(few, tmp_path / "pieces", executor=stopped)
    workers = Processes(2)
    try:
        run(config, tmp_path / "pieces", executor=workers)
    finally:
        workers.close()
    whole, pieces = ((tmp_path / name / "result.json").read_bytes() for name in ("whole", "pieces"))
    assert whole == pieces


def test_a_changed_file_is_refused(weights: Path, tmp_path: Path) -> None:
    copy = tmp_path / "net.pt"
    copy.write_bytes(weights.read_bytes())
    run(_config(copy, **{"search.candidates": 2, "recipe.epochs": 1}), tmp_path / "run")
    state = torch.load(copy, weights_only=True)
    torch.save({name: value + 1 for name, value in state.items()}, copy)
    with pytest.raises(Exception, match=r"reference\.sha256 is"):
        run(_config(copy, **{"search.candidates": 2, "recipe.epochs": 1}), tmp_path / "run")
    bound = RunFolder(tmp_path / "run").config()
    with pytest.raises(CheckpointError, match="not the file that this run was started with"):
        bound.bound()


def test_our_checkpoints_and_plain_files_are_the_same_reference(
    searched: tuple[RunFolder, SearchResult], weights: Path, tmp_path: Path
) -> None:
    folder, result = searched
    safetensors.torch.save_file(torch.load(weights, weights_only=True), tmp_path / "net.safetensors")
    ours = checkpoint.path(folder.dense.path, 0)
    for number, file in enumerate((tmp_path / "net.safetensors", ours)):
        again = run(_config(file), tmp_path / f"{number}")
        assert again.candidates == result.candidates
        assert again.dense.final.valid_score == result.dense.final.valid_score


TEXT = {
    "corpus.max_train_tokens": 2000,
    "corpus.max_vocabulary": 60,
    "model.embedding": 6,
    "model.hidden": 6,
    "model.tied": True,
    "recipe.epochs": 1,
    "recipe.learning_rate": 5.0,
    "spectrum.steps": 4,
    "spectrum.warmup": 1,
    "search.candidates": 2,
}


def test_tied_weights_of_a_language_model(tmp_path: Path) -> None:
    """Under one name or both; two matrices that differ are refused."""
    run(configure("python-docs", None, TEXT), tmp_path / "first")
    network = load_network(find(tmp_path / "first", dense=True).weights)
    state = network.state_dict()
    torch.save(state, tmp_path / "both.pt")
    torch.save({n: v for n, v in state.items() if n != "decoder.weight"}, tmp_path / "one.pt")
    torch.save({**state, "decoder.weight": state["decoder.weight"] + 1}, tmp_path / "two.pt")
    results = [
        run(
            configure("python-docs", None, {**TEXT, "reference.checkpoint": str(tmp_path / f"{n}.pt")}),
            tmp_path / n,
        )
        for n in ("both", "one")
    ]
    assert results[0].candidates == results[1].candidates
    dense = json.loads((tmp_path / "first" / "result.json").read_text())["dense"]["final"]
    assert results[0].dense.final.valid_score == dense["valid_score"]
    with pytest.raises(CheckpointError, match=r"decoder.weight and embedding.weight are one matrix"):
        run(
            configure("python-docs", None, {**TEXT, "reference.checkpoint": str(tmp_path / "two.pt")}),
            tmp_path / "x",
        )


@pytest.mark.parametrize("file", ["epoch-0000.safetensors", "epoch-0000.json", "initial.json"])
def test_a_damaged_copy_of_the_reference_is_made_again(
    searched: tuple[RunFolder, SearchResult], tmp_path: Path, file: str
) -> None:
    """It blocked the search for ever: nothing trains a given network, so nothing wrote it anew."""
    shutil.copytree(searched[0].path, tmp_path / "run")
    folder = RunFolder(tmp_path / "run")
    (folder.path / "result.json").unlink()
    damaged = folder.dense.path / file
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:-9] + b"\x07" * 9)
    assert run(folder.config(), folder.path).result == searched[1].result
    assert damaged.read_bytes() == whole
