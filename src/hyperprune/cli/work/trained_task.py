"""The task and the recipe for a trained network: those of its run, unless the command names others."""

from typing import Any

from hyperprune.cli.own_tasks import importable, refuse_unfit
from hyperprune.search import Trained, validated
from hyperprune.tasks import AnyTask, Recipe, task_of
from hyperprune.training.stored import checkpoint


def trained_task(found: Trained, values: dict[str, Any], task: str | None) -> AnyTask:
    """What a network is measured on.

    Args:
        found: the network.
        values: options by the key they stand for; ``corpus.*`` name another text.
        task: a task of the user's own, named again.

    Raises:
        CheckpointError: the checkpoint is damaged.
        ConfigurationError: a task that was not named, or options that do not fit it.
    """
    importable()
    named = task_of(
        checkpoint.read_document(found.weights),
        None if found.config is None else found.config.described,
        str(found.weights),
        task=task,
        source=values.get("corpus.source"),
        level=values.get("corpus.level"),
    )
    refuse_unfit(named, values)
    return named


def recipe_of(found: Trained, values: dict[str, Any]) -> Recipe:
    """The recipe of the run with the values that were given."""
    tables = {} if found.config is None else found.config.recipe.model_dump()
    given = {
        name.removeprefix("recipe."): value
        for name, value in values.items()
        if name.startswith("recipe.") and value is not None
    }
    return validated(Recipe, {**tables, **given})
