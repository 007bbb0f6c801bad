"""What was there before long work begins is not walked while it lasts, and garbage is collected as ever."""

import gc
import weakref
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from small_search import small

from hyperprune.collector import imports_unwalked
from hyperprune.executors import InProcess, make_executor
from hyperprune.executors.workers import Workers
from hyperprune.search import run


class _Node:
    me: "_Node"


@pytest.fixture(autouse=True)
def _nothing_is_frozen() -> Iterator[None]:
    gc.unfreeze()
    yield
    assert gc.get_freeze_count() == 0


def test_what_was_there_is_left_alone_until_the_end() -> None:
    with imports_unwalked():
        assert gc.get_freeze_count() > 1000
    assert gc.get_freeze_count() == 0


def test_an_error_ends_it_too() -> None:
    with pytest.raises(ValueError, match="over"), imports_unwalked():
        raise ValueError("over")


def test_garbage_from_inside_is_collected() -> None:
    with imports_unwalked():
        node = _Node()
        node.me = node
        gone = weakref.ref(node)
        del node
        gc.collect()
        assert gone() is None


def test_what_others_froze_stays_frozen() -> None:
    gc.freeze()
    try:
        with imports_unwalked():
            pass
        assert gc.get_freeze_count() > 1000
    finally:
        gc.unfreeze()


def test_worker_processes_leave_their_modules_alone() -> None:
    made = make_executor("processes", Workers(count=1), lambda _: None)
    try:
        counts = [made.submit("worker_jobs:frozen", {}).result(timeout=60) for _ in range(3)]
        assert min(counts) > 1000
    finally:
        made.close()


def test_so_does_a_search_in_the_calling_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counts, submit = [], InProcess.submit

    def counting(self: InProcess, function: str, payload: dict[str, Any]) -> Future[Any]:
        counts.append(gc.get_freeze_count())
        return submit(self, function, payload)

    monkeypatch.setattr(InProcess, "submit", counting)
    run(small(search__candidates=1), tmp_path / "run")
    assert min(counts) > 1000
