"""What a job's process says to the driver: JSON, whichever way it travels."""

import dataclasses
import logging
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from hyperprune.errors import WorkerDiedError
from hyperprune.executors.contract import resolve
from hyperprune.executors.failures import describe, rebuild

Message = dict[str, Any]
Say = Callable[[Message], None]


def perform(function: str, payload: Any, say: Say) -> Message:
    """Run a job, tell its progress, and give its result or its error as the last message."""

    def listen(event: Any) -> None:
        kind = type(event)
        say({"progress": f"{kind.__module__}:{kind.__qualname__}", "fields": dataclasses.asdict(event)})

    try:
        return {"result": resolve(function)(payload, listen)}
    except Exception as error:
        return {"error": describe(error)}


def settle(future: Future[Any], message: Message) -> None:
    """Let a future have what the last message says: the result or the error."""
    if "error" in message:
        future.set_exception(rebuild(message["error"]))
    else:
        future.set_result(message["result"])


def gave_up(times: int, how: str) -> WorkerDiedError:
    """The error of a job whose process died each time that it was started."""
    return WorkerDiedError(
        f"the worker died {times} times in one job ({how}): if memory was short, lower --workers or the "
        "sizes of the network"
    )


def is_last(message: Message) -> bool:
    """Whether the job has ended with this message."""
    return "result" in message or "error" in message


def hear(message: Message, listener: Callable[[Any], None]) -> None:
    """Hand progress to the listener, and a warning to this process's log."""
    if "log" in message:
        logging.getLogger(message["log"]).log(message["level"], "%s", message["text"])
    else:
        listener(resolve(message["progress"])(**message["fields"]))


class Forward(logging.Handler):
    """Says what is logged."""

    def __init__(self, say: Say) -> None:
        super().__init__()
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        """Say one record."""
        self._say({"log": record.name, "level": record.levelno, "text": record.getMessage()})
