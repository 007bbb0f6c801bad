"""The first mistake of a configuration, in words that say what to do."""

import reprlib
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo


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
