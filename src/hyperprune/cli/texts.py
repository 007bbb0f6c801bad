"""The text and recipe for a trained network: those of its run, unless the command names others."""

from typing import Any

from hyperprune.corpora import CorpusConfig
from hyperprune.errors import ConfigurationError
from hyperprune.search import Trained, validated
from hyperprune.training import Recipe


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
