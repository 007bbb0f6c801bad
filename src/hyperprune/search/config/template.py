"""A configuration as TOML with every key and what it means, for people to change."""

import json
from types import NoneType
from typing import Any, get_args, get_origin

import tomli_w
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from hyperprune.config.mistakes import record_of

_WIDTH = 100


def commented(config: BaseModel, opening: str) -> str:
    """TOML text that gives ``config`` again when it is read; keys without a value stand as comments.

    Args:
        config: its values become those of the text.
        opening: the first lines, as a comment.
    """
    lines = [f"# {line}".rstrip() for line in opening.splitlines()]
    fields, known = type(config).model_fields, config.model_dump()
    for name, field in fields.items():
        if record_of(field.annotation) is None:
            lines += _entry(name, getattr(config, name), field)
    for name in fields:
        table = getattr(config, name)
        if isinstance(table, BaseModel):
            lines += _table(name, table, known.get(name))
    return "\n".join(lines) + "\n"


def _table(name: str, table: BaseModel, known: dict[str, Any] | None) -> list[str]:
    """A table and those inside it; nothing of one that says nothing about this configuration."""
    if known is None:
        return []
    purpose = (type(table).__doc__ or "").strip().splitlines()[0]
    lines, inner = ["", f"# {purpose}", f"[{name}]"], list[str]()
    for key, field in type(table).model_fields.items():
        value = getattr(table, key)
        if isinstance(value, BaseModel) and field.default_factory is not None:
            inner += _table(f"{name}.{key}", value, known[key])
        elif key in known or field.exclude_if is not None:  # else of another task, or filled in later
            lines += _entry(key, value, field)
    return lines + inner


def _entry(name: str, value: Any, field: FieldInfo) -> list[str]:
    lines = ["", *_wrapped(field.description or name)]
    if value is None:
        example = next((kind for kind in get_args(field.annotation) if kind is not NoneType), str)
        listed = get_origin(example) is tuple
        sign = "[]" if listed else {int: "1000", float: "0.5"}.get(example, '"..."')
        return [*lines, f"# {name} = {sign}"]
    return [*lines, f"{name} = {_toml(value)}"]


def _wrapped(text: str) -> list[str]:
    lines, line = [], "#"
    for word in text.split():
        if len(line) + len(word) >= _WIDTH:
            lines.append(line)
            line = "#"
        line += f" {word}"
    return [*lines, line]


def _toml(value: Any) -> str:
    """A value in one line."""
    if isinstance(value, BaseModel):
        items = (f"{key} = {_toml(item)}" for key, item in value if item is not None)
        return "{ " + ", ".join(items) + " }"
    if isinstance(value, dict):
        items = (f"{json.dumps(key)} = {_toml(item)}" for key, item in value.items())
        return "{ " + ", ".join(items) + " }" if value else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return tomli_w.dumps({"value": value}).split("=", 1)[1].strip()
