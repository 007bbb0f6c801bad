"""What is measured at the end of an epoch: the validation loss, and the spectrum along that text."""

import math
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from hyperprune import lyapunov
from hyperprune.errors import DivergedError
from hyperprune.training.opened import OpenedTask
from hyperprune.training.state import TrainingState
from hyperprune.training.task import Part


class SpectrumConfig(BaseModel):
    """Conventions and sampling of the spectra that a search compares."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    state: Literal["hidden", "full"] = Field("hidden", description="h alone, or h and c.")
    direction: Literal["forward", "adjoint"] = Field(
        "forward", description="The Lyapunov spectrum (forward) or the published variant (adjoint)."
    )
    warmup: int = Field(10, ge=0, description="Steps before counting starts.")
    steps: int = Field(35, ge=1, description="Counted steps.")
    batch: int = Field(5, ge=1, description="Sequences, contiguous columns of the validation part.")
    k: int | None = Field(None, ge=1, description="Leading exponents of each layer; none for all.")


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
