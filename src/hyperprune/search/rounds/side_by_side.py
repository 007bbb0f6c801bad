"""Families that search at the same time, each in a thread; what they find does not depend on that."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, CancelledError, Future, wait


class Stop:
    """Says that the search has ended, to whoever still waits for a job of it."""

    def __init__(self) -> None:
        self._asked = threading.Event()

    def ask(self) -> None:
        """Nothing is to be started, told or written any more."""
        self._asked.set()

    def check(self) -> None:
        """Raise CancelledError if the search has ended."""
        if self._asked.is_set():
            raise CancelledError


def side_by_side(searches: Sequence[Callable[[], None]], stop: Stop) -> None:
    """Run all of them; the first error ends the wait, stops the others and is raised.

    Args:
        searches: each is run in a thread of its own, which does not keep the process alive.
        stop: asked when one of them fails, or this thread is interrupted.
    """
    ended: list[Future[None]] = []
    for search in searches:
        future: Future[None] = Future()
        ended.append(future)
        threading.Thread(target=_run, args=(search, future), daemon=True).start()
    try:
        done, _ = wait(ended, return_when=FIRST_EXCEPTION)
        for future in ended:
            if future in done:
                future.result()
    except BaseException:
        stop.ask()
        raise


def _run(search: Callable[[], None], future: Future[None]) -> None:
    try:
        search()
    except BaseException as error:  # of the listener too, such as an interruption
        future.set_exception(error)
    else:
        future.set_result(None)
