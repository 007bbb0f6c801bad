"""The first mistake of a configuration, in words that say what to do."""

import reprlib
from collections.abc import Iterable
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from hyperprune.spelling import suggestion

_TOO_LARGE = ("less_than", "less_than_equal", "float_parsing")


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
        table = "".join(f"{part}." for part in first["loc"][:-1])
        meant = suggestion(place, (f"{table}{key}" for key in _keys(model, first["loc"][:-1])))
        return f"unknown key {place}: docs/configuration.md lists the known ones{meant}"
    seen, wanted = reprlib.repr(first["input"]), _wanted(model, first["loc"])
    share = _share(first["input"]) if first["type"] in _TOO_LARGE else ""
    return f"{place}: {first['msg'][0].lower()}{first['msg'][1:]}, got {seen}{wanted}{share}"


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
        return f": expected {purpose[0].lower()}{purpose[1:]}{example}" if purpose else ""
    return ""


def _share(given: Any) -> str:
    """``; 80 % is 0.8`` for a percentage in the place of a share; empty for anything else."""
    text = str(given).strip().removesuffix("%").strip()
    try:
        percent = float(text)
    except ValueError:
        return ""
    return f"; {percent:g} % is {percent / 100:g}" if 1 < percent <= 100 else ""


def _keys(model: type[BaseModel], place: tuple[int | str, ...]) -> Iterable[str]:
    """The keys of the table at a place, of all kinds that the table may be of."""
    for part in place:
        field = _field(model, str(part))
        record = None if field is None else record_of(field.annotation)
        if record is None:
            return ()
        model = record
    kinds = (model, *model.__subclasses__())
    return dict.fromkeys(name for kind in kinds for name in kind.model_fields)


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
