"""Functions that tests let workers run."""

import contextlib
import gc
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Told:
    """What ``tells`` tells."""

    label: str
    epoch: int
    loss: float


def echo(payload: Any, listener: Any) -> Any:
    sys.stdout.write("a library speaks on the standard output\n")
    return payload


def mistaken(payload: dict[str, Any], listener: Any) -> None:
    raise {"value": ValueError, "memory": MemoryError, "key": KeyError}[payload["kind"]](payload["says"])


def deep_mistake(payload: Any, listener: Any) -> None:
    try:
        json_of_mine: dict[str, Any] = {}
        json_of_mine["no such key"]
    except KeyError as error:
        error.add_note("a note of the job")
        raise


def begins(payload: dict[str, Any], listener: Any) -> int:
    """Notes each time that it is begun, then waits for a file."""
    with Path(payload["begun"]).open("a") as stream:
        stream.write("x")
    while not Path(payload["until"]).exists():
        time.sleep(0.01)
    return os.getpid()


def full_disk(payload: Any, listener: Any) -> None:
    raise OSError(28, os.strerror(28), "somewhere")


def variable(payload: dict[str, Any], listener: Any) -> str | None:
    time.sleep(payload["pause"])
    return os.environ.get(payload["name"])


def tells(payload: dict[str, Any], listener: Any) -> int:
    for epoch in range(1, payload["epochs"] + 1):
        listener(Told(payload["label"], epoch, float("nan")))
        time.sleep(payload.get("pause", 0))
    return os.getpid()


def dies(payload: dict[str, Any], listener: Any) -> int:
    """Dies as often as it is told, then gives how often it was begun."""
    begun = Path(payload["file"])
    with begun.open("a") as stream:
        stream.write("x")
    if len(begun.read_text()) <= payload["times"]:
        os.kill(os.getpid(), signal.SIGKILL)
    return len(begun.read_text())


def waits(payload: dict[str, Any], listener: Any) -> None:
    """Says who it is, then works for a long time."""
    Path(payload["file"]).write_text(str(os.getpid()))
    time.sleep(600)


def train_killed(payload: dict[str, Any], listener: Any) -> Any:
    """Train; the first time, the process is killed in the middle of its second epoch."""
    from hyperprune.training.entry_points import train

    mark = Path(payload["folder"]).parent / f"{payload['label']} was killed"

    def listen(event: Any) -> None:
        if event.epoch == 2 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        listener(event)

    return train(payload, listen)


def dies_always(payload: dict[str, Any], listener: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def mistaken_training(payload: dict[str, Any], listener: Any) -> None:
    _ = 1 // 0


def train_starved(payload: dict[str, Any], listener: Any) -> Any:
    """Train where the system gives no more memory."""
    import resource

    from hyperprune.training.entry_points import train

    with (Path(payload["folder"]).parent / f"{payload['label']} starved").open("a") as stream:
        stream.write("x")
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limit = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + 2**22, limit[1]))
    hoard = []
    try:
        with contextlib.suppress(MemoryError):
            while True:
                hoard.append(bytearray(2**14))
        return train(payload, listener)
    finally:
        hoard.clear()
        resource.setrlimit(resource.RLIMIT_AS, limit)


def frozen(payload: Any, listener: Any) -> int:
    """Objects that the garbage collector leaves alone."""
    return gc.get_freeze_count()
