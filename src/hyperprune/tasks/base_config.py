"""What every configuration says about its task: a text and a network, or a task of the user's own."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from hyperprune.corpora import CorpusConfig
from hyperprune.errors import ConfigurationError
from hyperprune.models import AnyModel
from hyperprune.tasks.any_task import AnyTask
from hyperprune.tasks.own import OwnTask
from hyperprune.tasks.recipe import TEXT_KEYS, Recipe
from hyperprune.tasks.spectrum_config import SpectrumConfig
from hyperprune.tasks.text.text_task import TextTask

_TEXT_TABLES = ("corpus", "model")


class Tasked(BaseModel):
    """Language modelling with [corpus] and [model], unless [task] names another task."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    seed: int = Field(0, ge=0, description="Root seed of weights, dropout, masks and suggestions.")
    sparsity: float = Field(
        0.67,
        ge=0,
        lt=1,
        description="Share of the prunable weights that is zero.",
    )
    task: OwnTask | None = Field(None, description="A task of your own; None for language modelling.")
    corpus: CorpusConfig | None = None
    model: AnyModel | None = None
    recipe: Recipe = Field(default_factory=Recipe)
    spectrum: SpectrumConfig = Field(default_factory=SpectrumConfig)

    @property
    def described(self) -> AnyTask:
        """The task as jobs take it."""
        if self.task is not None:
            return self.task
        if self.corpus is None or self.model is None:
            raise ConfigurationError("language modelling needs a corpus and a model, got none: give both")
        return TextTask(corpus=self.corpus, model=self.model)

    def bound(self, known: "Tasked | None" = None) -> Self:
        """This configuration with the facts of its data, so that it is never resumed with other data.

        Raises:
            CorpusError: the text cannot be read, or is another one than before.
            ConfigurationError: the task cannot be found, or is another one than before.
        """
        noted = None if known is None else known.described
        found = self.described.with_facts(self.spectrum, self.seed, noted)
        return self.model_copy(update=found.tables)

    @field_validator("sparsity", mode="before")
    @classmethod
    def _one_sparsity(cls, given: Any) -> Any:
        if given == "auto":
            raise ConfigurationError(
                "sparsity auto makes several searches, which hyperprune search --sparsity auto and "
                "hyperprune.smallest(config) do: give a number here, or none"
            )
        return given

    @model_validator(mode="before")
    @classmethod
    def _one_task(cls, given: Any) -> Any:
        """Language modelling by default; what only language modelling has is refused for other tasks."""
        if not isinstance(given, Mapping):
            return given
        if given.get("task") is None:
            return {
                **given,
                **{name: given[name] if given.get(name) is not None else {} for name in _TEXT_TABLES},
            }
        recipe = given.get("recipe")
        keys = [f"recipe.{key}" for key in TEXT_KEYS if isinstance(recipe, Mapping) and key in recipe]
        unfit = [name for name in _TEXT_TABLES if given.get(name) is not None] + keys
        if unfit:
            raise ConfigurationError(
                f"{unfit[0]} belongs to language modelling, and [task] names another task: leave it out, and "
                "give what the task needs in [task.settings]"
            )
        return given

    @model_serializer(mode="wrap")
    def _without_what_it_has_not(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        document: dict[str, Any] = handler(self)
        for name in self._left_out():
            document.pop(name, None)
        if self.task is None:
            document.pop("task", None)
            return document
        for name in _TEXT_TABLES:
            document.pop(name, None)
        recipe = document.get("recipe", {})
        return {**document, "recipe": {key: value for key, value in recipe.items() if key not in TEXT_KEYS}}

    def _left_out(self) -> tuple[str, ...]:
        """Keys and tables that say nothing about this very configuration."""
        return ()
