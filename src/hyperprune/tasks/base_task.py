"""A task to inherit from: defaults for all that is optional, and no attribute that is misspelt."""

import difflib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar

from torch import nn

from hyperprune.errors import ConfigurationError
from hyperprune.tasks.score import Score
from hyperprune.tasks.task import Epoch, Loss, Part

OPTIONAL = (
    "score",
    "higher_is_better",
    "steps_per_epoch",
    "recurrent",
    "data",
    "naive",
    "evaluate_each",
    "details",
    "smaller",
    "defaults",
)
_ALIKE = 0.85  # from where on a name is taken for a misspelt one


class Task(ABC):
    """What :class:`hyperprune.tasks.task.TaskLike` says, as a base class.

    Attributes:
        score: what the number of ``evaluate`` is called.
        higher_is_better: True for an accuracy.
        steps_per_epoch: optimiser steps of one epoch; None to have them counted once.
        recurrent: name of the submodule whose spectrum is taken; None where the network has but one.
        defaults: values of a configuration by dotted name, which files, options and Python override.

    Raises:
        ConfigurationError: when a subclass is made, an attribute that is all but one of the names above.
    """

    score: str | Score = "loss"
    higher_is_better: bool = False
    steps_per_epoch: int | None = None
    recurrent: str | None = None
    defaults: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls, **named: Any) -> None:
        super().__init_subclass__(**named)
        refuse_misspelt(cls, vars(cls))

    def __setattr__(self, name: str, value: Any) -> None:
        refuse_misspelt(type(self), [name])
        super().__setattr__(name, value)

    @abstractmethod
    def network(self) -> nn.Module:
        """A fresh network, its weights drawn from torch's global generator."""

    @abstractmethod
    def losses(self, network: nn.Module, epoch: Epoch) -> Iterator[Loss]:
        """Mean loss of each training batch, with its graph, and if they differ how many items it is of."""

    @abstractmethod
    def evaluate(self, network: nn.Module, part: Part) -> float:
        """One number for a part, ``valid`` or ``test``; the network is in evaluation mode, without graph."""

    @abstractmethod
    def spectrum_inputs(self, batch: int, steps: int) -> Any:
        """What drives the network for its spectrum, the same for every candidate."""


def refuse_misspelt(task: type, names: Any) -> None:
    """Refuse public names that are all but one of those that a task may have.

    Raises:
        ConfigurationError: names the attribute and what it was meant to be.
    """
    known = (*OPTIONAL, "network", "losses", "evaluate", "spectrum_inputs")
    for name in names:
        if name.startswith("_") or name in known:
            continue
        meant = difflib.get_close_matches(name, known, n=1, cutoff=_ALIKE)
        if meant:
            raise ConfigurationError(
                f"{task.__qualname__} has an attribute {name!r}, which nothing reads: write {meant[0]!r}, "
                f"or another name such as _{name} if it is something else"
            )
