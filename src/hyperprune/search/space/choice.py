"""What an optimiser chooses for a candidate: its pruning variant, and what differs from the recipe."""

import json
from dataclasses import dataclass
from typing import Any

from hyperprune.sparsity import PruningVariant
from hyperprune.tasks import AnyTask, Recipe


@dataclass(frozen=True)
class Choice:
    """A point of the search space.

    Attributes:
        variant: the pruning choices, the density among them.
        learning_rate: of the first epoch; None for the recipe's.
        dropout: of the network; None for the model's.
        method: the named method that the variant is, where it was chosen by its name; decides nothing.
        distillation: weight of the dense network's answers; none or 0 for the data alone.
        temperature: of distillation; None for 1.
    """

    variant: PruningVariant
    learning_rate: float | None = None
    dropout: float | None = None
    method: str | None = None
    distillation: float | None = None
    temperature: float | None = None

    @property
    def overrides(self) -> dict[str, float]:
        """What takes the place of a value of the recipe or the model, by name."""
        given = {"learning_rate": self.learning_rate, "dropout": self.dropout}
        if self.distillation:
            given |= {"distillation": self.distillation, "temperature": self.temperature}
        return {name: value for name, value in given.items() if value is not None}

    def key(self) -> str:
        """One line of JSON: equal keys are equal networks, whatever was chosen without an effect."""
        if not self.overrides:
            return self.variant.key()
        return json.dumps({"variant": self.variant.key(), **self.overrides}, sort_keys=True)

    def recipe(self, recipe: Recipe) -> Recipe:
        """The recipe that this candidate trains with."""
        if self.learning_rate is None:
            return recipe
        return recipe.model_copy(update={"learning_rate": self.learning_rate})

    def task(self, task: AnyTask) -> AnyTask:
        """The task with the network that this candidate prunes.

        Raises:
            ConfigurationError: the network has no dropout.
        """
        return task if self.dropout is None else task.with_dropout(self.dropout)

    def to_dict(self) -> dict[str, Any]:
        """All choices as values that JSON can hold."""
        name = {} if self.method is None else {"method": self.method}
        return {**self.variant.canonical().to_dict(), **self.overrides, **name}
