"""The process that works for a driver: ``python -m hyperprune.executors.worker [MODULES]``.

A job comes as one line of JSON on the standard input; messages go out, one a line. When the input ends,
the driver has gone, however it went, and so does this process, at once: whatever it was doing, a kill
could not spoil it either.
"""

import contextlib
import gc
import importlib
import itertools
import json
import logging
import os
import queue
import signal
import sys
import threading
from typing import IO

from hyperprune.executors.messages import Forward, Message, perform

_BEFORE_LASTING = 2  # jobs before which modules may still be new: a job imports what it needs


def main() -> None:
    """Work off jobs until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the driver, whose end is ours
    jobs: queue.SimpleQueue[Message] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(jobs,), daemon=True).start()
    channel = _Channel(_protocol_stream())
    logging.basicConfig(level=logging.WARNING, handlers=[Forward(channel.say)])
    for name in sys.argv[1:]:
        with contextlib.suppress(ImportError):  # a job that needs it will say so
            importlib.import_module(name)
    for number in itertools.count():
        job = jobs.get()
        if number < _BEFORE_LASTING:
            gc.freeze()  # modules and what stays from the first job: no garbage that is worth looking for
        channel.say(perform(job["function"], job["payload"], channel.say))


class _Channel:
    """Writes messages, from any thread, whole."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def say(self, message: Message) -> None:
        line = json.dumps(message).encode() + b"\n"
        with self._lock:
            try:
                self._stream.write(line)
                self._stream.flush()
            except OSError:
                os._exit(1)  # nobody reads any more


def _listen(jobs: "queue.SimpleQueue[Message]") -> None:
    for line in sys.stdin.buffer:
        jobs.put(json.loads(line))
    os._exit(0)


def _protocol_stream() -> IO[bytes]:
    """The standard output for messages alone; what libraries print goes to the error stream."""
    stream = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return stream


if __name__ == "__main__":
    main()
