"""Records that hold their own hash: a changed bit is noticed when they are read."""

import hashlib
import json
from pathlib import Path
from typing import Any

from hyperprune.files.reading import LARGEST_RECORD, as_json, read_bytes, read_text
from hyperprune.files.writing import json_bytes, write_bytes

_KEY = "document_sha256"


def digest(document: dict[str, Any]) -> str:
    """SHA-256 of a document's canonical JSON."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def sealed(document: dict[str, Any]) -> dict[str, Any]:
    """The document with its own hash."""
    return {**document, _KEY: digest(document)}


def unsealed(document: Any) -> dict[str, Any]:
    """The document without its hash, which was compared.

    Raises:
        ValueError: it is no object, has no hash, or is not the document that was sealed.
    """
    if not isinstance(document, dict):
        raise ValueError(f"it holds a {type(document).__name__} in place of an object")
    rest = {key: value for key, value in document.items() if key != _KEY}
    if document.get(_KEY) != digest(rest):
        raise ValueError("its hash differs from the one it was written with")
    return rest


def write_summed(path: Path, value: Any) -> None:
    """Write a JSON record that others read too, and its SHA-256 beside it, as ``sha256sum -c`` takes it.

    The hash goes first: a record that stands has one.
    """
    data = json_bytes(value)
    line = f"{hashlib.sha256(data).hexdigest()}  {path.name}\n"
    write_bytes(_sum_of(path), line.encode())
    write_bytes(path, data)


def read_summed(path: Path) -> Any:
    """The value of a record, compared with the hash beside it if there is one.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no JSON, or not what was written.
    """
    data = read_bytes(path, LARGEST_RECORD)
    try:
        line = read_text(_sum_of(path))
    except FileNotFoundError:  # written by an earlier version, or copied alone
        return as_json(data)
    if line.split() != [hashlib.sha256(data).hexdigest(), path.name]:
        raise ValueError(f"its hash differs from the one in {_sum_of(path).name}")
    return as_json(data)


def _sum_of(path: Path) -> Path:
    return path.with_suffix(".sha256")
