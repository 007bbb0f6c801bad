"""What a job's folder holds after kills and damage: nothing lost for ever, nothing accepted, nothing left."""

import json
import logging
import os
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from hyperprune import files
from hyperprune.corpora import CorpusConfig
from hyperprune.errors import CheckpointError
from hyperprune.models import StackedLSTMConfig
from hyperprune.tasks import Recipe, SpectrumConfig, TextTask
from hyperprune.training import History, JobFolder, TrainingJob, run_job
from hyperprune.training.job import finished
from hyperprune.training.stored import checkpoint
from hyperprune.training.stored.history import Failure
from hyperprune.training.stored.traces import TRACE, traced

TASK = TextTask(
    corpus=CorpusConfig(max_train_tokens=1500, max_vocabulary=60),
    model=StackedLSTMConfig(embedding=6, hidden=6),
)


@pytest.fixture(autouse=True)
def _no_fsync(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)


def job(folder: Path, **changes: object) -> TrainingJob:
    values: dict[str, object] = {
        "label": "test",
        "folder": folder,
        "task": TASK,
        "recipe": Recipe(epochs=6, learning_rate=5.0),
        "spectrum": SpectrumConfig(batch=2, steps=4, warmup=1),
        "until": 4,
    }
    return TrainingJob.model_validate(values | changes)


def _held(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir()) if p.name != "timings.json"}


def _best_in_the_past(monkeypatch: pytest.MonkeyPatch) -> None:
    """Epoch 1 stays the best."""
    from hyperprune.training import job as module

    evaluate = module.evaluate
    monkeypatch.setattr(
        module, "evaluate", lambda state, task, part, epoch: evaluate(state, task, part, epoch) + 10 * epoch
    )


def test_a_kill_before_older_checkpoints_are_deleted_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the job finds itself finished, and in whichever process."""
    run_job(job(tmp_path / "whole"))
    for look in (run_job, finished):
        folder = tmp_path / look.__name__
        with monkeypatch.context() as patch:
            patch.setattr(checkpoint, "keep", lambda *_: None)
            run_job(job(folder))
        (folder / f".epoch-0004.json.{'0' * 16}.part").write_text("half")
        (folder / "epoch-0002.json").unlink()  # its tensors are an orphan
        assert look(job(folder)) is not None
        assert _held(folder) == _held(tmp_path / "whole")


def test_nothing_is_left_of_the_writer_of_tensors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library's own writer leaves files called .tmp... behind, which nobody deletes."""

    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(os, "replace", killed)
    with pytest.raises(Killed):
        run_job(job(tmp_path, until=1, spectrum=None))
    monkeypatch.undo()
    assert [p.name for p in tmp_path.iterdir()] == [".lock"]


def test_a_damaged_best_checkpoint_is_trained_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Only the last was looked at, so a search with a damaged best one could never end."""
    _best_in_the_past(monkeypatch)
    history = run_job(job(tmp_path))
    assert history.best.epoch == 1
    before = _held(tmp_path)
    best = checkpoint.path(tmp_path, 1)
    for damage in (lambda: best.write_bytes(b"x"), best.unlink, best.with_suffix(".json").unlink):
        damage()
        assert finished(job(tmp_path)) is None
        assert "trained again from the start" in caplog.text
        assert run_job(job(tmp_path)) == history
        assert _held(tmp_path) == before


def test_a_damaged_last_checkpoint_goes_back_to_the_one_before(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    history = run_job(job(tmp_path))
    before = _held(tmp_path)
    checkpoint.path(tmp_path, 4).write_bytes(b"x")
    heard: list[int] = []
    assert run_job(job(tmp_path), lambda event: heard.append(event.epoch)) == history
    assert set(heard) == {3, 4}
    assert "going back to the one before" in caplog.text
    assert _held(tmp_path) == before


def test_the_last_and_the_best_damaged_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the one before the last, only the end shows that the one that counts is gone."""
    _best_in_the_past(monkeypatch)
    history = run_job(job(tmp_path))
    before = _held(tmp_path)
    for epoch in (1, 4):
        checkpoint.path(tmp_path, epoch).write_bytes(b"x")
    assert run_job(job(tmp_path)) == history
    assert _held(tmp_path) == before


@pytest.mark.parametrize("name", ["spectrum-0000.safetensors", "initial.json"])
def test_a_damaged_measurement_before_the_first_step_is_made_again(tmp_path: Path, name: str) -> None:
    """The last epoch stood for it, without a word."""
    run_job(job(tmp_path, initial=True))
    before = _held(tmp_path)
    for damage in (lambda: (tmp_path / name).write_bytes(b"x"), (tmp_path / name).unlink):
        damage()
        history = run_job(job(tmp_path, initial=True, until=0))
        assert history.epochs == ()
        assert history.initial is not None
        assert _held(tmp_path) == before


