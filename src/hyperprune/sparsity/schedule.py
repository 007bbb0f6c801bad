"""When topology updates happen."""

from dataclasses import dataclass
from fractions import Fraction

from hyperprune.errors import ConfigurationError
from hyperprune.sparsity.counts.density import exact
from hyperprune.sparsity.variants.fields import UpdateInterval


@dataclass
class Clock:
    """Counts steps and epochs and says when an update is due; the first is due after one whole interval.

    Attributes:
        interval: ``epoch``, a number of steps, or None for never.
        total_steps: optimiser steps of the full budget; no update is due once they are taken. None: no end.
        steps: optimiser steps taken.
        epochs: epochs begun.
        pending: an epoch's update that waits for the gradients of its first step.
        until: fraction of the budget at which updates end, and over which the death rate decays.
        updates: topology updates of this process; not part of its state.
    """

    interval: UpdateInterval
    total_steps: int | None = None
    steps: int = 0
    epochs: int = 0
    pending: bool = False
    until: float = 1.0
    updates: int = 0

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
        """True once the part of the budget that has updates is over."""
        return self.total_steps is not None and self.steps >= exact(self.until) * self.total_steps

    @property
    def decay_progress(self) -> float:
        """Fraction of that part taken, in [0, 1]; 0 without a budget."""
        if self.total_steps is None:
            return 0.0
        if self.until == 1:
            return self.progress
        return float(min(Fraction(1), self.steps / (exact(self.until) * self.total_steps)))

    def begin_epoch(self) -> bool:
        """Count an epoch; True if it begins with an update. The first doesn't: nothing has trained yet."""
        self.epochs += 1
        return self.interval == "epoch" and self.epochs > 1 and not self.over

    def due(self) -> bool:
        """True if an update is due inside the step that is being taken."""
        every = self.interval if isinstance(self.interval, int) else 0
        asked = self.pending or bool(every and self.steps and self.steps % every == 0)
        return asked and not self.over
