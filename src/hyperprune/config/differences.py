"""Where two configurations differ."""

from typing import Any

Difference = tuple[str, Any, Any]


def differences(old: Any, new: Any, name: str = "") -> list[Difference]:
    """Where two dumped configurations differ: dotted key, old value, new value; a table may be missing."""
    if isinstance(old, dict) and new is None:
        new = {}
    if isinstance(new, dict) and old is None:
        old = {}
    if isinstance(old, dict) and isinstance(new, dict):
        return [
            found
            for key in sorted(set(old) | set(new))
            for found in differences(old.get(key), new.get(key), f"{name}.{key}".lstrip("."))
        ]
    return [] if old == new else [(name, old, new)]
