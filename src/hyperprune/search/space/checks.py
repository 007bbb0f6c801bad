"""What makes a space impossible before any variant of it is made, and why."""

from collections.abc import Mapping, Sequence
from typing import Any

from hyperprune.errors import ConfigurationError
from hyperprune.sparsity import METHODS

RULES = "rules"  # stands among named methods for the rules that are chosen one by one
CHOSEN_BY_RULES = (
    "sparse_init",
    "growth",
    "death",
    "redistribution",
    "decay",
    "update_interval",
    "death_rate",
)
_OF_METHODS = ("sparse_init", "decay", "update_interval", "death_rate")  # what a named method may be given
_INFINITE = float("inf")
_LIMITS = {
    "learning_rate": _INFINITE,
    "temperature": _INFINITE,
    "dropout": 1.0,
    "sparsity": 1.0,
    "distillation": 1.0,
}


def check_numbers(values: Mapping[str, Any]) -> None:
    """Every number that is chosen beside the variant lies in its range; ranges check themselves.

    Raises:
        ConfigurationError: one does not.
    """
    for name, high in _LIMITS.items():
        closed = name == "distillation"
        for value in values[name] if isinstance(values[name], tuple) else ():
            if not 0 <= value < high + closed * 1e-12 or (high == _INFINITE and value == 0):
                rule = "be above 0" if high == _INFINITE else f"lie in [0, 1{']' if closed else ')'}"
                raise ConfigurationError(
                    f"a {name.replace('_', ' ')} must {rule}, got {value} in space.{name}: give a "
                    "value such as 0.5"
                )


def check_conditions(when: Mapping[str, Mapping[str, Sequence[Any]]], known: Sequence[str]) -> None:
    """Conditions are of choices that there are, and name methods that can take what is chosen.

    Raises:
        ConfigurationError: one is not.
    """
    for name, condition in when.items():
        if name not in known:
            raise ConfigurationError(
                f"space.when has conditions of {name!r}, which is not a choice of this space: give "
                f"one of {', '.join(sorted(known))}"
            )
        for method in condition.get("method", ()):
            _check_method(name, str(method))


def _check_method(name: str, method: str) -> None:
    if method == RULES or name not in CHOSEN_BY_RULES or method not in METHODS:
        return
    own = METHODS[method].variant
    changes = own.static or own.scheduled
    if name not in _OF_METHODS or (changes and name != "sparse_init"):
        reason = "which has no death rate" if changes else "which has its own"
        raise ConfigurationError(
            f"space.when.{name}.method names {method}, {reason}: leave {method} out there"
        )
