"""Futures of futures."""

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
        if done.cancelled():
            following.set_exception(CancelledError())
            return
        error = done.exception()
        if error is not None:
            following.set_exception(error)
            return
        try:
            following.set_result(function(done.result()))
        except Exception as mistake:
            following.set_exception(mistake)

    first.add_done_callback(go_on)
    return following
