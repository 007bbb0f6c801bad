"""The entry point, and what becomes of everything that commands raise.

Nothing is imported here but what the interpreter has loaded already: whoever presses Ctrl-C while torch
loads gets one line, and that takes a handler that is there before anything else.
"""

import os
import signal
import sys

INTERRUPTED = 130
INTERRUPTED_LINE = "interrupted; what was finished is kept, and the same command resumes there"


def main() -> None:
    """Entry point of the ``hyperprune`` command; ends the process with its exit status."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupted)
    _mend_streams()
    try:
        sys.exit(_run())
    except KeyboardInterrupt:
        _say(INTERRUPTED_LINE)
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # the reader of our output has gone; whatever is left to flush has nowhere to go
        _drop(sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        from hyperprune.cli.mistakes import mistake

        line = mistake(error)
        if line is None:
            raise
        if line:
            _say(f"error: {line}")
        _flush_or_drop()
        sys.exit(2)


def _interrupted(*_: object) -> None:
    """Ctrl-C ends the process at once: nothing on disk can be spoilt, as a kill could not spoil it either.

    A KeyboardInterrupt would travel through whatever is being imported or drawn, and not all of that lets
    it pass.
    """
    tty = any(stream is not None and stream.isatty() for stream in (sys.stderr, sys.stdout))
    shown = "\x1b[?25h\n" if tty else ""  # bars hide the cursor
    try:
        os.write(2, f"{shown}{INTERRUPTED_LINE}\n".encode())
    finally:
        os._exit(INTERRUPTED)


def _mend_streams() -> None:
    """Let no output end a command: streams that are closed, and signs that an encoding does not have.

    Where the shell closed a stream (``>&-``), its number would go to the next file that is opened, and what
    is printed would be written into that.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115  # for good
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _run() -> int:
    import logging

    from hyperprune.cli.app import app
    from hyperprune.cli.terminal.shown_warnings import PrintableFormatter

    handler = logging.StreamHandler()
    handler.setFormatter(PrintableFormatter("%(levelname)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    status = app(prog_name="hyperprune", standalone_mode=False)
    if status == INTERRUPTED:
        raise KeyboardInterrupt
    sys.stdout.flush()
    return status if isinstance(status, int) else 0


def _flush_or_drop() -> None:
    """Print what is left, or drop it: the interpreter would fail at it with words of its own."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            _drop(stream.fileno())


def _drop(number: int) -> None:
    """Send what is left of a stream nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), number)


def _say(line: str) -> None:
    """One line on the error stream, coloured where somebody looks at it."""
    if sys.stderr.isatty() and "NO_COLOR" not in os.environ:
        head, colon, rest = line.partition(":")
        line = f"\x1b[1;31m{head}{colon}\x1b[0m{rest}" if colon else line
    try:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()
    except OSError:  # nobody is listening: the exit status says it
        _drop(sys.stderr.fileno())
