import os
from pathlib import Path

import pytest

from hyperprune import files
from hyperprune.errors import RunFolderError


def test_files_and_folders_are_its_own(tmp_path: Path) -> None:
    (tmp_path / "candidates" / "0").mkdir(parents=True)
    (tmp_path / "candidates" / "0" / "a.json").write_text("x")
    files.check_own(tmp_path)
    files.check_own(tmp_path / "nothing")


@pytest.mark.parametrize("place", ["a", "candidates/0", "candidates/0/seed-1/epoch-0001.json"])
def test_links_and_pipes_are_named(tmp_path: Path, place: str) -> None:
    path = tmp_path / place
    path.parent.mkdir(parents=True, exist_ok=True)
    for target in (tmp_path.parent, tmp_path.parent / "nowhere"):
        path.symlink_to(target)
        with pytest.raises(RunFolderError, match=f"{place} is a link"):
            files.check_own(tmp_path)
        path.unlink()
    os.mkfifo(path)
    with pytest.raises(RunFolderError, match=f"{place} is neither a file nor a folder"):
        files.check_own(tmp_path)


def test_a_linked_folder_is_not_made_use_of(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "figures").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RunFolderError, match="figures is a link"):
        files.make_folder(tmp_path / "figures")
    files.make_folder(tmp_path / "candidates" / "3")
    files.make_folder(tmp_path / "candidates" / "3")


def test_a_bottomless_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "/".join("abcdefghijklm")).mkdir(parents=True)
    with pytest.raises(RunFolderError, match="nested deeper"):
        files.check_own(tmp_path)
