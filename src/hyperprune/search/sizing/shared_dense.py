"""The dense reference of all sparsities: trained once, its files in the run folder of each."""

import os
import shutil
from pathlib import Path

from hyperprune import files


def share(source: Path, target: Path) -> None:
    """Give a run folder the finished dense reference of another; nothing is done where it has one.

    The folders hold the same files under two names where the file system can do that, because all that is
    written into a run folder takes the place of a file and never changes one. Elsewhere they hold copies.

    Args:
        source: its folder in the run folder that trained it.
        target: where it is to be in the other, which this process holds.
    """
    if target.exists():
        return
    with files.temporary_folder(target) as made:
        copied = made / target.name
        shutil.copytree(source, copied, copy_function=_link, ignore=_not_its_own)
        os.replace(copied, target)


def _not_its_own(folder: str, names: list[str]) -> list[str]:
    """Locks, and what is being written."""
    return [name for name in names if name == files.LOCK or files.is_temporary(name)]


def _link(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, target)
    return target
