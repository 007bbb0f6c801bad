"""Which keys of a finished search may change, and what that asks of the run.

Decisions are functions of records, and a record depends on nothing but the network's own job. So a
search may get more candidates or another metric: what was trained is read, not trained again. Longer
finals are different: death rates fall over the full budget, so a larger budget would change every
candidate from its first topology update on. An extension therefore keeps the decay as it was planned
(``recipe.decay_epochs``), and after those epochs the masks stay as they are. The result is that of a
search which had this configuration, decay_epochs included, from the start; with another metric, that
of one which was given the same candidates.
"""

import reprlib
from typing import Any

from hyperprune.config.decisive import decisive
from hyperprune.config.differences import Difference, differences
from hyperprune.errors import ConfigurationError
from hyperprune.search.config.families import SCRATCH
from hyperprune.search.config.layers import changed
from hyperprune.search.config.search_config import SearchConfig

_MAY_GROW = ("search.candidates", "recipe.epochs")
_MAY_CHANGE = (
    "search.metric",
    "search.distance",
    "search.loss_weight",
    "search.near_duplicates",
    "search.tolerance",
    "search.controls",
)


def extended(old: SearchConfig, values: dict[str, Any]) -> SearchConfig:
    """The configuration of an extension.

    Args:
        old: the run's own.
        values: new values by dotted name.

    Raises:
        ConfigurationError: a key that cannot change any more, or a smaller number than before.
    """
    new = changed(old, values)
    for found in differences(decisive(old), decisive(new)):
        _check(*found)
    _check_families(old, new)
    if new.recipe.epochs > old.recipe.epochs and old.recipe.decay_epochs is None:
        recipe = new.recipe.model_copy(update={"decay_epochs": old.recipe.epochs})
        new = new.model_copy(update={"recipe": recipe})
    return new


def _check_families(old: SearchConfig, new: SearchConfig) -> None:
    """Candidates of a later family, or networks that learn from the dense one, would be others."""
    if new.recipe.epochs > old.recipe.epochs and any(family.awaits_dense for family in old.each_family):
        raise ConfigurationError(
            "candidates of this run start from the dense network or learn from it, which would be a "
            f"different one after {new.recipe.epochs} epochs in place of {old.recipe.epochs}: start a "
            "new run"
        )
    if new.search.candidates > old.search.candidates and old.families[-1] != SCRATCH:
        raise ConfigurationError(
            f"more candidates from scratch ({new.search.candidates} in place of {old.search.candidates}) "
            "would take the numbers of the next family: start a new run, with scratch as the last of families"
        )


def extension_hint(found: list[Difference]) -> str:
    """What --extend would do, where it would."""
    try:
        for difference in found:
            _check(*difference)
    except ConfigurationError:
        return ""
    return "; to extend the search that is there, add --extend"


def _check(name: str, old: Any, new: Any) -> None:
    if name in _MAY_GROW:
        if new < old:
            raise ConfigurationError(
                f"an extension only adds, but {name} is {old} in the run and {new} here: give at least {old}"
            )
    elif name not in _MAY_CHANGE:
        raise ConfigurationError(
            f"an extension may change {', '.join((*_MAY_GROW, *_MAY_CHANGE))}, but not {name}, which is "
            f"{_seen(old)} in the run and {_seen(new)} here: leave it, or give another --out without --extend"
        )


def _seen(value: Any) -> str:
    return "unset" if value is None else reprlib.repr(value)
