"""Drivers in processes of their own, and what becomes of their children."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from small_search import command


def start(folder: Path, *options: str) -> "subprocess.Popen[str]":
    """The command line, searching in ``folder``."""
    arguments = [sys.executable, "-m", "hyperprune", *command(folder, *options)]
    return subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def children(process: int) -> list[int]:
    """Processes whose parent is ``process``."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(status.read_text().rpartition(")")[2].split()[1]) == process:
                found.append(int(status.parent.name))
        except (OSError, IndexError):
            continue  # it has ended meanwhile
    return found


def until(holds: Callable[[], Any], seconds: float = 120) -> None:
    """Wait for something that must happen."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"did not happen within {seconds} seconds"
        time.sleep(0.02)


def gone(process: int) -> bool:
    """Whether a process has ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True
