"""What a path that somebody typed stands for."""

from pathlib import Path

from hyperprune.errors import ConfigurationError


def expanded(path: str | Path) -> Path:
    """The path with ``~`` filled in.

    Raises:
        ConfigurationError: there is no such home, or it cannot be a path at all.
    """
    try:
        found = Path(path).expanduser()
        found.exists()  # an embedded zero byte, or a name longer than any file's
    except (RuntimeError, OSError, ValueError) as error:
        raise _no_path(path, error) from None
    return found


def place(path: str | Path) -> Path:
    """The absolute path, with ``~`` filled in and links followed.

    Raises:
        ConfigurationError: as :func:`expanded`, or its links go round in a circle.
    """
    try:
        return expanded(path).resolve()
    except (RuntimeError, OSError) as error:
        raise _no_path(path, error) from None


def _no_path(path: str | Path, error: Exception) -> ConfigurationError:
    why = getattr(error, "strerror", None) or str(error)
    return ConfigurationError(f"{str(path)[:200]!r} is not a valid path here ({why}): give another")
