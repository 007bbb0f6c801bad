"""Files that a kill, a full disk or a second process cannot spoil."""

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from hyperprune.errors import RunFolderError


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Let ``write`` fill a file beside ``path``, flush it to the disk, then rename it over ``path``.

    A reader sees the old content or the new one, never a part. What is left of an interrupted write
    carries the suffix ``.part`` and is overwritten by the next.
    """
    part = path.with_name(path.name + ".part")
    try:
        write(part)
        descriptor = os.open(part, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(part, path)
    except BaseException as error:
        if isinstance(error, OSError) and error.filename == str(part):
            error.filename = str(path)  # the name that people know
        if path.parent.is_dir():
            part.unlink(missing_ok=True)
        raise
    _flush_folder(path.parent)


def write_bytes(path: Path, data: bytes) -> None:
    """Write ``data`` atomically."""
    write_atomically(path, lambda part: _write(part, data))


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` atomically as JSON with sorted keys; NaN and infinity are refused."""
    text = json.dumps(value, indent=1, sort_keys=True, allow_nan=False, ensure_ascii=False)
    write_bytes(path, (text + "\n").encode())


def write_new(path: Path, data: bytes) -> None:
    """Write a file that does not exist yet; it appears whole or not at all.

    Raises:
        FileExistsError: it exists.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        write_bytes(part, data)
        os.link(part, path)  # unlike a rename, never replaces
    except OSError as error:
        if error.filename == str(part):
            error.filename = str(path)
        raise
    finally:
        part.unlink(missing_ok=True)


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def locked(folder: Path, remedy: str = "stop it, or give another --out", wait: float = 0.0) -> Iterator[None]:
    """Hold ``folder`` for this process alone; the kernel lets go when the process dies, however it dies.

    Args:
        folder: must exist.
        remedy: what else the user can do, in the error.
        wait: seconds to wait for a process that holds it to go.

    Raises:
        RunFolderError: another live process holds it.
    """
    last = time.monotonic() + wait
    with (folder / ".lock").open("a") as stream:
        while not _try_to_hold(stream):
            if time.monotonic() >= last:
                raise RunFolderError(f"{folder} is in use by another process: wait for it, {remedy}")
            time.sleep(0.05)
        yield


def _try_to_hold(stream: IO[str]) -> bool:
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as stream:
        stream.write(data)


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
