"""One epoch: backward, clip, topology update if due, optimiser, mask."""

import math
import time
from collections.abc import Sequence
from functools import partial

import torch
from torch import nn

from hyperprune.accelerators import device_of
from hyperprune.errors import ConfigurationError, DivergedError
from hyperprune.sparsity import SparseTraining
from hyperprune.sparsity.optimizers.clip import clip_all
from hyperprune.tasks.distillation import Teacher
from hyperprune.tasks.meter import Meter
from hyperprune.tasks.opened import OpenedTask
from hyperprune.tasks.precision import each, training_format
from hyperprune.tasks.recipe import Recipe
from hyperprune.training.progress import Listener, Progress

_TELL_EVERY = 0.25  # seconds


def train_epoch(
    task: OpenedTask,
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    sparse: SparseTraining | None,
    recipe: Recipe,
    progress: Progress,
    listener: Listener,
    teacher: Teacher | None = None,
) -> float:
    """Train one epoch and give its mean training loss.

    Args:
        task: gives the losses.
        network: trained in place.
        optimizer: steps the dense network; a sparse one is stepped by ``sparse``.
        sparse: masks and topology updates; None for the dense reference.
        recipe: learning rate and clipping.
        progress: label, epoch and sizes, repeated to ``listener`` with the moment's figures.
        listener: hears about progress a few times a second.
        teacher: a network that it imitates beside the data.

    Raises:
        DivergedError: the loss is not finite.
        ConfigurationError: the task differentiates its losses itself.
    """
    rate = recipe.learning_rate_at(progress.epoch)
    network.train()
    if sparse is not None:
        sparse.begin_epoch()
    meter, told = Meter(), time.monotonic()
    began = told
    step_format = partial(training_format, recipe.precision, device_of(network))
    losses = task.losses(network, progress.epoch, teacher)
    parameters = list(network.parameters())  # to walk the modules costs more than what is done with them
    _forget(parameters)
    for step, batch in enumerate(each(step_format, losses), start=1):
        _refuse_gradients(parameters)
        with step_format():
            loss = batch.backward()
        _clip(parameters, sparse, recipe)
        _set_learning_rate(optimizer, rate * batch.rate)
        (sparse or optimizer).step()
        _forget(parameters)
        known = meter.add(loss, batch.items)
        if known is not None:
            finite_loss(known, progress, step)
        now = time.monotonic()
        if now - told >= _TELL_EVERY or step == progress.steps:
            told = now
            listener(_at(progress, step, meter.items / max(now - began, 1e-9), meter.so_far()))
    mean, first_bad = meter.finish()
    if first_bad is not None:
        finite_loss(mean, progress, first_bad)
    return mean


def _forget(parameters: Sequence[nn.Parameter]) -> None:
    for parameter in parameters:
        parameter.grad = None


def _refuse_gradients(parameters: Sequence[nn.Parameter]) -> None:
    """What a task differentiates while it makes a loss would be added to the gradient, or lost."""
    if any(parameter.grad is not None for parameter in parameters):
        raise ConfigurationError(
            "a task's losses are differentiated by the training, got gradients that the task computed: yield "
            "the loss and leave backward() out"
        )


def _set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate


def _clip(parameters: Sequence[nn.Parameter], sparse: SparseTraining | None, recipe: Recipe) -> None:
    if recipe.clip == 0:
        return
    if sparse is None or recipe.clip_scope == "all":
        clip_all(parameters, recipe.clip)
    else:
        sparse.clip_grad_norm_(recipe.clip, scope=recipe.clip_scope)


def finite_loss(loss: float, progress: Progress, step: int) -> float:
    """The loss itself, if it is a number that training can go on from.

    Raises:
        DivergedError: it is infinite or not a number.
    """
    if not math.isfinite(loss):
        raise DivergedError(
            f"the training loss became {loss} in epoch {progress.epoch}, step {step}: "
            "lower the learning rate or the gradient clip"
        )
    return loss


def _at(progress: Progress, step: int, rate: float, loss: float) -> Progress:
    return Progress(progress.label, progress.epoch, progress.until, step, progress.steps, rate, loss)
