"""Records that hold their own hash: a changed bit is noticed when they are read."""

import hashlib
import json
from typing import Any

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
