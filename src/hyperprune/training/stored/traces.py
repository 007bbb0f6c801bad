"""Where an error of a job came from: kept whole in its folder, the user's own lines with the error."""

import linecache
import sysconfig
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hyperprune import files
from hyperprune.errors import HyperpruneError, out_of_memory

TRACE = "error.txt"
_PACKAGE = Path(__file__).parents[1]
_INSTALLED = tuple(Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib"))


@contextmanager
def traced(folder: Path) -> Iterator[None]:
    """Keep the trace of an unforeseen error in ``error.txt`` of a job's folder, until the job succeeds.

    The error itself goes on, with notes that show the lines of the user's code it passed through.
    """
    path = folder / TRACE
    try:
        yield
    except Exception as error:
        if not isinstance(error, HyperpruneError | OSError) and not out_of_memory(error):
            for line in own_lines(error):
                error.add_note(line)
            with suppress(OSError):  # the error at hand is the one to hear of
                files.make_folder(folder)
                files.write_bytes(path, "".join(traceback.format_exception(error)).encode(errors="replace"))
                error.add_note(f"the whole trace is in {path}")
        raise
    path.unlink(missing_ok=True)


def own_lines(error: BaseException) -> list[str]:
    """The lines of an error's trace that are neither of this package nor of an installed one."""
    lines = []
    for frame in traceback.extract_tb(error.__traceback__):
        path = Path(frame.filename)
        if frame.filename.startswith("<") or any(path.is_relative_to(p) for p in (_PACKAGE, *_INSTALLED)):
            continue
        source = (frame.line or linecache.getline(frame.filename, frame.lineno or 0)).strip()
        lines.append(f"in {frame.filename}, line {frame.lineno}, {frame.name}: {source}")
    return lines
