"""Bytes and multiply-adds of a search's networks: read from their checkpoints, shown with its results."""

import io
from pathlib import Path

import pytest
import torch
from torch import nn

from hyperprune import files
from hyperprune.cli.terminal.fitted import show_rows
from hyperprune.cli.terminal.screen import Screen
from hyperprune.export import export, profile
from hyperprune.models import ModelConfig, build
from hyperprune.reports import cost_table, measured_times, write
from hyperprune.search import FinalNetwork, RunFolder, SearchResult, SearchRun, configure_training
from hyperprune.search.results.costs import cost_of
from hyperprune.sparsity.parameters.uses import uses
from hyperprune.training import train

Searched = tuple[RunFolder, SearchResult]


def test_costs_are_those_of_the_profile_and_the_export(searched: Searched, tmp_path: Path) -> None:
    folder, result = searched
    cost = cost_of(folder.path, result.finalists[0].final)
    found = profile(folder.path, time=False)
    assert cost is not None
    assert (cost.bytes, cost.multiply_adds) == (found.disk, found.multiply_adds)
    assert (cost.dense_bytes, cost.dense_multiply_adds) == (found.dense_disk, found.dense_multiply_adds)
    written = export(folder.path, tmp_path / "out")
    assert cost.bytes <= written.weights_bytes < 1.02 * cost.bytes + 3000  # and the names in its header


def test_every_candidate_trained_to_the_end_has_its_costs_in_the_rows(searched: Searched) -> None:
    folder, result = searched
    for row, candidate in zip(SearchRun(folder.path).rows(), result.candidates, strict=True):
        cost = cost_of(folder.path, candidate.final)
        assert row["bytes"] == (cost and cost.bytes)
        assert row["multiply_adds"] == (cost and cost.multiply_adds)
        assert (cost is None) == (candidate.final is None)


def test_the_table_stands_in_the_report_and_fits_80_columns(searched: Searched) -> None:
    folder, result = searched
    table = cost_table(result, folder.path)
    dense = table.rows[0]
    assert (dense[0], dense[2], dense[4]) == ("dense", "1.000", "1.000")
    assert all(row[1] and row[3] for row in table.rows)
    page = write(folder).read_text()
    assert all(f"<td>{cell}</td>" in page for row in table.rows for cell in row)
    screen, file = Screen(), io.StringIO()
    screen.file, screen.width = file, 80
    times = measured_times(result, folder.path, None, rounds=1)
    timed = cost_table(result, folder.path, times)
    show_rows(screen, timed.title, timed.headings, timed.rows)
    lines = file.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert any(line.split()[0] == "dense" and len(line.split()) == 8 for line in lines if line.split())


def test_times_are_of_every_network_beside_the_dense_one(searched: Searched) -> None:
    folder, result = searched
    times = measured_times(result, folder.path, None, rounds=1)
    assert list(times) == [row[0] for row in cost_table(result, folder.path).rows]
    assert times["dense"].slower == 1.0
    assert all(timing.latency > 0 and timing.throughput > 0 for timing in times.values())
    assert f"<td>{times['dense'].latency:,.1f}</td>" in write(folder, times).read_text()


def test_a_checkpoint_that_has_gone_leaves_its_cells_empty(searched: Searched, tmp_path: Path) -> None:
    _, result = searched
    assert cost_of(tmp_path, result.dense.final) is None
    assert cost_table(result, tmp_path).rows[0] == ("dense", "", "", "", "")


def test_a_task_of_ones_own_has_its_costs_without_its_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"task.object": "digits", "task.settings.hidden": 12, "recipe.epochs": 1, "sparsity": 0.8}
    place = tmp_path / "digits"
    train(configure_training(None, None, settings), place)
    (weights,) = place.rglob("epoch-*.safetensors")
    final = FinalNetwork(
        best_epoch=1,
        valid_score=0,
        test_score=0,
        live=0,
        density=0.2,
        averaging=False,
        weights=str(weights.relative_to(place)),
        weights_sha256=files.sha256(weights),
    )
    with monkeypatch.context() as patched:
        patched.setattr("hyperprune.tasks.own.make_task", None)  # whoever wants its code fails
        cost = cost_of(place, final)
    found = profile(place, time=False)
    assert cost is not None
    assert (cost.bytes, cost.multiply_adds) == (found.disk, found.multiply_adds)


class Tied(nn.Module):
    """Looked up and decoded by one matrix; another embedding is only looked up."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.places = nn.Embedding(7, 4), nn.Embedding(9, 4)
        self.gru, self.out = nn.GRU(4, 4), nn.Linear(4, 7)
        self.out.weight = self.embedding.weight
        self.register_buffer("table", torch.zeros(3, 3))


def test_a_lookup_takes_no_product_and_a_tied_one_takes_one() -> None:
    assert uses(Tied()) == {
        "table": (0, 1),
        "embedding.weight": (1, 1),
        "places.weight": (0, 1),
        "gru.weight_ih_l0": (1, 3),
        "gru.weight_hh_l0": (1, 3),
    }


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("stacked-lstm", "recurrent.weight_hh_l0", (1, 4)),
        ("awd-lstm-mos", "embedding.weight", (5, 1)),  # decodes once for each of five experts
        ("on-lstm", "embedding.weight", (1, 1)),
    ],
)
def test_how_a_step_uses_the_matrices_of_our_networks(
    kind: str, name: str, expected: tuple[int, int]
) -> None:
    sizes = {"embedding": 8, "hidden": 8, "layers": 2} | ({"chunk": 4} if kind == "on-lstm" else {})
    assert uses(build(ModelConfig.model_validate({"kind": kind, **sizes}), 11))[name] == expected


def test_the_card_tells_what_the_search_found(searched: Searched, tmp_path: Path) -> None:
    folder, result = searched
    page = (export(folder.path, tmp_path / "out", "hub").folder / "README.md").read_text()
    chosen = result.finalists[0]
    assert f"Candidate {chosen.number} of a search at sparsity" in page
    assert chosen.final is not None
    for final in (chosen.final, result.dense.final):
        assert result.score.text(final.test_score) in page
