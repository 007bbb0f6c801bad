"""A candidate's choices in words that say which is which."""

from collections.abc import Mapping
from typing import Any

from hyperprune.sparsity import METHODS, PruningVariant

LABELS = {
    "pattern": "pattern",
    "sparse_init": "first masks",
    "death": "death",
    "growth": "growth",
    "redistribution": "redistribution",
    "death_rate": "rate",
    "decay": "decay",
    "update_interval": "update every",
    "density_schedule": "density",
}
_ALWAYS = ("sparse_init", "death", "death_rate")
_NEVER = ("method", "density", "exclude", "densities", "share_budget", "schedule_span")
_STATIC = ("sparse_init",)


def choice_words(choices: Mapping[str, Any]) -> str:
    """Such as ``first masks er, death magnitude, rate 0.4``.

    A named method stands by its name, with what differs from it. Of the other choices those are left out
    that stand at their default, first masks, death and rate excepted, and how often a schedule prunes.

    Args:
        choices: fields of a variant, what was chosen beside it, and ``method`` where it was chosen by name.
    """
    name = choices.get("method")
    always: tuple[str, ...]
    if name is not None and name in METHODS:
        usual, always = METHODS[name].variant.to_dict(), ()
    elif choices.get("death_rate") == 0:
        usual = {**PruningVariant(density=1, death_rate=0).canonical().to_dict()}
        always = _STATIC
    else:
        usual, always = PruningVariant(density=1).to_dict(), _ALWAYS
    never = (*_NEVER, "update_interval") if "density_schedule" in choices else _NEVER
    words = [] if name is None else [str(name)]
    shown = [key for key in LABELS if key in choices]
    shown += [key for key in choices if key not in LABELS]
    for key in shown:
        value = choices[key]
        if key not in never and value is not None and (key in always or value != usual.get(key)):
            words.append(_words(key, value))
    if name is None and choices.get("death_rate") == 0 and "density_schedule" not in choices:
        words.append("static")
    return ", ".join(words)


def _words(key: str, value: Any) -> str:
    if key == "density_factors":  # one for each matrix, by its full name: a paragraph
        return f"{len(value)} density factors"
    if key == "keep_diagonal":
        return "diagonal kept" if value else "diagonal pruned"
    if key == "gate_densities":
        return f"gates {_value(value)}" if value else "gates even"
    return f"{LABELS.get(key, key.replace('_', ' '))} {_value(value)}"


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, list | tuple):
        return " ".join(_value(item) for item in value)
    return str(value)
