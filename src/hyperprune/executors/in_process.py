"""The default executor: one job after the other in the calling process."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from hyperprune.executors.contract import Payload, resolve


class InProcess:
    """Runs each job when it is submitted.

    Args:
        listener: handed to every job, which tells it about its progress.
    """

    workers = 1

    def __init__(self, listener: Callable[[Any], None] = lambda _: None) -> None:
        self._listener = listener

    def submit(self, function: str, payload: Payload) -> Future[Any]:
        """Run the job and give a future that is done; an exception waits in it."""
        future: Future[Any] = Future()
        try:
            future.set_result(resolve(function)(payload, self._listener))
        except Exception as error:
            future.set_exception(error)
        return future

    def cancel(self, future: Future[Any]) -> None:
        """Nothing: the job has ended before its future was given."""

    def close(self) -> None:
        """Nothing is held."""
