"""Functions that tests let workers run."""

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


def full_disk(payload: Any, listener: Any) -> None:
    raise OSError(28, os.strerror(28), "somewhere")


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


def train_starved(payload: dict[str, Any], listener: Any) -> Any:
    """Train in a process that has hardly any memory left to itself."""
    import resource

    from hyperprune.training.work import train

    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 2**20, resource.RLIM_INFINITY))
    with Path(payload["folder"]).with_suffix(".starved").open("a") as stream:
        stream.write("x")
    hoard = []
    while True:  # whatever is left, until the real allocator refuses
        hoard.append(train(payload, listener))
        hoard.append(bytearray(2**20))
