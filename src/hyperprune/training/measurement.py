"""What is measured at the end of an epoch: the validation loss, and the spectrum along that text."""

import math
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from hyperprune import lyapunov
from hyperprune.errors import DivergedError
from hyperprune.training.state import TrainingState
from hyperprune.training.task import Part, Task


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


def evaluate(state: TrainingState, task: Task, part: Part, epoch: int) -> float:
    """Loss of the evaluated weights (raw or averaged) on a part, nats an item.

    Raises:
        DivergedError: it is not finite.
    """
    with state.evaluated():
        loss = task.evaluate(state.network, part)
    if not math.isfinite(loss):
        raise DivergedError(f"the loss became {loss} at the end of epoch {epoch}: lower the learning rate")
    return loss


def measure(state: TrainingState, task: Task, config: SpectrumConfig) -> lyapunov.Spectrum:
    """The spectrum of the evaluated weights as ``config`` says; dropout is off.

    Raises:
        DivergedError: an exponent is not finite.
    """
    inputs = task.spectrum_inputs(config.batch, config.warmup + config.steps)
    with state.evaluated():
        return lyapunov.spectrum(
            state.network,
            inputs,
            state=config.state,
            direction=config.direction,
            warmup=config.warmup,
            steps=config.steps,
            k=config.k,
        )
