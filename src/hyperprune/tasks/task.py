"""The contract of a task: four methods. Language modelling is one of them, your own another.

What stays with training: the order of a step, masks, clipping, averages, checkpoints, resuming, seeds.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from hyperprune.seeding import generator
from hyperprune.tasks.batch import Batch
from hyperprune.tasks.distillation import Kind, Teacher

Part = Literal["train", "valid", "test"]
Loss = Tensor | tuple[Tensor, int] | Batch


@dataclass(frozen=True)
class Epoch:
    """Which pass over the training batches it is.

    Attributes:
        number: counted from 1.
        seed: the run's root seed, the same for the dense network and all candidates.
        teaching: the dense network with the weight and the temperature of distillation; None for a network
            that learns from the data alone.
    """

    number: int
    seed: int = 0
    teaching: Teacher | None = field(default=None, compare=False)

    @cached_property
    def generator(self) -> torch.Generator:
        """A CPU generator for the order of the batches: one stream an epoch, from (seed, number)."""
        return generator(self.seed, "batches", self.number)

    @property
    def teacher(self) -> nn.Module | None:
        """The dense network that is imitated, frozen and in evaluation mode, or None."""
        return None if self.teaching is None else self.teaching.network

    def distilled(
        self, loss: Tensor, outputs: Tensor, answer: Callable[[nn.Module], Tensor], kind: Kind = "logits"
    ) -> Tensor:
        """The loss as it is, or where there is a teacher, mixed with how far the network is from it.

        For logits (1 - a) loss + a T^2 KL(teacher || student), for values (1 - a) loss + a times the mean
        squared difference (Hinton et al. 2015, arXiv 1503.02531).

        Args:
            loss: of the data alone, a scalar.
            outputs: of the network, logits ``(..., types)`` or values of any shape.
            answer: gives the teacher's, such as ``lambda teacher: teacher(images)``; called without graph.
            kind: ``logits`` or ``values``.
        """
        return loss if self.teaching is None else self.teaching.distilled(loss, outputs, answer, kind)


@runtime_checkable
class TaskLike(Protocol):
    """A network, its training batches and its measure; by structure, nothing to inherit.

    Whoever inherits from :class:`hyperprune.tasks.Task` is told of misspelt attributes.

    An epoch is one pass of ``losses``. A task keeps nothing from one epoch to the next, so that training
    can resume from a checkpoint: what differs between epochs comes from ``epoch``.

    What a task may say besides, found by name:

    * ``score``: what the number of ``evaluate`` is called, such as ``"error rate"``, or a
      :class:`hyperprune.tasks.Score`; ``"loss"`` where it is missing.
    * ``higher_is_better``: True for an accuracy; False where it is missing.
    * ``steps_per_epoch``: optimiser steps of one epoch; counted once, without training, where it is missing.
    * ``recurrent``: name of the submodule whose spectrum is taken; found where the network has but one.
    * ``data()``: everything that is trained and validated on, tensors, arrays, numbers and texts in tuples,
      lists and dictionaries: its hash is kept, so that changed data is noticed. Without it, only what the
      network sees first in training and validation is hashed, and targets are not.
    * ``naive() -> (name, number)``: what is reached without any network, for tables (``baseline`` in
      older tasks).
    * ``smaller(factor) -> settings``: keyword arguments of the same task with a network ``factor`` times as
      wide, for a small dense network to compare with.
    * ``evaluate_each(network, part)``: the losses ``(items,)`` whose mean is the number of ``evaluate``; or
      losses and counts; or :class:`hyperprune.tasks.Items`. The verdict then has an interval.
    * ``defaults``: values of a configuration by dotted name, such as ``{"recipe.optimizer": "adam"}``, which
      files, options and Python override.
    """

    def network(self) -> nn.Module:
        """A fresh network, its weights drawn from torch's global generator."""
        ...

    def losses(self, network: nn.Module, epoch: Epoch) -> Iterator[Loss]:
        """Mean loss of each training batch, with its graph, and if they differ how many items it is of.

        A :class:`Batch` in its place has penalties, slices or a learning rate of its own.

        A search with distillation needs losses that look at ``epoch.teacher``; ``epoch.distilled`` gives the
        usual one. The trainer steps the optimiser before it asks for the next batch.
        """
        ...

    def evaluate(self, network: nn.Module, part: Part) -> float:
        """One number for a part, ``valid`` or ``test``. The network is in evaluation mode, without graph."""
        ...

    def spectrum_inputs(self, batch: int, steps: int) -> Any:
        """What drives the network for its spectrum, the same for every candidate.

        A network that offers ``embed`` and ``recurrent`` (:class:`hyperprune.lyapunov.Network`) gets it as
        ``(steps, batch, ...)``. Any other is called with it, and what then reaches its recurrent module
        counts: at least ``batch`` sequences of ``steps`` steps. A tuple stands for several arguments.
        """
        ...
