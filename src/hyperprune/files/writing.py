"""Files that appear whole or not at all."""

import fcntl
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

_RANDOM = 8  # bytes
_TEMPORARY = re.compile(rf"\..*\.[0-9a-f]{{{2 * _RANDOM}}}\.part")


def write_atomically(path: Path, write: Callable[[IO[bytes]], Any]) -> None:
    """Let ``write`` fill a file beside ``path``, flush it to the disk, then rename it over ``path``.

    A reader sees the old content or the new one, never a part. The file beside it has a random name and is
    made by this call, so that nothing which lies in the folder, such as a link, is written through. What
    a kill leaves of it is deleted by :func:`tidy`. The file gets the permissions that the umask leaves.
    """
    with _temporary(path) as (part, stream):
        write(stream)
        _flush(stream)
        os.replace(part, path)
    _flush_folder(path.parent)


def write_bytes(path: Path, data: bytes) -> None:
    """Write ``data`` atomically."""
    write_atomically(path, lambda stream: stream.write(data))


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` atomically as JSON with sorted keys; NaN and infinity are refused."""
    write_bytes(path, json_bytes(value))


def json_bytes(value: Any) -> bytes:
    """What :func:`write_json` writes."""
    text = json.dumps(value, indent=1, sort_keys=True, allow_nan=False, ensure_ascii=False)
    return (text + "\n").encode()


def write_new(path: Path, data: bytes) -> None:
    """Write a file that does not exist yet; it appears whole or not at all.

    Raises:
        FileExistsError: it exists.
    """
    with _temporary(path) as (part, stream):
        stream.write(data)
        _flush(stream)
        try:
            os.link(part, path)  # unlike a rename, never replaces
        finally:
            part.unlink()
    _flush_folder(path.parent)


@contextmanager
def temporary_folder(path: Path) -> Iterator[Path]:
    """A folder beside ``path`` for a library that writes files itself; deleted at the end.

    Only for whoever holds the folder of ``path``: what a kill leaves of it is deleted by :func:`tidy`.
    """
    folder = _beside(path)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def tidy(folder: Path) -> None:
    """Delete what killed writers have left in a folder and those in it; this process holds the folder.

    A file that somebody is writing at this moment, such as a report, is let alone.
    """
    for entry in os.scandir(folder):
        with suppress(OSError):  # left behind is no reason to stop
            is_folder = entry.is_dir(follow_symlinks=False)
            if is_folder and is_temporary(entry.name):
                shutil.rmtree(entry.path)
            elif is_folder:
                tidy(Path(entry.path))
            elif is_temporary(entry.name):
                _delete_if_abandoned(Path(entry.path))


def is_temporary(name: str) -> bool:
    """Whether a file of this name is of a writer that has not finished."""
    return _TEMPORARY.fullmatch(name) is not None


@contextmanager
def _temporary(path: Path) -> Iterator[tuple[Path, IO[bytes]]]:
    """A new file beside ``path``, open for writing; gone at the end unless it was renamed."""
    part = _beside(path)
    try:
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with open(part, "w+b", opener=lambda name, _: os.open(name, flags, 0o666)) as stream:
            with suppress(OSError):  # a file system without locks
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield part, stream
    except OSError as error:
        if error.filename in (None, str(part)):
            error.filename = str(path)  # the name that people know
        raise
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _delete_if_abandoned(part: Path) -> None:
    descriptor = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        part.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _beside(path: Path) -> Path:
    """A hidden name in the same folder that cannot be foreseen."""
    name = path.name.encode()[:200].decode(errors="ignore")  # file systems allow 255 bytes
    return path.with_name(f".{name}.{secrets.token_hex(_RANDOM)}.part")


def _flush(stream: IO[bytes]) -> None:
    stream.flush()
    os.fsync(stream.fileno())


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
