"""A checkpoint's loss on a part of its data, from nothing but the checkpoint and the data."""

from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import nn

from hyperprune.accelerators import repeatable
from hyperprune.errors import CheckpointError, ConfigurationError
from hyperprune.models import planned
from hyperprune.tasks import AnyTask, OpenedTask, Part, Recipe, Score, network_of
from hyperprune.tasks.own import OWN
from hyperprune.tasks.text.text_task import described
from hyperprune.training.state import check_weights, load_weights
from hyperprune.training.stored import checkpoint

_REMEDY = "give another checkpoint, or run the command of its run again"


class EvaluationJob(BaseModel):
    """Which checkpoint to evaluate on what."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    checkpoint: Path = Field(description="The safetensors file.")
    task: AnyTask
    recipe: Recipe = Field(description="Gives language modelling its evaluation batch and its windows.")
    part: Part
    threads: int = Field(1, ge=1, description="Threads of torch.")
    device: str = Field("cpu", description="Device, such as cpu or cuda:0.")


class Evaluation(BaseModel):
    """A network's measure on a part of its data."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    part: Part = Field(description="train, valid or test.")
    score: Score = Field(description="What the number is called.")
    value: float = Field(description="The score.")
    details: dict[str, Any] = Field(description="What the task says beside it, such as tokens.")


def evaluate_checkpoint(job: EvaluationJob) -> float:
    """Loss of a checkpoint, smaller is better; the task's score is :meth:`Score.shown` of it.

    Raises:
        CheckpointError: the checkpoint is damaged.
    """
    with repeatable(torch.device(job.device)):
        return _measured(job)[1]


def evaluate(job: EvaluationJob) -> Evaluation:
    """A checkpoint on a part of its data; a text is read with the vocabulary that it was trained with.

    Raises:
        CheckpointError: it is damaged, or the text is of another vocabulary.
        CorpusError: the text cannot be read or is too short.
    """
    with repeatable(torch.device(job.device)):
        task, loss = _measured(job)
    return Evaluation(
        part=job.part, score=task.score, value=task.score.shown(loss), details=task.details(job.part, loss)
    )


def load_network(path: Path, task: str | None = None, level: str | None = None) -> nn.Module:
    """The network of a checkpoint in evaluation mode, with its averaged weights if it has them.

    A language model says by ``text`` how it reads: its vocabulary, ``encode`` and ``decode``.

    Args:
        path: the safetensors file.
        task: for a network of a task of your own, its name again: a file alone imports no code.
        level: of a text, where it is known: ``word`` or ``character``.

    Raises:
        CheckpointError: it does not exist, is damaged or of an unknown kind.
        ConfigurationError: it is of a task that was not named, or that cannot be found.
    """
    whole = loaded(path)
    return filled(network_of(whole.document, task, str(path), level), whole)


def loaded(path: Path) -> checkpoint.Checkpoint:
    """A checkpoint whose document speaks of a network of the size of its weights.

    Compared on a network without memory: a document of a few bytes may ask for one that takes all there is.

    Raises:
        CheckpointError: it does not exist, is damaged or of an unknown kind, or the sizes differ.
    """
    whole = checkpoint.load(path)
    if whole.document.get("task") != OWN:
        model, types = described(whole.document, str(path))
        sizes = {name: value for name, value in model.model_dump().items() if type(value) is int}
        numbers = sum(tensor.numel() for tensor in whole.tensors.values())
        deepest = max(sizes.get("layers", 0), sizes.get("depth", 0))
        if max(sizes.values(), default=0) > numbers or deepest > len(whole.tensors):
            raise CheckpointError(f"{path} is smaller than the network it should contain: {_REMEDY}")
        try:
            plan = planned(model, len(types))
        except (ConfigurationError, RuntimeError, TypeError, OverflowError):  # or sizes beyond any number
            raise CheckpointError(f"{path} describes a network that cannot exist: {_REMEDY}") from None
        try:
            check_weights(plan, whole.tensors, "model.")
        except CheckpointError as error:
            raise CheckpointError(f"{path}: {error}") from None
    return whole


def filled(network: nn.Module, whole: checkpoint.Checkpoint) -> nn.Module:
    """A network with the weights of a checkpoint, the averaged ones if it has them; in evaluation mode."""
    averaged = any(name.startswith("average.") for name in whole.tensors)
    load_weights(network, whole.tensors, "average." if averaged else "model.")
    return network.eval()


def opened(job: EvaluationJob) -> tuple[OpenedTask, nn.Module]:
    """The task and the network of an evaluation.

    Raises:
        CheckpointError: the checkpoint is damaged.
    """
    torch.set_num_threads(job.threads)
    whole = loaded(job.checkpoint)
    described = job.task.of_checkpoint(whole.document, str(job.checkpoint))
    task = described.open(job.recipe, device=job.device)
    return task, filled(task.network(), whole)


def _measured(job: EvaluationJob) -> tuple[OpenedTask, float]:
    task, network = opened(job)
    return task, task.evaluate(network, job.part)
