"""Configurations as TOML files."""

import re
import tomllib
from pathlib import Path
from typing import Any

import tomli_w

from hyperprune import files

SCHEMA = 1  # of config.toml; a file without a version is of the first
_VERSION = "schema_version"
_LARGEST = 4_000_000  # bytes of a configuration; the presets have three thousand
_MOST_DOTS = 50  # in a dotted key
_KEY_ENDS = re.compile(r"[\n=,\[\]{}]")


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


def read_configuration(path: Path) -> dict[str, Any]:
    """The tables of a configuration, of this version's form or an older one.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no TOML, or of a newer version; says which.
    """
    tables = read_toml(path)
    version = tables.pop(_VERSION, 1)
    if type(version) is not int or not 1 <= version <= SCHEMA:
        raise ValueError(
            f"it has {_VERSION} {version!r:.40} and this hyperprune reads up to {SCHEMA}: use the one that "
            "wrote it"
        )
    return tables


def configuration_text(tables: dict[str, Any]) -> str:
    """Tables as TOML, with the version of their form."""
    return tomli_w.dumps({_VERSION: SCHEMA, **without_none(tables)})


def without_none(value: Any) -> Any:
    """Without keys that say none: TOML has no null, and a missing key means it."""
    if isinstance(value, dict):
        return {key: without_none(item) for key, item in value.items() if item is not None}
    return value
