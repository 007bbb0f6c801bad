"""Reading what others may have written: regular files alone, sizes looked at first, JSON to the letter."""

import errno
import hashlib
import json
import math
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

LARGEST_RECORD = 64 * 2**20  # bytes; a history of ten thousand epochs has a tenth of it
_DEEPEST = 100


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A regular file, open for reading. A pipe or a device in its place would be waited for, or never end.

    Raises:
        OSError: it cannot be opened, or is not a regular file.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as stream:
        kind = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(kind):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(kind):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        yield stream


def read_bytes(path: Path, largest: int | None = None) -> bytes:
    """All bytes of a regular file.

    Args:
        path: the file.
        largest: bytes that such a file can have.

    Raises:
        OSError: it cannot be read, is not a regular file, or is larger.
    """
    with opened(path) as stream:
        size = os.fstat(stream.fileno()).st_size
        if largest is not None and size > largest:
            raise OSError(errno.EFBIG, f"{size:,} bytes are more than the {largest:,} it may have", str(path))
        return stream.read()


def read_text(path: Path, largest: int = LARGEST_RECORD) -> str:
    """The UTF-8 text of a regular file.

    Raises:
        OSError: as :func:`read_bytes`.
        ValueError: it is not UTF-8.
    """
    return read_bytes(path, largest).decode("utf-8")


def read_json(path: Path, largest: int = LARGEST_RECORD) -> Any:
    """What a JSON file holds; only what :func:`write_json` could have written.

    Raises:
        OSError: as :func:`read_bytes`.
        ValueError: it is no JSON, or holds a number that is not finite, half a character or a deep nest.
    """
    return as_json(read_bytes(path, largest))


def as_json(text: bytes | str) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: as :func:`read_json`.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8")
    try:
        value = json.loads(text, parse_constant=_not_finite, parse_float=_finite)
        _check(value, 0)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return value


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a regular file's bytes."""
    with opened(path) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]  # a BufferedReader


def _not_finite(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a JSON number")


def _finite(word: str) -> float:
    value = float(word)
    if not math.isfinite(value):
        raise ValueError(f"{word[:20]} is too large a number")
    return value


def _check(value: Any, depth: int) -> None:
    """Refuse half a character, which cannot be written again, and deep nests."""
    if isinstance(value, str):
        if not value.isascii():
            value.encode()  # a UnicodeEncodeError is a ValueError
    elif isinstance(value, dict | list):
        if depth == _DEEPEST:
            raise ValueError("it is nested too deeply")
        if isinstance(value, dict):
            for key in value:
                _check(key, depth)
            value = value.values()
        for part in value:
            if not isinstance(part, int | float | None):
                _check(part, depth + 1)
