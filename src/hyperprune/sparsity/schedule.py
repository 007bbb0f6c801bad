"""When topology updates happen."""

from dataclasses import dataclass

from hyperprune.errors import ConfigurationError
from hyperprune.sparsity.variant import Interval


@dataclass
class Clock:
    """Counts steps and epochs and says when an update is due; the first is due after one whole interval.

    Attributes:
        interval: ``epoch``, a number of steps, or None for never.
        total_steps: optimiser steps of the full budget; no update is due once they are taken. None: no end.
        steps: optimiser steps taken.
        epochs: epochs begun.
        pending: an epoch's update that waits for the gradients of its first step.
    """

    interval: Interval
    total_steps: int | None = None
    steps: int = 0
    epochs: int = 0
    pending: bool = False

    def __post_init__(self) -> None:
        if self.total_steps is not None and self.total_steps < 1:
            raise ConfigurationError(
                f"total_steps must be the optimiser steps of the full budget, at least 1, got "
                f"{self.total_steps}"
            )

    @property
    def progress(self) -> float:
        """Fraction of the budget's steps taken, in [0, 1]; 0 without a budget."""
        return 0.0 if self.total_steps is None else min(1.0, self.steps / self.total_steps)

    @property
    def over(self) -> bool:
        """True once the budget's steps are taken."""
        return self.total_steps is not None and self.steps >= self.total_steps

    def begin_epoch(self) -> bool:
        """Count an epoch; True if it begins with an update. The first doesn't: nothing has trained yet."""
        self.epochs += 1
        return self.interval == "epoch" and self.epochs > 1 and not self.over

    def due(self) -> bool:
        """True if an update is due inside the step that is being taken."""
        if self.over:
            return False
        every = self.interval if isinstance(self.interval, int) else 0
        return self.pending or bool(every and self.steps and self.steps % every == 0)
