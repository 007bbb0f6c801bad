"""Worker processes on this machine: a process for each job under way, kept for the next one."""

import contextlib
import logging
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from typing import Any

from hyperprune.errors import WorkerDiedError
from hyperprune.executors.child import Child
from hyperprune.executors.contract import Payload
from hyperprune.executors.messages import Message, gave_up, hear, settle

RETRIES = 2

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class _Task:
    function: str
    payload: Payload
    future: Future[Any] = field(default_factory=Future)
    child: Child | None = None
    cancelled: bool = False


class Processes:
    """Runs jobs in processes of their own. One that dies takes no other with it.

    A job whose process dies is started again, up to two times, and resumes from what it had saved.

    Args:
        workers: jobs at a time; further ones wait.
        listener: hears the progress of all jobs, one event at a time.
        environments: variables of the worker processes, such as the GPU that each is to see; given out in
            turn.
        preload: modules that all jobs need.
    """

    def __init__(
        self,
        workers: int,
        listener: Callable[[Any], None] = lambda _: None,
        environments: Sequence[Mapping[str, str]] = ({},),
        preload: Sequence[str] = (),
    ) -> None:
        self.workers = workers
        self._listener = listener
        self._one_at_a_time = threading.Lock()
        self._of_children = threading.Lock()  # whose child is whose
        self._queue: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._tasks: dict[Future[Any], _Task] = {}
        self._closing = False
        self._preload = preload
        self._slots = [
            threading.Thread(target=self._work, args=(environments[n % len(environments)],), daemon=True)
            for n in range(workers)
        ]
        for slot in self._slots:
            slot.start()

    def submit(self, function: str, payload: Payload) -> Future[Any]:
        """Start the job as soon as a process is free."""
        task = _Task(function, payload)
        if self._closing:
            task.future.cancel()
            return task.future
        self._tasks[task.future] = task
        task.future.add_done_callback(lambda done: self._tasks.pop(done, None))
        self._queue.put(task)
        return task.future

    def cancel(self, future: Future[Any]) -> None:
        """End a job at once, wherever it is; its future raises ``CancelledError``."""
        task = self._tasks.get(future)
        if task is None or future.cancel():
            return
        with self._of_children:
            task.cancelled = True
            if task.child is not None:
                task.child.end()

    def close(self) -> None:
        """End all jobs and all processes at once."""
        self._closing = True
        for future in list(self._tasks):
            self.cancel(future)
        for _ in self._slots:
            self._queue.put(None)
        for slot in self._slots:
            slot.join()

    def _work(self, environment: Mapping[str, str]) -> None:
        """A slot: one process, one job after the other."""
        child: Child | None = None
        with contextlib.suppress(OSError):  # the first job will try again, and say why it cannot be
            child = Child(environment, self._preload)
        while (task := self._queue.get()) is not None:
            if not task.future.set_running_or_notify_cancel():
                continue
            try:
                child = self._run(task, child, environment)
            except BaseException as error:  # of the listener, or of a process that could not be started
                _kill(task.child)
                _kill(child)
                self._take(task)
                child = None
                task.future.set_exception(error)
        _kill(child)

    def _run(self, task: _Task, child: Child | None, environment: Mapping[str, str]) -> Child | None:
        """Run a job; give the process back if another job may use it."""
        died = ""
        for _ in range(RETRIES + 1):
            child = child or Child(environment, self._preload)
            self._give(task, child)
            try:
                message = child.work(task.function, task.payload, self._hear)
            except WorkerDiedError as error:
                died, message = str(error), {}
            # from here on nobody may end the process for this job: it may have another
            cancelled = self._take(task)
            if (
                cancelled or "result" not in message
            ):  # what a job holds, such as memory, goes with its process
                _kill(child)
                child = None
            if cancelled:
                task.future.set_exception(CancelledError())
                return None
            if message:
                settle(task.future, message)
                return child
            logger.warning("a job is started again: %s", died)
        task.future.set_exception(gave_up(RETRIES + 1, died))
        return None

    def _give(self, task: _Task, child: Child) -> None:
        with self._of_children:
            task.child = child
            if task.cancelled:
                child.end()

    def _take(self, task: _Task) -> bool:
        """Whether the job was cancelled while it had its process, which it has no longer."""
        with self._of_children:
            task.child = None
            return task.cancelled

    def _hear(self, message: Message) -> None:
        with self._one_at_a_time:
            hear(message, self._listener)


def _kill(child: Child | None) -> None:
    if child is not None:
        child.kill()
