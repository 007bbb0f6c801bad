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
from hyperprune.search.config.families import DENSE, SCRATCH
from hyperprune.search.config.layers import changed
from hyperprune.search.config.search_config import SearchConfig

_OF_SCRATCH, _OF_DENSE = "search.candidates", "dense_start.search.candidates"
_MAY_GROW = (_OF_SCRATCH, _OF_DENSE, "recipe.epochs")
_MAY_RANK = ("metric", "distance", "loss_weight", "near_duplicates")
_MAY_CHANGE = (
    *(f"search.{key}" for key in _MAY_RANK),
    *(f"dense_start.search.{key}" for key in _MAY_RANK),
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
    for before, now in ((old.search, new.search), (old.dense_start.search, new.dense_start.search)):
        if now.reads_covariance and not before.reads_covariance:
            raise ConfigurationError(
                "the metric covariance reads scores of hidden states, which are taken while a network "
                f"trains, and this run was ranked by {before.metric}: start a new run"
            )
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
    for key, before, now in (
        (_OF_SCRATCH, old.search, new.search),
        (_OF_DENSE, old.dense_start.search, new.dense_start.search),
    ):
        if now.candidates > before.candidates:
            _check_is_last(key, SCRATCH if key == _OF_SCRATCH else DENSE, old.families)


def _check_is_last(key: str, family: str, families: tuple[str, ...]) -> None:
    """Further candidates take numbers that nobody has, so only the last family can have them."""
    if families[-1] == family:
        return
    last = families[-1]
    remedy = (
        "give --candidates (search.candidates)"
        if last == SCRATCH
        else f'in Python, give load(run).extend({{"{_OF_DENSE}": 40}})'
    )
    reason = (
        f"would take the numbers of the candidates of {last}"
        if family in families
        else f"belong to the family {family}, which this run does not have"
    )
    raise ConfigurationError(
        f"further candidates of {key} {reason}: add to its last family, {last} ({remedy}), or start a new run"
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
