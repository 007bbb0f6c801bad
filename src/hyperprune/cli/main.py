"""The entry point, and what becomes of everything that commands raise."""

import logging
import os
import signal
import sys

from hyperprune.cli.mistakes import INTERRUPTED, INTERRUPTED_LINE, mistake


def main() -> None:
    """Entry point of the ``hyperprune`` command; ends the process with its exit status."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupted)
    try:
        sys.exit(_run())
    except KeyboardInterrupt:
        _say(INTERRUPTED_LINE)
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # the reader of our output has gone; whatever is left to flush has nowhere to go
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        line = mistake(error)
        if line is None:
            raise
        if line:
            _say(f"error: {line}")
        sys.exit(2)


def _interrupted(*_: object) -> None:
    """Ctrl-C ends the process at once: nothing on disk can be spoilt, as a kill could not spoil it either.

    A KeyboardInterrupt would travel through whatever is being imported or drawn, and not all of that lets
    it pass.
    """
    shown = "\x1b[?25h\n" if sys.stderr.isatty() or sys.stdout.isatty() else ""  # bars hide the cursor
    os.write(2, f"{shown}{INTERRUPTED_LINE}\n".encode())
    os._exit(INTERRUPTED)


def _run() -> int:
    # imported here, so that Ctrl-C is answered while it loads
    from hyperprune.cli.app import app

    logging.basicConfig(format="%(levelname)s: %(message)s", level=logging.WARNING)
    status = app(prog_name="hyperprune", standalone_mode=False)
    if status == INTERRUPTED:
        raise KeyboardInterrupt
    sys.stdout.flush()
    return status if isinstance(status, int) else 0


def _say(line: str) -> None:
    """One line on the error stream, coloured where somebody looks at it."""
    if sys.stderr.isatty() and "NO_COLOR" not in os.environ:
        head, colon, rest = line.partition(":")
        line = f"\x1b[1;31m{head}{colon}\x1b[0m{rest}" if colon else line
    sys.stderr.write(line + "\n")
