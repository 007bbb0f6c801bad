"""What long jobs meet. After each fault the same bytes come out, and nothing finished is trained again."""

import ast
import datetime
import os
import random
import signal
import subprocess
import sys
import time
import types
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from drivers import children, gone, start, until
from small_search import bits, finished, not_trained_again, small

from hyperprune.executors import Executor, InProcess, Processes
from hyperprune.search import Event, RunFolder, SearchResult, run
from hyperprune.training import Progress
from hyperprune.training.entry_points import TRAIN
from hyperprune.training.job import TrainingJob
from hyperprune.training.stored import checkpoint

PACKAGE = Path(__file__).parents[2] / "src" / "hyperprune"


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The search that nothing befell."""
    folder = tmp_path_factory.mktemp("calm") / "run"
    run(small(), folder)
    return folder


class Instead:
    """An executor that runs another function in place of the training of some networks, by their label."""

    def __init__(self, inner: Executor, functions: dict[str, str]) -> None:
        self._inner, self._functions = inner, functions
        self.workers = inner.workers

    def submit(self, function: str, payload: dict[str, Any]) -> Future[Any]:
        if function == TRAIN:
            function = self._functions.get(payload["label"], function)
        return self._inner.submit(function, payload)

    def cancel(self, future: Future[Any]) -> None:
        self._inner.cancel(future)

    def close(self) -> None:
        self._inner.close()


class Trained:
    """Counts how often each epoch was trained to its end."""

    def __init__(self) -> None:
        self.times: dict[tuple[str, int], int] = {}

    def __call__(self, event: Event) -> None:
        if isinstance(event, Progress) and event.valid_loss is not None and event.steps > 0:
            key = (event.label, event.epoch)
            self.times[key] = self.times.get(key, 0) + 1


@pytest.fixture
def two(request: pytest.FixtureRequest) -> Iterator[Callable[..., tuple[Executor, Trained]]]:
    made: list[Executor] = []

    def make(functions: dict[str, str]) -> tuple[Executor, Trained]:
        trained = Trained()
        made.append(Processes(2, trained))
        return Instead(made[-1], functions), trained

    yield make
    for executor in made:
        executor.close()


@pytest.mark.slow
def test_worker_killed(tmp_path: Path, calm: Path, two: Any) -> None:
    """Two candidates and the dense network lose their process in the middle of their second epoch."""
    victims = dict.fromkeys(("dense", "candidate 0", "candidate 1"), "worker_jobs:train_killed")
    executor, trained = two(victims)
    run(small(search__first_epochs=2, recipe__epochs=5), tmp_path / "run", executor=executor)
    assert len(list((tmp_path / "run").rglob("* was killed"))) == 3
    run(small(search__first_epochs=2, recipe__epochs=5), tmp_path / "calm")
    assert bits(tmp_path / "run") == bits(tmp_path / "calm")
    assert set(trained.times.values()) == {1}


@pytest.mark.slow
def test_out_of_memory_fails_the_candidate_after_a_second_try(tmp_path: Path, two: Any) -> None:
    executor, _ = two({"candidate 1": "worker_jobs:train_starved"})
    result = run(small(), tmp_path / "run", executor=executor)
    assert (tmp_path / "run" / "candidates" / "candidate 1 starved").read_text() == "xx"
    starved = result.candidates[1]
    assert starved.standing == "failed"
    assert "there was not enough memory, twice" in str(starved.failure)
    assert result.selected is not None
    others = [c for c in result.candidates if c.number != 1 and c.duplicate_of != 1]
    assert all(c.failure is None for c in others)
    # it stays failed: a search that has gone on without it must not change its mind
    (tmp_path / "run" / "result.json").unlink()
    assert run(small(), tmp_path / "run") == result


def test_memory_that_suffices_at_the_second_try_costs_nothing(tmp_path: Path, calm: Path) -> None:
    class Once(InProcess):
        failed = False

        def submit(self, function: str, payload: dict[str, Any]) -> Future[Any]:
            if payload.get("label") == "candidate 2" and not self.failed:
                self.failed = True
                return super().submit("worker_jobs:mistaken", {"kind": "memory", "says": "no memory"})
            return super().submit(function, payload)

    executor = Once()
    run(small(), tmp_path / "run", executor=executor)
    assert executor.failed
    assert bits(tmp_path / "run") == bits(calm)


@pytest.mark.slow
def test_worker_that_dies_every_time_fails_its_candidate_alone(tmp_path: Path, two: Any) -> None:
    executor, _ = two({"candidate 2": "worker_jobs:dies_always"})
    result = run(small(), tmp_path / "run", executor=executor)
    assert "the worker died 3 times in one job (its process ended with signal SIGKILL" in str(
        result.candidates[2].failure
    )
    assert [c.number for c in result.candidates if c.standing == "failed"] == [2]
    assert result.selected is not None


@pytest.mark.slow
def test_driver_killed_while_another_waits_for_its_folder(tmp_path: Path, calm: Path) -> None:
    """A second driver is refused; once the first is dead, the folder is free and its workers are gone."""
    folder = tmp_path / "run"
    first = start(folder, "--workers", "2")
    until(lambda: first.poll() is not None or len(list(folder.glob("candidates/*/epoch-*.json"))) >= 2)
    workers = children(first.pid)
    first.send_signal(signal.SIGSTOP)  # so that it does not end before the second has been refused
    second = start(folder, "--workers", "2")
    assert second.wait() == 2
    assert second.stderr is not None
    assert "is in use by another process" in second.stderr.read()
    first.kill()
    first.wait()
    assert workers
    before = finished(folder)
    run(small(), folder)
    assert all(gone(worker) for worker in workers)
    assert before
    assert not_trained_again(before, folder)
    assert bits(folder) == bits(calm)


@pytest.mark.slow
def test_interrupt_ends_all_workers_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    driver = start(folder, "--workers", "2")
    until(lambda: driver.poll() is not None or len(list(folder.glob("candidates/*/epoch-*.json"))) >= 2)
    workers = children(driver.pid)
    driver.send_signal(signal.SIGINT)
    assert driver.wait(timeout=30) == 130
    assert workers
    until(lambda: all(gone(worker) for worker in workers), seconds=10)


@pytest.mark.slow
def test_two_workers_never_train_one_network(tmp_path: Path) -> None:
    """The same job twice at a time: the second waits for the first and finds everything done."""
    trained = Trained()
    executor = Processes(2, trained)
    config = small().bound()
    job = TrainingJob(
        label="x", folder=tmp_path / "network", task=config.described, recipe=config.recipe, until=4
    )
    futures = [executor.submit(TRAIN, job.model_dump(mode="json")) for _ in range(2)]
    first, second = [future.result() for future in futures]
    executor.close()
    assert first == second
    assert trained.times == {("x", epoch): 1 for epoch in (1, 2, 3, 4)}


@pytest.mark.parametrize("what", ["weights", pytest.param("document", marks=pytest.mark.slow)])
def test_corrupted_checkpoint_costs_one_epoch(tmp_path: Path, calm: Path, what: str) -> None:
    """A bit of the last checkpoint of every network flips while nobody runs."""
    folder = tmp_path / "run"
    run(small(), folder)
    (folder / "result.json").unlink()
    jobs = [RunFolder(folder).dense.path, *(p for p in (folder / "candidates").glob("*") if p.is_dir())]
    for job in jobs:
        victim = checkpoint.path(job, checkpoint.epochs(job)[-1])
        victim = victim if what == "weights" else victim.with_suffix(".json")
        data = bytearray(victim.read_bytes())
        data[len(data) // 2] ^= 1
        victim.write_bytes(data)
    before = finished(folder)
    run(small(), folder)
    assert not_trained_again(before, folder)
    assert bits(folder) == bits(calm)


def test_clock_jumps_decide_nothing(tmp_path: Path, calm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wall clocks of search, database and logs jump by days, and files come from the future."""
    chance = random.Random(0)
    now = time.time

    class Jumping(datetime.datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return cls.fromtimestamp(now() + chance.uniform(-1e6, 1e6), tz)

    monkeypatch.setattr(time, "time", lambda: now() + chance.uniform(-1e6, 1e6))
    monkeypatch.setattr(time, "time_ns", lambda: int(time.time() * 1e9))
    for name, module in list(sys.modules.items()):
        if name.startswith("optuna") and getattr(module, "datetime", None) is datetime.datetime:
            monkeypatch.setattr(module, "datetime", Jumping)
        elif name.startswith("optuna") and getattr(module, "datetime", None) is datetime:
            monkeypatch.setattr(
                module, "datetime", types.SimpleNamespace(**vars(datetime) | {"datetime": Jumping})
            )
    folder, left = tmp_path / "run", 25

    def interrupt(_: Event) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(small(), folder, listener=interrupt)
    before = finished(folder)
    for path in folder.rglob("epoch-*"):
        moment = now() + chance.uniform(-1e8, 1e8)
        os.utime(path, (moment, moment))
    run(small(), folder)
    assert not_trained_again(before, folder)
    assert bits(folder) == bits(calm)


def test_no_wall_clock_is_read_where_something_is_decided() -> None:
    """Durations come from time.monotonic, in the whole package."""
    readers = {"time", "time_ns", "now", "utcnow", "today", "localtime", "gmtime", "st_mtime", "getmtime"}
    found = []
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr in readers:
                found.append(f"{path.relative_to(PACKAGE)}:{node.lineno} {node.attr}")
    assert found == []


DISK = """
import errno, os, sys
from pathlib import Path
from small_search import finished, not_trained_again, small
from hyperprune.search import run

folder = Path(sys.argv[1])
filler = folder.parent / "filler"
os.sync()
room = os.statvfs(folder.parent)
filler.write_bytes(b"x" * (room.f_bavail * room.f_frsize - int(sys.argv[2])))
try:
    run(small(runtime__workers=int(sys.argv[3])), folder)
except Exception as error:
    print("STOPPED", type(error).__name__, error)
else:
    sys.exit("the disk was not full")
before = finished(folder)
assert before, "nothing was finished"
filler.unlink()
run(small(runtime__workers=int(sys.argv[3])), folder)
assert not_trained_again(before, folder), "trained again"
print("RESULT", (folder / "result.json").read_text())
"""


@pytest.mark.slow
@pytest.mark.parametrize(("room", "workers"), [(250_000, 1), (300_000, 2)])
def test_disk_full(tmp_path: Path, calm: Path, room: int, workers: int) -> None:
    """A file system of its own fills up; once there is room, the search goes on."""
    disk = tmp_path / "disk"
    disk.mkdir()
    script = tmp_path / "search.py"
    script.write_text(DISK)
    mount = f"mount -t tmpfs -o size=8m tmpfs {disk}"
    inside = f"{mount} && exec {sys.executable} {script} {disk}/run {room} {workers}"
    unshare = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
    tried = subprocess.run([*unshare, mount], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"no file system can be mounted in a user namespace here: {tried.stderr.strip()}")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([*unshare, inside], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert "STOPPED" in done.stdout
    assert "No space left on device" in done.stdout or "database or disk is full" in done.stdout
    assert done.stdout.partition("RESULT ")[2].strip() == (calm / "result.json").read_text().strip()


@pytest.mark.slow
def test_unfinished_jobs_end_with_a_search_that_fails(tmp_path: Path, two: Any) -> None:
    """An error of one job that is nobody's fault but the code's ends the search with its words."""
    executor, _ = two({"candidate 1": "worker_jobs:mistaken_training"})
    with pytest.raises(ZeroDivisionError):
        run(small(), tmp_path / "run", executor=executor)
    result: SearchResult = run(small(), tmp_path / "run")
    assert result.candidates[1].failure is None