def test_a_failure_of_another_network_is_refused(tmp_path: Path) -> None:
    recipe = Recipe(epochs=6, learning_rate=1e30, clip=0)
    assert run_job(job(tmp_path / "diverges", recipe=recipe)).failure is not None
    run_job(job(tmp_path / "other", until=1))
    (tmp_path / "other" / "failure.json").write_bytes((tmp_path / "diverges/failure.json").read_bytes())
    with pytest.raises(CheckpointError, match=r"failure\.json is of another network"):
        run_job(job(tmp_path / "other", until=1))


def test_no_bit_of_a_record_can_change_unnoticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A changed loss before the first step ranked networks; a changed failure was believed."""
    caplog.set_level(logging.CRITICAL)
    one = job(tmp_path, initial=True, until=1)
    run_job(one)
    folder = JobFolder(tmp_path)
    folder.save_failure(Failure(epoch=3, reason="loss became nan"), one.identity)
    good = folder.stored(one.identity)
    for name in ("initial.json", "failure.json", "epoch-0001.json"):
        whole = (tmp_path / name).read_bytes()
        for bit in range(0, 8 * len(whole), 5):
            bad = bytearray(whole)
            bad[bit // 8] ^= 1 << bit % 8
            (tmp_path / name).write_bytes(bad)
            found = folder.stored(one.identity).history
            same = found.model_dump() == good.history.model_dump()
            gone = {"initial.json": not found.initial, "failure.json": not found.failure}.get(
                name, not found.epochs
            )
            assert same or gone, (name, bit)
        (tmp_path / name).write_bytes(whole)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "3",
        "null",
        '{"a": NaN}',
        '{"a": 1e999}',
        "[" * 99999,
        '"\\ud800"',
        '{"1": "x", "2": []}',
    ],
)
def test_a_record_of_another_kind_is_no_traceback(tmp_path: Path, content: str) -> None:
    """Each of a job's documents in turn; those that only inform stop nothing."""
    history = run_job(job(tmp_path, initial=True))
    for name in ("initial.json", "failure.json", "timings.json", "epoch-0004.json", "epoch-0003.json"):
        (tmp_path / name).write_text(content)
        assert run_job(job(tmp_path, initial=True)) == history
        if name == "failure.json":
            (tmp_path / name).unlink()
    for name in ("initial.json", "timings.json", "epoch-0004.json"):
        (tmp_path / name).unlink()
        (tmp_path / name).mkdir()
        refused = pytest.raises((CheckpointError, OSError))
        with refused if name != "timings.json" else nullcontext():
            run_job(job(tmp_path, initial=True))
        (tmp_path / name).rmdir()


def test_an_error_keeps_its_trace_until_the_job_succeeds(tmp_path: Path) -> None:
    """A bug in a user's task was a bare IndexError; the trace was gone with the worker."""

    def losses_of_mine() -> Any:
        return [][3]

    with pytest.raises(IndexError) as raised, traced(tmp_path / "job"):
        losses_of_mine()
    notes = "\n".join(raised.value.__notes__)
    assert "losses_of_mine: return [][3]" in notes
    assert f"the whole trace is in {tmp_path / 'job' / TRACE}" in notes
    kept = (tmp_path / "job" / TRACE).read_text()
    assert kept.startswith("Traceback (most recent call last):")
    assert "IndexError: list index out of range" in kept
    with traced(tmp_path / "job"):
        pass
    assert not (tmp_path / "job" / TRACE).exists()
    with pytest.raises(CheckpointError), traced(tmp_path / "job"):
        raise CheckpointError("what the user can mend has no trace")
    assert not (tmp_path / "job" / TRACE).exists()


def test_a_state_is_read_once_on_resume(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file was hashed about six times."""
    run_job(job(tmp_path))
    times: dict[str, int] = {}
    opened = files.reading.opened

    def counted(path: Path) -> Any:
        times[path.name] = times.get(path.name, 0) + 1
        return opened(path)

    monkeypatch.setattr("hyperprune.files.reading.opened", counted)
    run_job(job(tmp_path))
    assert max(times.values()) == 1, times


def test_a_history_is_what_json_holds(tmp_path: Path) -> None:
    run_job(job(tmp_path, until=1))
    document = json.loads((tmp_path / "epoch-0001.json").read_text())
    assert History(epochs=document["history"]) == JobFolder(tmp_path).history()
