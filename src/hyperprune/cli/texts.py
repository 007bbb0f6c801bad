"""The text and recipe for a trained network: those of its run, unless the command names others."""

from typing import Any

from hyperprune.cli.own_tasks import importable
from hyperprune.corpora import CorpusConfig
from hyperprune.errors import ConfigurationError
from hyperprune.search import Trained, validated
from hyperprune.training import OwnTask, Recipe, checkpoint
from hyperprune.training.evaluation import recorded_task
from hyperprune.training.opening import OWN


def own_task_of(found: Trained, given: str | None) -> OwnTask | None:
    """The task of a network that is of a task of the user's own, which must be named again; none for a text.

    Raises:
        CheckpointError: the checkpoint is damaged.
        ConfigurationError: it was not named, or the network is a language model.
    """
    importable()
    document = checkpoint.read_document(found.weights)
    if document.get("task") == OWN:
        return recorded_task(document, given, found.weights)
    if given is not None:
        raise ConfigurationError(f"{found.weights} is a language model: leave --task {given} out")
    return None


def text_of(found: Trained, values: dict[str, Any]) -> CorpusConfig:
    """The corpus of the run, or the one that was named.

    Raises:
        ConfigurationError: neither exists.
    """
    own = None if found.config is None else found.config.corpus
    source, level = values.get("corpus.source"), values.get("corpus.level")
    if source is None and own is None:
        raise ConfigurationError(
            f"{found.weights} lies outside its run, so its text is unknown: give the text with --corpus"
        )
    if source is None and own is not None and level in (None, own.level):
        return own
    tables = {"source": source or (own and own.source), "level": level or (own.level if own else "word")}
    return validated(CorpusConfig, tables)


def recipe_of(found: Trained, values: dict[str, Any]) -> Recipe:
    """The recipe of the run with the values that were given."""
    tables = {} if found.config is None else found.config.recipe.model_dump()
    given = {
        name.removeprefix("recipe."): value
        for name, value in values.items()
        if name.startswith("recipe.") and value is not None
    }
    return validated(Recipe, {**tables, **given})
