"""Configurations in layers: a preset, a TOML file, single values, each overriding the one before."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hyperprune.errors import ConfigurationError, HyperpruneError
from hyperprune.search.config import SearchConfig
from hyperprune.search.presets import preset as preset_tables


def configure(
    preset: str | None = None, file: Path | None = None, values: Mapping[str, Any] | None = None
) -> SearchConfig:
    """The configuration of a search.

    Args:
        preset: name of a ready configuration.
        file: a TOML file; relative corpus paths in it count from the current folder.
        values: single values by dotted name, such as ``{"recipe.epochs": 20}``; None values are left out.

    Raises:
        ConfigurationError: a file that cannot be read, an unknown key or an impossible value.
    """
    tables: dict[str, Any] = {}
    if preset is not None:
        _merge(tables, preset_tables(preset))
    if file is not None:
        _merge(tables, _read(file))
    for name, value in (values or {}).items():
        if value is not None:
            _merge(tables, _nest(name, value))
    try:
        return SearchConfig.model_validate(tables)
    except ValidationError as error:
        raise ConfigurationError(_first_line(error)) from None


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"cannot read {file}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} is not TOML: {error}") from None


def _merge(into: dict[str, Any], tables: Mapping[str, Any]) -> None:
    for key, value in tables.items():
        if isinstance(value, Mapping) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = dict(value) if isinstance(value, Mapping) else value


def _nest(name: str, value: Any) -> dict[str, Any]:
    for key in reversed(name.split(".")):
        value = {key: value}
    nested: dict[str, Any] = value
    return nested


def _first_line(error: ValidationError) -> str:
    """The first mistake: where it stands, what is wrong, and the value seen."""
    first = error.errors()[0]
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, HyperpruneError | ValueError):
        return str(cause)
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"unknown key {place}: docs/configuration.md lists the known ones"
    return f"{place}: {first['msg'][0].lower()}{first['msg'][1:]}, got {first['input']!r}"
