"""What every run folder is: one configuration in config.toml, one process at a time."""

import os
import reprlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from hyperprune import files
from hyperprune.config.decisive import decisive, is_fact
from hyperprune.config.differences import Difference, differences
from hyperprune.config.mistakes import first_mistake
from hyperprune.config.toml import configuration_text, read_configuration
from hyperprune.errors import RunFolderError

C = TypeVar("C", bound=BaseModel)

CONFIG = "config.toml"
_SHOWN = 3  # differences in a message
_KINDS = {  # what a folder of each kind holds, and what to do with it
    "train": ("training", "use hyperprune train there"),
    "search": ("search", "use hyperprune search there"),
    "smallest": (
        "search for the smallest network",
        "use hyperprune search --sparsity auto there, or give the folder of one sparsity in it",
    ),
}


@contextmanager
def held(
    path: Path, config: BaseModel, hint: Callable[[list[Difference]], str] = lambda _: ""
) -> Iterator[None]:
    """Make the folder if need be, hold it against other processes, and check or write its configuration.

    Args:
        path: the folder.
        config: what it is to hold.
        hint: a further remedy for a folder of another configuration, from the differences.

    Raises:
        RunFolderError: it cannot be made, is in use, is of another configuration, or holds files of
            something else.
    """
    make_run_folder(path)
    with files.locked(path):
        files.check_own(path)
        files.tidy(path)
        if not (path / CONFIG).exists():
            write_config(path, config)
        else:
            check_same(path, config, hint)
        yield


def make_run_folder(path: Path) -> None:
    """Make a run folder; an existing one must be empty or hold a run."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise RunFolderError(
            f"{path} cannot be a run folder: a file of that name is in the way; give another --out"
        ) from None
    except OSError as error:
        raise RunFolderError(f"cannot make {path}: {error.strerror}; give another --out") from None
    foreign = sorted(name for name in os.listdir(path) if name != files.LOCK and not files.is_temporary(name))
    if foreign and not (path / CONFIG).exists():
        raise RunFolderError(
            f"{path} holds files but no run (such as {foreign[0]}): give an empty or a new folder"
        )


def write_config(path: Path, config: BaseModel) -> None:
    """Write config.toml: what decides the result."""
    text = configuration_text(decisive(config))
    files.write_bytes(path / CONFIG, text.encode())


def kind_of(path: Path) -> str:
    """``search``, ``train`` or ``smallest``: what the configuration of a run folder is of."""
    kind = _tables(path).get("kind")
    return kind if isinstance(kind, str) and kind in _KINDS else "search"


def read_config(path: Path, model: type[C]) -> C:
    """The configuration of a run.

    Raises:
        RunFolderError: this is no run folder, or of a kind or version that cannot be read.
    """
    tables = _tables(path)
    kind = model.model_fields.get("kind")
    found, wanted = kind_of(path), "search" if kind is None else kind.default
    if found != wanted:
        what, remedy = _KINDS[found]
        raise RunFolderError(f"{path} holds a {what}: {remedy}, or give another folder")
    try:
        return model.model_validate(tables)
    except ValidationError as error:
        raise RunFolderError(
            f"{path / CONFIG} cannot be read ({first_mistake(error, model)}): restore it, or give "
            "another --out"
        ) from None


def _tables(path: Path) -> dict[str, Any]:
    files.check_own(path)
    try:
        return read_configuration(path / CONFIG)
    except (FileNotFoundError, NotADirectoryError):
        raise RunFolderError(
            f"{path} is not a run folder (it has no {CONFIG}): give the --out of a search or a training"
        ) from None
    except ValueError as error:
        raise RunFolderError(
            f"{path / CONFIG} cannot be read ({error}): restore it, or give another folder"
        ) from None


def check_same(path: Path, config: BaseModel, hint: Callable[[list[Difference]], str] = lambda _: "") -> None:
    """Refuse a configuration that is not the one in a run folder.

    Raises:
        RunFolderError: it is another one.
    """
    found = differences(decisive(read_config(path, type(config))), decisive(config))
    found = [one for one in found if not (one[1] is None and is_fact(type(config), one[0]))]
    if found:
        shown = [f"{name} is {_seen(old)} there, {_seen(new)} here" for name, old, new in found[:_SHOWN]]
        if len(found) > _SHOWN:
            shown.append(f"{len(found) - _SHOWN} more")
        raise RunFolderError(
            f"{path} holds a run of another configuration ({'; '.join(shown)}): give another --out, or the "
            f"same configuration to resume{hint(found)}"
        )


def _seen(value: Any) -> str:
    return "unset" if value is None else reprlib.repr(value)
