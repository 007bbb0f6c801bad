"""A task ready for training: its losses turned so that smaller is better, what it leaves out filled in."""

import numbers
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from hyperprune import lyapunov
from hyperprune.errors import ConfigurationError
from hyperprune.tasks.batch import Batch, as_batch
from hyperprune.tasks.distillation import Teacher
from hyperprune.tasks.items import Items, as_items
from hyperprune.tasks.precision import exact_format
from hyperprune.tasks.score import Score
from hyperprune.tasks.task import Epoch, Part, TaskLike


@dataclass(frozen=True, eq=False)
class OpenedTask:
    """What training, evaluation and spectra use of a task.

    Attributes:
        task: the task.
        name: for errors.
        seed: root seed, which the order of batches may come from.
        device: where the network lives.
        steps_per_epoch: optimiser steps of an epoch.
        document: what a checkpoint must say so that the network can be built without the run.
    """

    task: TaskLike
    name: str
    seed: int
    device: torch.device
    steps_per_epoch: int
    document: dict[str, Any]

    @property
    def score(self) -> Score:
        """What its number is called."""
        return score_of(self.task)

    def network(self) -> nn.Module:
        """A fresh network on the device, its weights drawn from torch's global generator.

        Raises:
            ConfigurationError: the task gives something else.
        """
        network = self.task.network()
        if not isinstance(network, nn.Module):
            raise ConfigurationError(
                f"network() of {self.name} must return a torch.nn.Module, it returned a "
                f"{type(network).__name__}: return the network"
            )
        return network.to(self.device)

    def losses(self, network: nn.Module, epoch: int, teacher: Teacher | None = None) -> Iterator[Batch]:
        """What each optimiser step of an epoch is taken on.

        Raises:
            ConfigurationError: a loss is no number, or there is a teacher and nobody looks at it.
        """
        if teacher is not None:
            teacher.asked = False
        for given in self.task.losses(network, Epoch(epoch, self.seed, teacher)):
            if teacher is not None and not teacher.asked and not isinstance(given, Batch):
                raise ConfigurationError(
                    f"losses() of {self.name} never looked at epoch.teacher, but this network is to "
                    "learn from one: yield epoch.distilled(loss, outputs, ...), or set distillation to "
                    "0"
                )
            if isinstance(given, Batch):
                yield given
                continue
            mean, items = given if isinstance(given, tuple) else (given, 1)
            if not isinstance(mean, Tensor) or mean.numel() != 1:
                raise ConfigurationError(
                    f"losses() of {self.name} must yield one number per batch as a tensor, it yielded "
                    f"{_seen(mean)}: yield the mean loss of the batch"
                )
            yield as_batch((mean, items))

    @torch.no_grad()
    def evaluate(self, network: nn.Module, part: Part) -> float:
        """Loss on a part, smaller is better; the network is in evaluation mode."""
        with exact_format(self.device):
            number: Any = self.task.evaluate(network, part)
        if isinstance(number, Tensor) and number.numel() == 1:
            number = number.item()
        if not isinstance(number, numbers.Real):
            raise ConfigurationError(
                f"evaluate() of {self.name} must return one number, it returned {_seen(number)}: return "
                "a float"
            )
        return self.score.signed(float(number))

    @torch.no_grad()
    def evaluate_each(self, network: nn.Module, part: Part, loss: float) -> Items | None:
        """What a loss on a part is made of, item by item; None where the task does not say.

        Args:
            network: in evaluation mode.
            part: which.
            loss: what :meth:`evaluate` gave.

        Raises:
            ConfigurationError: the task gives something else, or items of another mean.
        """
        offered = getattr(self.task, "evaluate_each", None)
        if offered is None:
            return None
        return as_items(offered(network, part), self.score.signed(loss), self.name)

    def details(self, part: Part, loss: float) -> dict[str, Any]:
        """What the task says of an evaluation beside its score; nothing where it has nothing to say."""
        offered = getattr(self.task, "details", None)
        return {} if offered is None else dict(offered(part, loss))

    def spectrum(self, network: nn.Module, batch: int, length: int, **choices: Any) -> lyapunov.Spectrum:
        """The spectrum of a network along the task's inputs.

        Args:
            network: one of this task's.
            batch: sequences.
            length: steps, warm-up included.
            choices: further arguments of :func:`hyperprune.lyapunov.spectrum`.

        Raises:
            ConfigurationError: the inputs are too few or too short, or the recurrent part is not to be found.
        """
        with exact_format(self.device):
            return self.driven(network, batch, length).spectrum(**choices)

    def driven(self, network: nn.Module, batch: int, length: int) -> lyapunov.Driven:
        """What the spectrum is taken of: system, inputs ``(length, batch, ...)``, initial state."""
        inputs = moved(self.task.spectrum_inputs(batch, length), self.device)
        driven = lyapunov.drive(network, inputs, getattr(self.task, "recurrent", None))
        steps, sequences = driven.inputs.shape[:2]
        if steps < length or sequences < batch:
            raise ConfigurationError(
                f"the spectrum needs {batch} sequences of {length} steps, {self.name} gives {sequences} of "
                f"{steps}: lower [spectrum] batch, warmup or steps, or give more in spectrum_inputs"
            )
        return driven.first(length, batch)


def score_of(task: Any) -> Score:
    """What a task calls its number.

    Raises:
        ConfigurationError: its ``score`` is neither a name nor a record.
    """
    given, higher = getattr(task, "score", "loss"), bool(getattr(task, "higher_is_better", False))
    if isinstance(given, Score):
        return given
    if not isinstance(given, str) or not given.strip():
        raise ConfigurationError(
            f"score must be a name such as 'error rate' or a Score, got {_seen(given)}: give one of these"
        )
    return Score(name=given, better="higher" if higher else "lower")


def counted_steps(task: TaskLike, network: nn.Module, seed: int) -> int:
    """Batches of the first epoch, without training.

    Raises:
        ConfigurationError: there are none.
    """
    given = getattr(task, "steps_per_epoch", None)
    if given is None:
        with torch.no_grad():
            given = sum(1 for _ in task.losses(network, Epoch(1, seed)))
    if not isinstance(given, int) or given < 1:
        raise ConfigurationError(
            f"a task must have a batch or more in each epoch, got {given!r} of {type(task).__name__}: "
            "yield them in losses"
        )
    return given


def moved(inputs: Any, device: torch.device) -> Any:
    """The tensors among some arguments on a device, in tuples, lists and dictionaries too."""
    if isinstance(inputs, Tensor):
        return inputs.to(device)
    if isinstance(inputs, PackedSequence):
        return inputs.to(device)  # type: ignore[arg-type]  # torch's annotation has dtypes alone
    if isinstance(inputs, dict):
        return {name: moved(part, device) for name, part in inputs.items()}
    if isinstance(inputs, tuple | list):
        parts = [moved(part, device) for part in inputs]
        return tuple(parts) if isinstance(inputs, tuple) else parts
    return inputs


def _seen(value: Any) -> str:
    shape = f" of shape {tuple(value.shape)}" if isinstance(value, Tensor) else ""
    return f"{value!r:.40}" if isinstance(value, str | int | float) else f"a {type(value).__name__}{shape}"
