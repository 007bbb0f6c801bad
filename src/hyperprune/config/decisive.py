"""Which keys of a configuration decide a result, and which may change when a run resumes."""

from typing import Any

from pydantic import BaseModel
from pydantic.config import JsonDict

from hyperprune.config.mistakes import record_of

FREE: JsonDict = {"may_change_on_resume": True}
FACT: JsonDict = {"filled_in": True}  # a run of a version that did not note it is resumed all the same


def free_keys(model: type[BaseModel]) -> dict[str, Any]:
    """Keys marked ``FREE``, in the form of pydantic's ``exclude``; the configuration's schema names them."""
    found: dict[str, Any] = {}
    for name, entry in model.model_fields.items():
        extra = entry.json_schema_extra
        if isinstance(extra, dict) and extra.get("may_change_on_resume"):
            found[name] = True
        elif isinstance(entry.annotation, type) and issubclass(entry.annotation, BaseModel):
            inner = free_keys(entry.annotation)
            found |= {name: inner} if inner else {}
    return found


def decisive(config: BaseModel) -> dict[str, Any]:
    """A configuration as JSON has it, without the keys that may change."""
    return config.model_dump(mode="json", exclude=free_keys(type(config)))


def is_fact(model: type[BaseModel], name: str) -> bool:
    """Whether a dotted key is marked ``FACT``."""
    first, _, rest = name.partition(".")
    entry = model.model_fields.get(first)
    if entry is None:
        return False
    if rest:
        record = record_of(entry.annotation)
        return record is not None and is_fact(record, rest)
    extra = entry.json_schema_extra
    return isinstance(extra, dict) and bool(extra.get("filled_in"))
