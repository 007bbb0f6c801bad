"""A checkpoint on a part of its data, with the losses of the single items; and a network before it trains."""

import math

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import nn

from hyperprune.tasks import OpenedTask, Part
from hyperprune.training.evaluation import EvaluationJob, opened
from hyperprune.training.job import TrainingJob, fresh_state, task_of


class ItemLosses(BaseModel):
    """The losses that an evaluation's number is made of, item by item."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    losses: tuple[float, ...] = Field(description="Summed over what an item holds.")
    counts: tuple[float, ...] = Field(description="How much that is.")
    name: str = Field(description="Of the items, such as images.")
    ordered: bool = Field(description="Whether neighbours depend on each other.")
    root: bool = Field(description="Whether the task's number is the square root of the mean.")


class Itemised(BaseModel):
    """A network on a part of its data."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    loss: float = Field(description="Smaller is better.")
    items: ItemLosses | None = Field(description="None where the task does not say, or one is not finite.")


def evaluate_items(job: EvaluationJob) -> Itemised:
    """Loss of a checkpoint, and what it is made of.

    Raises:
        CheckpointError: the checkpoint is damaged.
        ConfigurationError: what the task says of its items is not what its number is made of.
    """
    return itemised(*opened(job), job.part)


def itemised(task: OpenedTask, network: nn.Module, part: Part) -> Itemised:
    """Loss of a network in evaluation mode, and what it is made of.

    Raises:
        ConfigurationError: what the task says of its items is not what its number is made of.
    """
    loss = task.evaluate(network, part)
    found = task.evaluate_each(network, part, loss)
    if found is None or not bool(found.losses.isfinite().all()):
        return Itemised(loss=loss, items=None)
    items = ItemLosses(
        losses=tuple(found.losses.tolist()),
        counts=tuple(found.counts.tolist()),
        name=found.name,
        ordered=found.ordered,
        root=found.root,
    )
    return Itemised(loss=loss, items=items)


def start_loss(job: TrainingJob) -> float:
    """Validation loss of a network before its first step; infinite where it is not a number."""
    torch.set_num_threads(job.threads)
    task = task_of(job)
    state = fresh_state(job.before_training, task)
    with state.evaluated():
        loss = task.evaluate(state.network, "valid")
    return math.inf if math.isnan(loss) else loss
