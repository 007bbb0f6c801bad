"""What training needs to know about a problem, and nothing more."""

from collections.abc import Iterator
from typing import Literal, Protocol

from torch import Tensor, nn

from hyperprune.training.batch import Batch

Part = Literal["valid", "test"]


class Task(Protocol):
    """A network, its training batches and its measure.

    An epoch is one pass of ``losses``. A task holds no state that one epoch leaves to the next, so that
    training can go on from a checkpoint.
    """

    @property
    def steps_per_epoch(self) -> int:
        """Optimiser steps of one epoch."""
        ...

    @property
    def document(self) -> dict[str, object]:
        """What a checkpoint must say so that the network can be built and evaluated without the run."""
        ...

    def network(self) -> nn.Module:
        """A fresh network, its weights drawn from torch's global generator."""
        ...

    def losses(self, network: nn.Module, epoch: int) -> Iterator[tuple[Tensor, int] | Batch]:
        """Mean loss of each training batch, with its graph, and how many items it is the mean of.

        A :class:`Batch` in its place has penalties, slices or a learning rate of its own.

        The trainer steps the optimiser before it asks for the next batch.
        """
        ...

    def evaluate(self, network: nn.Module, part: Part) -> float:
        """Mean loss on a part, in nats an item; lower is better. The network is in evaluation mode."""
        ...

    def spectrum_inputs(self, batch: int, steps: int) -> Tensor:
        """Inputs of the spectrum ``(steps, batch, ...)``, the same for every candidate."""
        ...
