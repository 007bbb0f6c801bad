"""A run folder is its own files and folders: what somebody sends must not lead our writing elsewhere."""

import os
from pathlib import Path

from hyperprune.errors import RunFolderError

_DEEPEST = 8  # folders in folders; a run has three


def check_own(folder: Path) -> None:
    """Look through a folder for what is neither a file nor a folder.

    Through a link in a folder from elsewhere, a run would write into whatever file or folder the sender
    has thought of; at a pipe it would wait for ever.

    Raises:
        RunFolderError: there is a link or a special file; says which.
    """
    _check(folder, 0)


def make_folder(path: Path) -> None:
    """Make a folder inside a run folder, unless it is there.

    Raises:
        RunFolderError: its name is taken by a link.
        OSError: it cannot be made.
    """
    path.mkdir(parents=True, exist_ok=True)
    if path.is_symlink():
        raise _refusal(path, "is a link")


def _check(folder: Path, depth: int) -> None:
    if depth > _DEEPEST:
        raise RunFolderError(f"{folder} is nested deeper than a run: move it out of the run folder")
    try:
        entries = list(os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):  # deleted meanwhile, or there is none yet
        return
    for entry in entries:
        if entry.is_symlink():
            raise _refusal(Path(entry.path), "is a link")
        if entry.is_dir(follow_symlinks=False):
            _check(Path(entry.path), depth + 1)
        elif not entry.is_file(follow_symlinks=False) and os.path.lexists(entry.path):
            raise _refusal(Path(entry.path), "is neither a file nor a folder")


def _refusal(path: Path, what: str) -> RunFolderError:
    return RunFolderError(
        f"{path} {what}, and a run folder must hold files and folders of its own: replace it by a copy of "
        "what it stands for, or delete it"
    )
