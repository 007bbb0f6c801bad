"""One process at a time in a folder."""

import errno
import fcntl
import os
import signal
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hyperprune.errors import RunFolderError

LOCK = ".lock"
_LOCKS = Path("/proc/locks")  # Linux: who holds which


@contextmanager
def locked(folder: Path, remedy: str = "stop it, or give another --out", wait: float = 0.0) -> Iterator[None]:
    """Hold ``folder`` for this process alone; the kernel lets go when the process dies, however it dies.

    Args:
        folder: must exist.
        remedy: what else the user can do, in the error.
        wait: seconds to wait for a process that holds it to go. One that is known to be going, but was
            stopped (SIGSTOP) before it noticed, is continued so that it can.

    Raises:
        RunFolderError: another live process holds it, or its lock is not a file of its own.
    """
    last = time.monotonic() + wait
    descriptor = _open(folder / LOCK)
    try:
        while not _try_to_hold(descriptor):
            if time.monotonic() >= last:
                raise RunFolderError(f"{folder} is in use by another process: wait for it, {remedy}")
            _continue(descriptor)
            time.sleep(0.05)
        yield
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, 0o666)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EISDIR, errno.ENXIO):
            raise _not_ours(path) from None
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _not_ours(path)
    return descriptor


def _not_ours(path: Path) -> RunFolderError:
    return RunFolderError(f"{path} is a link or no file, which a lock must be: delete it")


def _try_to_hold(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _continue(descriptor: int) -> None:
    """Let a stopped holder go on, where the kernel says who it is; nothing happens to one that runs."""
    with suppress(OSError, ValueError):
        inode = f":{os.fstat(descriptor).st_ino}"
        for line in _LOCKS.read_text().splitlines():
            fields = line.split()  # 1: FLOCK ADVISORY WRITE 708 08:01:1234 0 EOF
            if fields[1] == "FLOCK" and fields[5].endswith(inode) and int(fields[4]) > 0:
                os.kill(int(fields[4]), signal.SIGCONT)
