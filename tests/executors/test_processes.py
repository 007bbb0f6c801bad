import logging
import os
import threading
import time
from concurrent.futures import CancelledError
from pathlib import Path

import pytest

from hyperprune.executors import Processes, Workers, make_executor
from hyperprune.executors.child import Child


def test_cancel_ends_no_child_that_has_another_job_by_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The first job ends, and the second begins in its process, just before the first one's is killed."""
    first = {"begun": str(tmp_path / "first"), "until": str(tmp_path / "go")}
    second = {"begun": str(tmp_path / "second"), "until": str(tmp_path / "stop")}
    end, caught = Child.end, threading.Event()

    def late(child: Child) -> None:
        (tmp_path / "go").touch()
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline and not (tmp_path / "second").exists():
            time.sleep(0.01)
        caught.set()
        end(child)

    monkeypatch.setattr(Child, "end", late)
    executor = Processes(1)
    try:
        futures = [executor.submit("worker_jobs:begins", job) for job in (first, second)]
        while not (tmp_path / "first").exists():
            time.sleep(0.01)
        with caplog.at_level(logging.WARNING):
            executor.cancel(futures[0])
            assert caught.wait(10)
            with pytest.raises(CancelledError):
                futures[0].result(timeout=20)
            (tmp_path / "stop").touch()
            assert isinstance(futures[1].result(timeout=20), int)
        assert (tmp_path / "second").read_text() == "x"
        assert not caplog.records
    finally:
        monkeypatch.undo()
        executor.close()


def test_cores_are_counted_where_the_system_does_not_say_which_are_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """macOS has no sched_getaffinity: --workers 2 failed there."""
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    for threads, workers in ((1, 2), (2, 1), (4, 1)):
        executor = make_executor("processes", Workers(count=2, threads=threads), lambda _: None)
        assert executor.workers == workers
        executor.close()
