"""What was there before long work begins is not walked while it lasts, and garbage is collected as ever."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from hyperprune.collector import imports_unwalked
from hyperprune.executors import make_executor
from hyperprune.executors.workers import Workers


class _Node:
    me: "_Node"


@pytest.fixture(autouse=True)
def _nothing_is_frozen() -> Iterator[None]:
    assert gc.get_freeze_count() == 0
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


@pytest.mark.parametrize("executor", ["in-process", "processes"])
def test_jobs_run_so_from_the_first_to_the_last(executor: str) -> None:
    made = make_executor(executor, Workers(count=1), lambda _: None)
    try:
        counts = [made.submit("worker_jobs:frozen", {}).result(timeout=60) for _ in range(3)]
        assert min(counts) > 1000
    finally:
        made.close()
