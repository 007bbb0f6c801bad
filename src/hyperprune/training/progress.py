"""What a job tells while it works; drawing it is the command line's business."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """A moment of a training job.

    Attributes:
        label: what is trained, such as ``dense`` or ``candidate 7``.
        epoch: the epoch under way, counted from 1.
        until: the epoch at which the job ends.
        step: optimiser steps done in this epoch.
        steps: optimiser steps of an epoch.
        items_per_second: tokens, or whatever the task counts, since the epoch began.
        train_loss: mean loss of the epoch so far.
        valid_loss: set at the end of an epoch.
    """

    label: str
    epoch: int
    until: int
    step: int
    steps: int
    items_per_second: float
    train_loss: float
    valid_loss: float | None = None


Listener = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """The listener that nobody hears."""
