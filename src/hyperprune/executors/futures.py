"""Futures of futures."""

import traceback
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import Any, TypeVar

T = TypeVar("T")


def completed(value: T) -> Future[T]:
    """A future that has its value."""
    future: Future[T] = Future()
    future.set_result(value)
    return future


def then(first: Future[Any], function: Callable[[Any], T]) -> Future[T]:
    """What ``function`` makes of the value of ``first``, once there is one; an error stays the error."""
    following: Future[T] = Future()

    def go_on(done: Future[Any]) -> None:
        error = CancelledError() if done.cancelled() else done.exception()
        if error is not None:
            following.set_exception(error)
            return
        try:
            following.set_result(function(done.result()))
        except Exception as mistake:
            following.set_exception(mistake)

    first.add_done_callback(go_on)
    return following


def retried(start: Callable[[], Future[T]], worth_it: Callable[[BaseException], bool]) -> Future[T]:
    """A future that is started once more if its error is worth that."""
    following: Future[T] = Future()

    def again(done: Future[T]) -> None:
        error = None if done.cancelled() else done.exception()
        if error is None or not worth_it(error):
            _pass_on(done, following)
            return
        traceback.clear_frames(error.__traceback__)  # what the failed attempt still holds, such as memory
        try:
            start().add_done_callback(lambda second: _pass_on(second, following))
        except Exception as mistake:
            following.set_exception(mistake)

    start().add_done_callback(again)
    return following


def _pass_on(done: Future[T], following: Future[T]) -> None:
    error = CancelledError() if done.cancelled() else done.exception()
    if error is None:
        following.set_result(done.result())
    else:
        following.set_exception(error)
