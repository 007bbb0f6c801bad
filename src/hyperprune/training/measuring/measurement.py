"""What is measured at the end of an epoch: the validation loss, and the spectrum along that text."""

import math

from hyperprune import lyapunov
from hyperprune.errors import DivergedError
from hyperprune.tasks.opened import OpenedTask
from hyperprune.tasks.spectrum_config import SpectrumConfig
from hyperprune.tasks.task import Part
from hyperprune.training.state import TrainingState


def evaluate(state: TrainingState, task: OpenedTask, part: Part, epoch: int) -> float:
    """Loss of the evaluated weights (raw or averaged) on a part, smaller is better.

    Raises:
        DivergedError: it is not finite.
    """
    with state.evaluated():
        loss = task.evaluate(state.network, part)
    if not math.isfinite(loss):
        name = "loss" if task.score.exponential else task.score.name
        raise DivergedError(f"the {name} became {loss} at the end of epoch {epoch}: lower the learning rate")
    return loss


def measure(state: TrainingState, task: OpenedTask, config: SpectrumConfig) -> lyapunov.Spectrum:
    """The spectrum of the evaluated weights as ``config`` says; dropout is off.

    Raises:
        DivergedError: an exponent is not finite.
    """
    with state.evaluated():
        return task.spectrum(
            state.network,
            config.batch,
            config.warmup + config.steps,
            **config.model_dump(exclude={"batch"}),
        )
