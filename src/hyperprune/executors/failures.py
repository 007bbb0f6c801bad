"""An exception as JSON and back, so that it can cross a process without anything that could run code."""

import builtins
import traceback
from typing import Any

from hyperprune import errors

Described = dict[str, Any]


class JobError(RuntimeError):
    """The trace of another process: of an error without a counterpart here, or the cause of one with it."""


def describe(error: BaseException) -> Described:
    """What another process needs to raise the same kind of error."""
    return {
        "kinds": [kind.__name__ for kind in type(error).__mro__],
        "message": str(error),
        "errno": getattr(error, "errno", None),
        "filename": _text(getattr(error, "filename", None)),
        "notes": [str(note) for note in getattr(error, "__notes__", [])],
        "trace": "".join(traceback.format_exception(error)),
    }


def rebuild(described: Described) -> Exception:
    """The error again: of the nearest kind that this package or Python defines, with its notes and trace."""
    error = _nearest(described)
    for note in described.get("notes", []):
        error.add_note(note)
    if not isinstance(error, JobError):
        error.__cause__ = JobError(f"in the process of the job:\n{described['trace']}")
    return error


def _nearest(described: Described) -> Exception:
    message = str(described["message"])
    for name in described["kinds"]:
        kind = getattr(errors, name, None) or getattr(builtins, name, None)
        if not (isinstance(kind, type) and issubclass(kind, Exception)):
            continue
        if issubclass(kind, OSError) and described["errno"] is not None:
            strerror = message.partition("] ")[2].partition(":")[0] or message
            return kind(described["errno"], strerror, described["filename"])
        if kind is Exception or issubclass(kind, UnicodeError | ImportError):
            break
        return kind(message)
    return JobError(described["trace"])


def _text(value: object) -> str | None:
    return None if value is None else str(value)
