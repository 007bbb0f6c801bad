"""result.json, read back: there or not, whole or not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from hyperprune import files
from hyperprune.errors import RunFolderError

R = TypeVar("R")


def read_result(path: Path, validate: Callable[[Any], R]) -> R | None:
    """A result by its file; None where there is none.

    Args:
        path: of result.json.
        validate: makes the result of its document.

    Raises:
        RunFolderError: it cannot be read, or is none.
    """
    try:
        return validate(files.read_summed(path))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise RunFolderError(
            f"{path} cannot be read ({reason}): delete it and give the search command again, which "
            "writes it anew without training"
        ) from None


def ended(result: R | None, folder: Path) -> R:
    """The result of a search that has ended.

    Raises:
        RunFolderError: it has not.
    """
    if result is None:
        raise RunFolderError(
            f"the search in {folder} has not ended: run its hyperprune search command again to resume it"
        )
    return result
