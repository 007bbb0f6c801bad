"""Watching a search from outside: metrics.csv, TensorBoard, a listener."""

import csv
import shutil
from pathlib import Path

import pytest

from hyperprune.search import Event, TensorBoard, configure, run
from hyperprune.search.results.metrics_file import HEAD, NAME
from hyperprune.training import Progress

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
def heard(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[Event, str]]]:
    """A run folder, and what metrics.csv held at the end of each epoch."""
    folder, events = tmp_path_factory.mktemp("watched") / "run", []

    def listen(event: Event) -> None:
        events.append((event, (folder / NAME).read_text() if (folder / NAME).exists() else ""))

    run(configure("python-docs", None, VALUES), folder, listener=listen)
    return folder, events


def _rows(text: str) -> list[list[str]]:
    head, *rows = csv.reader(text.splitlines())
    assert head == list(HEAD)
    return rows


def test_metrics_csv_grows_while_a_search_runs(heard) -> None:  # type: ignore[no-untyped-def]
    _, events = heard
    ended = [(event, text) for event, text in events if isinstance(event, Progress) and event.valid_loss]
    assert len(ended) >= 9
    known = set()
    for event, text in ended:
        rows = _rows(text)
        known.add((event.label, str(event.epoch)))
        assert {(row[0], row[1]) for row in rows} == known
        assert [event.label, str(event.epoch), repr(event.train_loss)] in [row[:3] for row in rows]


def test_metrics_csv_is_the_results_when_it_has_ended(heard) -> None:  # type: ignore[no-untyped-def]
    folder, _ = heard
    result = run(configure("python-docs", None, VALUES), folder)
    rows = _rows((folder / NAME).read_text())
    dense = [row for row in rows if row[0] == "dense"]
    assert [float(row[3]) for row in dense] == list(result.dense.curve.valid_score)
    first = [row for row in rows if row[0] == "candidate 0"]
    assert [float(row[4]) for row in first] == list(result.candidates[0].curve.ls_distance)


def test_metrics_csv_is_the_same_after_a_resume(heard, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    folder, events = heard
    copy = tmp_path / "run"
    shutil.copytree(folder, copy)
    (copy / "result.json").unlink()
    (copy / NAME).write_text(events[len(events) // 2][1] or ",".join(HEAD) + "\n")
    run(configure("python-docs", None, VALUES), copy)
    assert (copy / NAME).read_bytes() == (folder / NAME).read_bytes()


def test_a_damaged_metrics_csv_stops_nothing(heard, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    folder, _ = heard
    copy = tmp_path / "run"
    shutil.copytree(folder, copy)
    (copy / "result.json").unlink()
    (copy / NAME).write_bytes(b"\xff\xfe,\n\0")
    run(configure("python-docs", None, VALUES), copy)
    assert (copy / NAME).read_bytes() == (folder / NAME).read_bytes()


def test_tensorboard_gets_a_folder_a_network(heard, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    pytest.importorskip("tensorboard", reason="the extra tensorboard is not installed")
    _, events = heard
    board = TensorBoard(tmp_path / "boards", configure("python-docs").described.judged_by)
    for event, _ in events:
        board(event)
    board.close()
    names = {path.name for path in (tmp_path / "boards").iterdir()}
    assert {"dense", "search", "candidate-0", "candidate-2"} <= names
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    read = EventAccumulator(str(tmp_path / "boards" / "dense"))
    read.Reload()
    losses = [
        e.train_loss for e, _ in events if isinstance(e, Progress) and e.valid_loss and e.label == "dense"
    ]
    assert [point.value for point in read.Scalars("train loss")] == pytest.approx(losses, rel=1e-6)
