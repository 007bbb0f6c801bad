"""Errors that a user can mend, as one line that says what is wrong and what to do."""

import errno

from hyperprune.errors import HyperpruneError, out_of_memory

_LONGEST = 600
_NO_ROOM = "make room there and run the same command again; what was finished is kept"
_NOT_WRITABLE = "give a place that you may write to, such as another --out"
_REMEDIES = {
    errno.ENOSPC: _NO_ROOM,
    errno.EDQUOT: _NO_ROOM,
    errno.EFBIG: _NO_ROOM,
    errno.EROFS: _NOT_WRITABLE,
    errno.EACCES: "give a place that you may read and write, such as another --out",
    errno.EPERM: _NOT_WRITABLE,
    errno.ENOENT: "make that folder, or give another place",
    errno.ENAMETOOLONG: "give a shorter path",
    errno.EMFILE: "close other programs or raise the limit of open files (ulimit -n)",
}
_OTHERWISE = "fix that and run the same command again; what was finished is kept"


def mistake(error: BaseException) -> str | None:
    """The line for an error that the user can mend; None for one that only a programmer can."""
    if isinstance(error, HyperpruneError):
        return _one_line(str(error))
    if isinstance(error, OSError):
        where = f": {error.filename}" if error.filename else ""
        remedy = _REMEDIES.get(error.errno or 0, _OTHERWISE)
        return _one_line(f"{error.strerror or error}{where}; {remedy}")
    if out_of_memory(error):
        return (
            "there is not enough memory: lower [model] hidden, embedding or layers, [recipe] batch or "
            "[spectrum] batch"
        )
    return _usage(error)


def _usage(error: BaseException) -> str | None:
    """The line for a command that was given wrongly: Typer's message and where its options are listed."""
    if "ClickException" not in {kind.__name__ for kind in type(error).__mro__}:
        return None
    message = str(getattr(error, "format_message", lambda: error)())
    context = getattr(error, "ctx", None)
    path = getattr(context, "command_path", "hyperprune")
    if not message:  # no command at all: the help has been shown
        return ""
    return _one_line(f"{message.rstrip('.')}; {path} --help lists the options")


def _one_line(text: str) -> str:
    """Without line breaks or control characters, and cut in the middle where a value is very long."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text[:100_000]).split())
    if len(line) <= _LONGEST:
        return line
    half = _LONGEST // 2
    return f"{line[:half]} ... {line[-half:]}"
