"""What every executor keeps; a new one adds a line to EXECUTORS."""

import math
import os
import time
import traceback
from collections.abc import Callable
from concurrent.futures import CancelledError, wait
from pathlib import Path
from typing import Any

import lonely
import pytest

from hyperprune.errors import ConfigurationError, WorkerDiedError
from hyperprune.executors import Executor, InProcess, Processes, Workers, make_executor

Make = Callable[[Callable[[Any], None]], Executor]


def _ray(listener: Callable[[Any], None]) -> Executor:
    address = lonely.ray_cluster().address
    from hyperprune.executors.ray import RayCluster

    return RayCluster(Workers(count=2, address=address), listener)


EXECUTORS: dict[str, Make] = {
    "in-process": InProcess,
    "processes": lambda listener: Processes(2, listener),
    "ray": _ray,
}
NAMES = ["in-process", "processes", pytest.param("ray", marks=pytest.mark.slow)]


class Heard(list[Any]):
    """A listener that keeps what it hears."""

    def __call__(self, event: Any) -> None:
        self.append(event)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def executor(request: pytest.FixtureRequest, heard: Heard) -> Any:
    made = EXECUTORS[getattr(request, "param", "processes")](heard)
    yield made
    made.close()


every = pytest.mark.parametrize("executor", NAMES, indirect=True)
other_processes = pytest.mark.parametrize("executor", NAMES[1:], indirect=True)


@every
def test_a_job_is_a_name_and_json(executor: Executor) -> None:
    payload = {"text": "ä\n", "numbers": [1, 0.1, None], "nested": {"a": [True]}}
    assert executor.submit("worker_jobs:echo", payload).result() == payload


@every
def test_a_job_that_does_not_check_raises_what_it_says(executor: Executor) -> None:
    job = {"label": "x", "folder": "unused", "corpus": {}, "model": {}, "recipe": {}, "until": -1}
    future = executor.submit("hyperprune.training.entry_points:train", job)
    with pytest.raises(ValueError, match="until"):
        future.result()


@every
@pytest.mark.parametrize("kind", ["value", "memory", "key"])
def test_errors_keep_their_kind_and_words(executor: Executor, kind: str) -> None:
    expected = {"value": ValueError, "memory": MemoryError, "key": KeyError}[kind]
    with pytest.raises(expected, match="as it was said"):
        executor.submit("worker_jobs:mistaken", {"kind": kind, "says": "as it was said"}).result()
    assert executor.submit("worker_jobs:echo", 1).result() == 1


@every
def test_errors_keep_their_notes_and_the_lines_they_come_from(executor: Executor) -> None:
    """A bug in a user's task was a bare KeyError, without a line of theirs."""
    future = executor.submit("worker_jobs:deep_mistake", {})
    error = future.exception()
    assert isinstance(error, KeyError)
    assert error.__notes__ == ["a note of the job"]
    shown = "".join(traceback.format_exception(error))
    assert "worker_jobs.py" in shown
    assert 'json_of_mine["no such key"]' in shown


@every
def test_a_full_disk_is_named(executor: Executor) -> None:
    with pytest.raises(OSError, match="No space left") as raised:
        executor.submit("worker_jobs:full_disk", {}).result()
    assert (raised.value.errno, raised.value.filename) == (28, "somewhere")


@every
def test_an_unknown_function_is_named(executor: Executor) -> None:
    for name in ("hyperprune.nowhere:train", "hyperprune.training.entry_points:fly", "no colon", "json:"):
        with pytest.raises(ConfigurationError, match=r"give package\.module:function"):
            executor.submit(name, {}).result()


@every
def test_many_jobs_give_each_its_own_result(executor: Executor) -> None:
    futures = [executor.submit("worker_jobs:echo", number) for number in range(12)]
    assert [future.result() for future in futures] == list(range(12))
    assert executor.workers >= 1


@every
def test_progress_is_heard_in_order(executor: Executor, heard: Heard) -> None:
    futures = [executor.submit("worker_jobs:tells", {"label": label, "epochs": 3}) for label in ("a", "b")]
    wait(futures)
    _until(lambda: len(heard) == 6)
    for label in ("a", "b"):
        assert [event.epoch for event in heard if event.label == label] == [1, 2, 3]
    assert all(math.isnan(event.loss) for event in heard)


@other_processes
def test_jobs_run_side_by_side(executor: Executor) -> None:
    jobs = [{"label": label, "epochs": 4, "pause": 0.25} for label in ("a", "b")]
    first, second = [executor.submit("worker_jobs:tells", job) for job in jobs]
    assert first.result() != second.result()


@other_processes
def test_a_killed_job_is_started_again(executor: Executor, tmp_path: Path) -> None:
    job = {"file": str(tmp_path / "begun"), "times": 2}
    assert executor.submit("worker_jobs:dies", job).result() == 3


@other_processes
def test_a_job_that_dies_every_time_takes_no_other_with_it(executor: Executor, tmp_path: Path) -> None:
    job = {"file": str(tmp_path / "begun"), "times": 99}
    doomed = executor.submit("worker_jobs:dies", job)
    others = [executor.submit("worker_jobs:tells", {"label": "x", "epochs": 2, "pause": 0.1})] * 6
    with pytest.raises(WorkerDiedError, match="died 3 times"):
        doomed.result()
    assert all(isinstance(other.result(), int) for other in others)
    assert len((tmp_path / "begun").read_text()) == 3


@other_processes
def test_cancelled_jobs_end_at_once(executor: Executor, tmp_path: Path) -> None:
    """Two run, one waits; all three are cancelled, and the executor goes on."""
    files = [tmp_path / name for name in ("a", "b", "c")]
    futures = [executor.submit("worker_jobs:waits", {"file": str(file)}) for file in files]
    _until(lambda: all(file.exists() and file.read_text() for file in files[:2]))
    for future in reversed(futures):
        executor.cancel(future)
    for future in futures:
        with pytest.raises(CancelledError):
            future.result(timeout=30)
    _until(lambda: not any(_lives(file) for file in files[:2]))
    assert executor.submit("worker_jobs:echo", 1).result() == 1
    assert not files[2].exists()


@other_processes
def test_close_ends_what_runs_and_what_waits(executor: Executor, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a", "b", "c")]
    futures = [executor.submit("worker_jobs:waits", {"file": str(file)}) for file in files]
    _until(lambda: all(file.exists() and file.read_text() for file in files[:2]))
    executor.close()
    for future in futures:
        with pytest.raises(CancelledError):
            future.result(timeout=30)
    _until(lambda: not any(_lives(file) for file in files[:2]))


def _lives(file: Path) -> bool:
    try:
        os.kill(int(file.read_text()), 0)
    except ProcessLookupError:
        return False
    return True


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, "nothing happened within a minute"
        time.sleep(0.02)


def test_workers_see_the_gpus_in_turn(monkeypatch: pytest.MonkeyPatch, heard: Heard) -> None:
    """Three workers, two GPUs: none sees more than one, and both are used."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(8))
    executor = make_executor(None, Workers(count=3, device="cuda"), heard)
    jobs = [{"name": "CUDA_VISIBLE_DEVICES", "pause": 0.3} for _ in range(6)]
    seen = [executor.submit("worker_jobs:variable", job) for job in jobs]
    values = [future.result() for future in seen]
    executor.close()
    assert set(values) == {"3", "5"}
    named = make_executor(None, Workers(count=2, device="cuda:1"), heard)
    assert named.submit("worker_jobs:variable", jobs[0]).result() == "3,5"
    named.close()
