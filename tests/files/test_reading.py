import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hyperprune import files

READERS: list[Callable[[Path], Any]] = [
    files.read_bytes,
    files.read_text,
    files.read_json,
    files.sha256,
]


@pytest.mark.parametrize("read", READERS)
def test_a_pipe_or_a_device_is_refused_at_once(tmp_path: Path, read: Callable[[Path], Any]) -> None:
    """A pipe in place of a file was waited for, for ever; /dev/zero never ends."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero")):
        with pytest.raises(OSError, match="not a regular file") as raised:
            read(path)
        assert raised.value.filename == str(path)
    with pytest.raises(IsADirectoryError):
        read(tmp_path)
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "nothing")


def test_a_size_is_looked_at_before_anything_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as stream:
        stream.truncate(2**40)  # takes no room on the disk
    for read in (files.read_text, files.read_json):
        with pytest.raises(OSError, match="more than"):
            read(path)


def test_json_is_what_we_could_have_written(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    value = {"a": [1, 0.5, None, True, "\u00e4\U0001f600"], "b": {}}
    files.write_json(path, value)
    assert files.read_json(path) == value


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        "[-Infinity]",
        '{"a": 1e999}',
        "[" * 200 + "]" * 200,
        "[" * 10**6,
        '{"a": "\\ud800"}',
        '{"\\udfff": 1}',
        "1" * (sys.get_int_max_str_digits() + 1),
        "",
        "{",
        '"\x00"',
    ],
)
def test_json_that_nobody_can_have_written_is_a_value_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(ValueError):  # noqa: PT011  (each has words of its own)
        files.read_json(path)


def test_a_sealed_record_notices_every_changed_bit(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    files.write_json(path, files.sealed({"loss": 4.25, "name": "er", "number": 7}))
    good = path.read_bytes()
    assert files.unsealed(files.read_json(path)) == {"loss": 4.25, "name": "er", "number": 7}
    accepted = []
    for bit in range(8 * len(good)):
        bad = bytearray(good)
        bad[bit // 8] ^= 1 << bit % 8
        path.write_bytes(bad)
        try:
            found = files.unsealed(files.read_json(path))
        except ValueError:
            continue
        accepted.append(found)
    # white space may change into other white space, and nothing else
    assert all(found == {"loss": 4.25, "name": "er", "number": 7} for found in accepted)
