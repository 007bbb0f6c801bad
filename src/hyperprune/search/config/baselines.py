"""What a search is compared with, each from the search's own configuration and one word.

A baseline may spend what the search spends: its planned epochs, the dense reference included where
candidates use it, because none of these needs one. Its candidates start from scratch, by ``[space]``. It
draws them at random unless another sampler is asked for, and judges by validation loss.

* ``random``: random choice, as many candidates trained to the end as the epochs buy.
* ``exhaustive``: the search's own candidates, all of them trained to the end, whatever it costs. It is told
  the same metric after the same epochs, and so suggests the same.
* ``halving``, ``hyperband``: successive halving and Hyperband, as many candidates as the epochs buy.
"""

from collections.abc import Container
from typing import Any

from pydantic import ValidationError

from hyperprune.config.mistakes import first_mistake
from hyperprune.errors import ConfigurationError, UnknownNameError
from hyperprune.search.config.search_config import SearchConfig
from hyperprune.search.plans import PLANS, PlanSettings
from hyperprune.search.plans.affordable import affordable

BASELINES = {"random": "full", "exhaustive": "full", "halving": "halving", "hyperband": "hyperband"}


def baseline(
    config: SearchConfig, name: str, budget: int | None = None, given: Container[str] = ()
) -> SearchConfig:
    """The baseline of a search.

    Args:
        config: the search.
        name: which.
        budget: epochs that all candidates may train; those that the search is planned to spend if none.
        given: dotted names of what the user has chosen for the baseline itself; ``search.sampler`` and
            ``search.metric`` count.

    Raises:
        UnknownNameError: there is no such baseline.
        ConfigurationError: a budget for the exhaustive one, or one that buys no candidate.
    """
    if name not in BASELINES:
        raise UnknownNameError(f"unknown baseline {name!r}: choose one of {', '.join(sorted(BASELINES))}")
    pool = config.search
    if name == "exhaustive":
        if budget is not None:
            raise ConfigurationError(
                f"the exhaustive baseline trains every candidate to the end, got a budget of {budget}: "
                "leave --budget out, or take the baseline random"
            )
        return _changed(config, {"plan": "full"})
    changes: dict[str, Any] = {"plan": BASELINES[name], "first_epochs": max(1, pool.first_epochs)}
    if "search.sampler" not in given:
        changes["sampler"] = "random"
    if "search.metric" not in given:
        changes["metric"] = "loss"
    spent = config.charged_epochs if budget is None else budget
    full = config.recipe.epochs
    if spent < full * pool.seeds:
        raise ConfigurationError(
            f"a candidate trains {full} epochs in each of {pool.seeds} trainings, and the budget is {spent}: "
            f"give --budget {full * pool.seeds} or more"
        )
    settings = PlanSettings(pool.candidates, changes["first_epochs"], pool.round_epochs, pool.eta, full)
    bought = affordable(PLANS[changes["plan"]], settings, spent // pool.seeds)
    changes |= {"candidates": bought.candidates, "brackets": bought.brackets}
    return _changed(config, changes)


def _changed(config: SearchConfig, values: dict[str, Any]) -> SearchConfig:
    """The configuration with other values in [search], checked."""
    tables = config.model_dump(mode="json")
    tables["search"] |= values
    for name in ("families", "dense_start"):
        tables.pop(name, None)
    try:
        return SearchConfig.model_validate(tables)
    except ValidationError as error:
        raise ConfigurationError(first_mistake(error, SearchConfig)) from None
