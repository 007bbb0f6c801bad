import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hyperprune import files
from hyperprune.errors import RunFolderError

_HOLD = (
    "import sys, time\nfrom pathlib import Path\nfrom hyperprune.files import locked\n"
    "with locked(Path(sys.argv[1])):\n    print('held', flush=True)\n    {then}\n"
)


def _holder(folder: Path, then: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", _HOLD.format(then=then), str(folder)]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    return holder


def test_second_process_is_refused_and_a_dead_one_lets_go(tmp_path: Path) -> None:
    holder = _holder(tmp_path, "time.sleep(60)")
    try:
        with pytest.raises(RunFolderError, match="in use"), files.locked(tmp_path):
            pass
    finally:
        holder.kill()
        holder.wait()
    with files.locked(tmp_path):
        pass


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="the kernel does not say who holds a lock")
def test_a_stopped_process_that_is_to_go_is_waited_for(tmp_path: Path) -> None:
    """A worker of a dead driver, stopped before it noticed, held its network for ever."""
    holder = _holder(tmp_path, "sys.stdin.read()")
    try:
        os.kill(holder.pid, signal.SIGSTOP)
        assert holder.stdin is not None
        holder.stdin.close()  # the driver has died
        began = time.monotonic()
        with files.locked(tmp_path, wait=30):
            assert time.monotonic() - began < 25
    finally:
        holder.kill()
        holder.wait()


def test_a_lock_that_is_a_link_is_refused(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / ".lock").symlink_to(victim)
    with pytest.raises(RunFolderError, match=r"\.lock is a link"), files.locked(folder):
        pass
    (folder / ".lock").unlink()
    (folder / ".lock").symlink_to(tmp_path / "new")
    with pytest.raises(RunFolderError, match=r"\.lock is a link"), files.locked(folder):
        pass
    assert not (tmp_path / "new").exists()
    (folder / ".lock").unlink()
    os.mkfifo(folder / ".lock")
    with pytest.raises(RunFolderError, match="no file"), files.locked(folder):
        pass
