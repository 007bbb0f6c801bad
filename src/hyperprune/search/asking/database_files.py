"""What lies under the names that SQLite opens: files of the run alone, and no orders for other files.

SQLite writes into the files that it finds, so the names of a study in a folder that somebody sent must not
be hard links to files elsewhere, as no link is (:func:`hyperprune.files.check_own`). A rollback journal may
name another file, a super-journal of transactions over several databases, which SQLite deletes once it has
rolled back. No study ever takes part in such a transaction.
"""

import os
from pathlib import Path

from hyperprune import files
from hyperprune.errors import RunFolderError

_JOURNAL = "-journal"
_BESIDE = (_JOURNAL, "-wal", "-shm")
# at the end of a journal that names another (https://www.sqlite.org/fileformat2.html, the rollback journal)
_NAMES_ANOTHER = bytes.fromhex("d9d505f920a163d7")
_HEADER = 8  # bytes of the same sign at the beginning of any journal


def make_own(path: Path) -> None:
    """Make a database fit to be written in place: where it has another name elsewhere, it becomes a copy.

    Raises:
        RunFolderError: a file beside it is not one that this package's studies leave.
    """
    check_beside(path)
    if _is_shared(path):
        files.write_bytes(path, files.read_bytes(path))


def check_beside(path: Path) -> None:
    """Look at what SQLite may find beside a database before it is opened, for reading too.

    Raises:
        RunFolderError: one is a hard link, or a journal that names another file.
    """
    for ending in _BESIDE:
        beside = path.with_name(path.name + ending)
        if _is_shared(beside):
            raise RunFolderError(
                f"{beside} has another name elsewhere (a hard link), and opening {path.name} may write into "
                "it: replace it by a copy, or delete it"
            )
    journal = path.with_name(path.name + _JOURNAL)
    if journal.exists() and _names_another(journal):
        raise RunFolderError(
            f"{journal} names another file, which no study does, and opening {path.name} may delete that: "
            "delete the journal"
        )


def _is_shared(path: Path) -> bool:
    try:
        return os.lstat(path).st_nlink > 1
    except FileNotFoundError:
        return False


def _names_another(journal: Path) -> bool:
    with files.opened(journal) as stream:
        size = os.fstat(stream.fileno()).st_size
        if size < _HEADER + len(_NAMES_ANOTHER):
            return False
        stream.seek(size - len(_NAMES_ANOTHER))
        return stream.read() == _NAMES_ANOTHER
