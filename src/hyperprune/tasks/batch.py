"""What one optimiser step is taken on: a batch, perhaps in slices whose gradients add up."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Slice:
    """A part of a batch that is differentiated at a time.

    Attributes:
        objective: its share of what is minimised, penalties included, with its graph.
        loss: its share of the mean loss of the batch, without penalties.
    """

    objective: Tensor
    loss: Tensor


@dataclass(frozen=True, eq=False)
class Batch:
    """One step's slices.

    Attributes:
        slices: made one by one: each is differentiated before the next is asked for.
        items: how many the loss is the mean of.
        rate: multiplies the learning rate of this step.
    """

    slices: Iterable[Slice]
    items: int
    rate: float = 1.0

    def backward(self) -> Tensor:
        """Differentiate every slice, adding to the gradients that are there; gives the mean loss.

        It stays where the network is: to read it is to wait for the device.
        """
        total: Tensor | None = None
        for part in self.slices:
            part.objective.backward()
            own = part.loss.detach()
            total = own if total is None else _wide(total) + _wide(own)
        return torch.zeros(()) if total is None else total


def _wide(loss: Tensor) -> Tensor:
    """To add up what slices lost; Apple's GPUs have no float64."""
    return loss if loss.device.type == "mps" else loss.double()


def as_batch(given: Batch | tuple[Tensor, int]) -> Batch:
    """A batch as it is, or that of a mean loss and the number of its items."""
    if isinstance(given, Batch):
        return given
    loss, items = given
    return Batch((Slice(loss, loss),), items)
