"""The dense reference on its way to the full budget, trained beside the candidates."""

from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError, Future

from hyperprune.errors import DivergedError
from hyperprune.training import History

Train = Callable[[int], Future[History]]


class Reference:
    """Trains in stages, one job after the other, so that a ranking waits for its own epoch's spectrum alone.

    Args:
        train: starts the job that goes on until an epoch.
        until: epochs at which something is measured against it, the full budget last.
    """

    def __init__(self, train: Train, until: Iterable[int]) -> None:
        self._train = train
        self._stages: dict[int, Future[History]] = {epoch: Future() for epoch in sorted(set(until))}
        self._begin(list(self._stages))

    @property
    def until(self) -> int:
        """The last epoch that it trains to."""
        return max(self._stages)

    def at(self, epoch: int) -> History:
        """Wait until it has trained so far.

        Raises:
            DivergedError: it never will.
        """
        stage = next(end for end in self._stages if end >= epoch)
        return _whole(self._stages[stage])

    def check(self) -> None:
        """Raise what has stopped it, if anything has; do not wait."""
        for stage in self._stages.values():
            if stage.done():
                _whole(stage)

    def trained(self) -> History:
        """Wait for the full budget."""
        return self.at(self.until)

    def _begin(self, left: list[int]) -> None:
        try:
            job = self._train(left[0])
        except Exception as error:
            self._stop(left, error)
            return
        job.add_done_callback(lambda done: self._ended(left, done))

    def _ended(self, left: list[int], job: Future[History]) -> None:
        """Begin the next stage; this may run in a thread of the executor's."""
        error = CancelledError() if job.cancelled() else job.exception()
        if error is not None:
            self._stop(left, error)
        elif job.result().failure is not None or len(left) == 1:
            for epoch in left:
                self._stages[epoch].set_result(job.result())
        else:
            self._stages[left[0]].set_result(job.result())
            self._begin(left[1:])

    def _stop(self, left: list[int], error: BaseException) -> None:
        for epoch in left:
            self._stages[epoch].set_exception(error)


def _whole(stage: Future[History]) -> History:
    history = stage.result()
    if history.failure is not None:
        raise DivergedError(f"the dense reference failed: {history.failure.reason}")
    return history
