"""The driver's end of a worker process."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence

from hyperprune.errors import WorkerDiedError
from hyperprune.executors.messages import Message, is_last

_MODULE = "hyperprune.executors.worker"


class Child:
    """A worker process. It ends with this process, however this one ends.

    Args:
        environment: variables that differ from this process's.
        preload: modules that it loads while it waits for its first job.
    """

    def __init__(self, environment: Mapping[str, str], preload: Sequence[str] = ()) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  (lives as long as the process)
        # the same modules as here; -P keeps the current folder's files from standing in for others
        path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", _MODULE, *preload],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**os.environ, "PYTHONPATH": path, **environment},
        )

    @property
    def process(self) -> int:
        """Its process number."""
        return self._process.pid

    def work(self, function: str, payload: Message, hear: Callable[[Message], None]) -> Message:
        """Let it run a job; give the last message.

        Raises:
            WorkerDiedError: it died first.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        line = json.dumps({"function": function, "payload": payload}).encode() + b"\n"
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
        except OSError:
            raise WorkerDiedError(self._last_words()) from None
        for answer in self._process.stdout:
            if not answer.endswith(b"\n"):
                break  # it died while it spoke
            message = json.loads(answer)
            if is_last(message):
                return dict(message)
            hear(message)
        raise WorkerDiedError(self._last_words())

    def end(self) -> None:
        """End it from another thread; whoever waits for its answer hears that it died."""
        self._process.kill()

    def kill(self) -> None:
        """End it and give back what it held."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            try:
                if stream is not None:
                    stream.close()
            except OSError:
                pass  # a pipe whose reader is dead cannot be flushed, and need not be

    def _last_words(self) -> str:
        """How it ended, in one line."""
        status = self._process.wait()
        how = f"status {status}" if status >= 0 else f"signal {signal.Signals(-status).name}"
        self._errors.seek(0)
        said = self._errors.read().decode(errors="replace").strip().splitlines()
        return f"its process ended with {how}" + (f": {said[-1][:300]}" if said else "")
