import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from hyperprune import files


@contextmanager
def _umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def test_interrupted_write_leaves_the_old_content(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    files.write_json(path, {"old": 1})

    def half(stream: IO[bytes]) -> None:
        stream.write(b'{"new"')
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space") as raised:
        files.write_atomically(path, half)
    assert raised.value.filename == str(path)
    assert path.read_text() == '{\n "old": 1\n}\n'
    assert list(tmp_path.iterdir()) == [path]


def test_json_refuses_what_json_cannot_hold(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Out of range"):
        files.write_json(tmp_path / "a.json", {"x": float("nan")})
    assert not list(tmp_path.iterdir())


def test_a_foreseen_temporary_name_is_not_written_through(tmp_path: Path) -> None:
    """Whatever lies beside the file, however it is called, is left as it is."""
    victim = tmp_path / "victim"
    victim.write_text("mine")
    folder = tmp_path / "run"
    folder.mkdir()
    links = [f"report.html{end}" for end in (".part", ".tmp", "~", ".part~")] + [".report.html.part"]
    for name in links:
        (folder / name).symlink_to(victim)
    files.write_bytes(folder / "report.html", b"text")
    assert victim.read_text() == "mine"
    assert all((folder / name).is_symlink() for name in links)


def test_a_temporary_name_that_is_taken_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even a name that could be foreseen would not be written through: O_EXCL and O_NOFOLLOW."""
    victim = tmp_path / "victim"
    victim.write_text("mine")
    monkeypatch.setattr("secrets.token_hex", lambda count: "0" * 2 * count)
    (tmp_path / f".a.{'0' * 16}.part").symlink_to(victim)
    with pytest.raises(FileExistsError):
        files.write_bytes(tmp_path / "a", b"text")
    assert victim.read_text() == "mine"


def test_a_link_in_place_of_the_file_is_replaced(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / "a").symlink_to(victim)
    files.write_bytes(tmp_path / "a", b"text")
    assert (victim.read_text(), (tmp_path / "a").read_text()) == ("mine", "text")
    with pytest.raises(FileExistsError) as raised:
        files.write_new(tmp_path / "a", b"other")
    assert raised.value.filename == str(tmp_path / "a")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "victim"]


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_files_have_the_permissions_that_the_umask_leaves(tmp_path: Path, mask: int, mode: int) -> None:
    with _umask(mask):
        files.write_json(tmp_path / "a", 1)
        files.write_new(tmp_path / "b", b"")
        with files.locked(tmp_path):
            pass
    assert {p.name: p.stat().st_mode & 0o777 for p in tmp_path.iterdir()} == dict.fromkeys(
        ("a", "b", ".lock"), mode
    )


def test_several_writers_of_one_file_do_not_disturb_each_other(tmp_path: Path) -> None:
    """Each has a temporary file of its own; 41 of 56 reports failed when they shared a name."""
    code = (
        "import sys\nfrom pathlib import Path\nfrom hyperprune import files\n"
        "for n in range(200):\n    files.write_bytes(Path(sys.argv[1]), b'x' * 1000)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "report.html")]
    writers = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(3)]
    assert [writer.communicate()[1] for writer in writers] == [b""] * 3
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_what_a_killed_writer_left_is_deleted_and_a_live_ones_is_not(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom hyperprune import files\n"
        "def stop(stream):\n    stream.write(b'half')\n    os.kill(os.getpid(), signal.SIGKILL)\n"
        "files.write_atomically(Path(sys.argv[1]), stop)\n"
    )
    inner = tmp_path / "candidates" / "0"
    inner.mkdir(parents=True)
    subprocess.run([sys.executable, "-c", code, str(inner / "a.json")], check=False)
    (left,) = inner.iterdir()
    assert files.is_temporary(left.name)

    def tidy_now(stream: IO[bytes]) -> None:
        stream.write(b"whole")
        files.tidy(tmp_path)

    files.write_atomically(inner / "b.json", tidy_now)
    assert [p.name for p in inner.iterdir()] == ["b.json"]
    assert (inner / "b.json").read_text() == "whole"


def test_a_temporary_folder_that_a_kill_left_is_deleted(tmp_path: Path) -> None:
    with files.temporary_folder(tmp_path / "study.db") as folder:
        (folder / "study.db").write_text("x")
        files.tidy(tmp_path)
        assert not folder.exists()
    assert not list(tmp_path.iterdir())


def test_a_name_as_long_as_the_file_system_allows(tmp_path: Path) -> None:
    for name in ("a" * 255, "\u00e4" * 127):
        files.write_bytes(tmp_path / name, b"x")
    assert len(list(tmp_path.iterdir())) == 2
