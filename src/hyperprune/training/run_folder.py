"""What every run folder is: one configuration in config.toml, one process at a time."""

import os
import re
import reprlib
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import tomli_w
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from hyperprune import files
from hyperprune.errors import RunFolderError
from hyperprune.training.decisive import decisive

C = TypeVar("C", bound=BaseModel)
Difference = tuple[str, Any, Any]

CONFIG = "config.toml"
_SHOWN = 3  # differences in a message
_LARGEST = 4_000_000  # bytes of a configuration; the presets have three thousand
_MOST_DOTS = 50  # in a dotted key
_KEY_ENDS = re.compile(r"[\n=,\[\]{}]")


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
    make(path)
    with files.locked(path):
        files.check_own(path)
        files.tidy(path)
        if not (path / CONFIG).exists():
            write_config(path, config)
        else:
            _same(path, config, hint)
        yield


def make(path: Path) -> None:
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
    text = tomli_w.dumps(_without_none(decisive(config)))
    files.write_bytes(path / CONFIG, text.encode())


def kind_of(path: Path) -> str:
    """``search`` or ``train``: what the configuration of a run folder is of."""
    return "train" if _tables(path).get("kind") == "train" else "search"


def read_config(path: Path, model: type[C]) -> C:
    """The configuration of a run.

    Raises:
        RunFolderError: this is no run folder, or of a kind or version that cannot be read.
    """
    tables = _tables(path)
    is_training, wants_training = tables.get("kind") == "train", "kind" in model.model_fields
    if is_training != wants_training:
        found, other = ("training", "train") if is_training else ("search", "search")
        raise RunFolderError(f"{path} holds a {found}: use hyperprune {other} there, or give another folder")
    try:
        return model.model_validate(tables)
    except ValidationError as error:
        raise RunFolderError(
            f"{path / CONFIG} cannot be read ({first_mistake(error, model)}): restore it, or give "
            "another --out"
        ) from None


def first_mistake(error: ValidationError, model: type[BaseModel]) -> str:
    """The first mistake of a configuration: where it stands, what is wrong, the value seen, what to give."""
    found = error.errors(include_url=False)
    # of a choice between kinds of value, the kind that was meant is the one whose own rule spoke
    first = next((one for one in found if one["type"] == "value_error"), found[0])
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, ValueError):
        return str(cause)
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"unknown key {place}: docs/configuration.md lists the known ones"
    seen = reprlib.repr(first["input"])
    return f"{place}: {first['msg'][0].lower()}{first['msg'][1:]}, got {seen}{_wanted(model, first['loc'])}"


def _wanted(model: type[BaseModel], place: tuple[int | str, ...]) -> str:
    """What a key is for, and its default where it has a plain one."""
    for part in place:
        field = _field(model, str(part))
        if field is None:
            return ""
        if record := record_of(field.annotation):
            model = record
            continue
        purpose = (field.description or "").rstrip(".")
        example = f", such as {field.default}" if isinstance(field.default, int | float | str) else ""
        return f": give {purpose[0].lower()}{purpose[1:]}{example}" if purpose else ""
    return ""


def record_of(annotation: Any) -> type[BaseModel] | None:
    """The record that a key holds, also where it may be none; None for a key of plain values."""
    if get_origin(annotation) is Annotated:
        return record_of(get_args(annotation)[0])
    if isinstance(annotation, type):
        return annotation if issubclass(annotation, BaseModel) else None
    parts = [part for part in get_args(annotation) if part is not NoneType]
    is_optional = get_origin(annotation) in (Union, UnionType) and len(parts) == 1
    return record_of(parts[0]) if is_optional else None


def _field(model: type[BaseModel], name: str) -> FieldInfo | None:
    """A key of a record, or of one of the kinds that the record stands for."""
    if name in model.model_fields:
        return model.model_fields[name]
    found = (_field(kind, name) for kind in model.__subclasses__())
    return next((field for field in found if field is not None), None)


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no TOML, or more than any configuration needs.
    """
    text = files.read_text(path, _LARGEST)
    # a dotted key of n parts takes n * n / 2 entries of memory: 1.8 GB for 40 kB
    if any(part.count(".") > _MOST_DOTS for part in _KEY_ENDS.split(text)):
        raise ValueError(f"it has a key of more than {_MOST_DOTS} parts")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def differences(old: Any, new: Any, name: str = "") -> list[Difference]:
    """Where two dumped configurations differ: dotted key, old value, new value."""
    if isinstance(old, dict) and isinstance(new, dict):
        return [
            found
            for key in sorted(set(old) | set(new))
            for found in differences(old.get(key), new.get(key), f"{name}.{key}".lstrip("."))
        ]
    return [] if old == new else [(name, old, new)]


def _tables(path: Path) -> dict[str, Any]:
    files.check_own(path)
    try:
        return read_toml(path / CONFIG)
    except (FileNotFoundError, NotADirectoryError):
        raise RunFolderError(
            f"{path} is no run folder (it has no {CONFIG}): give the --out of a search or a training"
        ) from None
    except ValueError as error:
        raise RunFolderError(
            f"{path / CONFIG} cannot be read ({error}): restore it, or give another folder"
        ) from None


def _same(path: Path, config: BaseModel, hint: Callable[[list[Difference]], str]) -> None:
    found = differences(decisive(read_config(path, type(config))), decisive(config))
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


def _without_none(value: Any) -> Any:
    """TOML has no null; a missing key means none."""
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    return value
