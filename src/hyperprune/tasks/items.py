"""What the number of an evaluation is made of: a loss for each item of a part, for intervals."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from hyperprune.errors import ConfigurationError

_AGREEMENT = 1e-3  # float32 sums of millions of items differ by less; another definition by more


@dataclass(frozen=True, eq=False)
class Items:
    """The losses of a part, item by item.

    The task's number is the sum of ``losses`` over the sum of ``counts``, or its square root.

    Attributes:
        losses: ``(items,)``, summed over what an item holds.
        counts: ``(items,)``, how much that is, such as tokens of a window.
        name: of the items, for sentences.
        ordered: whether they stand in an order in which neighbours depend on each other.
        root: whether the number is the square root of the mean, as an RMSE is.
    """

    losses: Tensor
    counts: Tensor
    name: str = "examples"
    ordered: bool = False
    root: bool = False

    @property
    def number(self) -> float:
        """What ``evaluate`` gives."""
        mean = float(self.losses.double().sum() / self.counts.double().sum())
        return mean**0.5 if self.root else mean


def as_items(given: Any, number: float, task: str) -> Items:
    """The items of a task that gave them, its losses alone, or losses and counts.

    Args:
        given: what ``evaluate_each`` gave.
        number: what ``evaluate`` gave on the same part.
        task: its name, for errors.

    Raises:
        ConfigurationError: it is none of these, or its mean is not the number.
    """
    if isinstance(given, Tensor):
        given = (given, torch.ones_like(given))
    if isinstance(given, tuple) and len(given) == 2:
        given = Items(*given)
    if not isinstance(given, Items):
        raise ConfigurationError(
            f"evaluate_each() of {task} must return a tensor of losses, or losses and counts, it "
            f"returned a {type(given).__name__}: return one of these, or hyperprune.tasks.Items"
        )
    losses, counts = (values.detach().double().cpu() for values in (given.losses, given.counts))
    if losses.ndim != 1 or losses.shape != counts.shape or len(losses) < 2 or counts.sum() <= 0:
        raise ConfigurationError(
            f"evaluate_each() of {task} must return one loss and one count per item, of two items or "
            f"more, it returned {tuple(losses.shape)} and {tuple(counts.shape)}: return two tensors "
            "(items,)"
        )
    items = Items(losses, counts, given.name, given.ordered, given.root)
    if abs(items.number - number) > _AGREEMENT * max(abs(number), 1e-6) and number == number:
        raise ConfigurationError(
            f"evaluate_each() of {task} gives losses with the mean {items.number:.6g}, and evaluate() gives "
            f"{number:.6g}: give the losses whose mean is the number"
        )
    return items
