"""How a variant is written: by its fields in files, and in the form of the first versions in keys.

Keys name job folders and seed masks, so the key of a variant must stay what it was when there were fewer
fields. A field that was added later is left out where it stands at its default; a density schedule is written
as versions up to 0.1 wrote it, as ``ramp`` with growth ``none``.
"""

from collections.abc import Mapping
from typing import Any

from hyperprune.sparsity.density_schedule import DENSITY_SCHEDULE

LATER: dict[str, object] = {
    "density_schedule": "constant",
    "schedule_span": None,
    "death_options": (),
    "update_until": 1.0,
    "update_replaces_step": False,
    "weight_scale": "dense",
    "criterion": "random",
    "density_factors": (),
    "pattern": "1x1",
    "keep_diagonal": False,
    "gate_densities": (),
}


def written(values: Mapping[str, object]) -> dict[str, Any]:
    """Fields as values that JSON and TOML can hold; later ones only where they differ from their default."""
    return {n: _plain(v) for n, v in values.items() if n not in LATER or v != LATER[n]}


def key_document(document: Mapping[str, Any]) -> dict[str, Any]:
    """What a key says of a written variant."""
    key = dict(document)
    schedule, span = key.pop("density_schedule", "constant"), key.pop("schedule_span", None)
    key["ramp"] = span
    if DENSITY_SCHEDULE[schedule].span is not None:
        key["growth"] = "none"
    if schedule != _schedule_of(span):
        key["density_schedule"] = schedule
    return key


def read(document: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a written variant, also of one with ``ramp``."""
    values = dict(document)
    if "ramp" in values and "density_schedule" not in values:
        span = values.pop("ramp")
        if span is not None:
            values |= {"density_schedule": _schedule_of(span), "schedule_span": span}
            if values.get("growth") == "none":
                del values["growth"]
    return values


def _schedule_of(span: Any) -> str:
    """The schedule that a ``ramp`` stood for."""
    if span is None:
        return "constant"
    return "one_shot" if span[0] == span[1] else "gradual"


def _plain(value: object) -> object:
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
