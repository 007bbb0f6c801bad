"""Every fault of a task at once: each of its methods is tried alone, so that one fault hides no other."""

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from hyperprune.errors import ConfigurationError, HyperpruneError
from hyperprune.tasks.opened import OpenedTask, counted_steps, score_of
from hyperprune.tasks.spectrum_config import SpectrumConfig
from hyperprune.tasks.task import TaskLike

_PACKAGE = Path(__file__).parents[1]


def faults(task: TaskLike, name: str, sampling: SpectrumConfig, seed: int = 0) -> list[str]:
    """What is wrong with a task, a sentence a fault; empty for one that can be trained and measured.

    Nothing is trained, and the test part is not looked at.

    Args:
        task: the task.
        name: what it is called.
        sampling: what a spectrum will ask for.
        seed: root seed.
    """
    found: list[str] = []
    opened = OpenedTask(task, name, seed, torch.device("cpu"), 1, {})

    def tried(method: str, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except HyperpruneError as error:
            found.append(str(error))
        except Exception as error:
            found.append(f"{method} failed: {type(error).__name__}: {error}{_place(error)}")
        return None

    has_score = tried("score", lambda: score_of(task)) is not None
    network = tried("network()", opened.network)
    if network is None:
        tried("spectrum_inputs()", lambda: task.spectrum_inputs(sampling.batch, _length(sampling)))
        return found
    tried("losses()", lambda: _first_loss(opened, network))
    if not any(fault.startswith("losses()") for fault in found):
        tried("losses()", lambda: counted_steps(task, network, seed))
    if has_score:
        tried("evaluate()", lambda: opened.evaluate(network.eval(), "valid"))
    tried("spectrum_inputs()", lambda: opened.driven(network.eval(), sampling.batch, _length(sampling)))
    return found


def _length(sampling: SpectrumConfig) -> int:
    return sampling.warmup + sampling.steps


def _first_loss(opened: OpenedTask, network: nn.Module) -> None:
    """One batch: a number that the weights have a part in."""
    batch = next(iter(opened.losses(network.train(), 1)), None)
    part = None if batch is None else next(iter(batch.slices), None)
    if part is not None and not part.objective.requires_grad:
        raise ConfigurationError(
            f"losses() of {opened.name} gives a loss without a gradient: compute it from what the network "
            "gives, without detach() or no_grad()"
        )


def _place(error: Exception) -> str:
    """The last line of the user's own code that an error went through."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not Path(frame.filename).is_relative_to(_PACKAGE) and "site-packages" not in frame.filename
    ]
    return f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
