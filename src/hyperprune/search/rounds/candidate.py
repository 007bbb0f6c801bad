"""A candidate while the search runs."""

import math
from dataclasses import dataclass
from statistics import fmean, stdev

from hyperprune.search.metrics.early import Parts
from hyperprune.search.rounds.round import Entry
from hyperprune.search.space.choice import Choice
from hyperprune.training import History


@dataclass(frozen=True)
class Candidate:
    """One suggestion and what is known about it.

    Attributes:
        number: its trial.
        choice: what the optimiser chose.
        histories: its measurements so far, one a seed; a duplicate's are those of the candidate it repeats.
        parts: what the metric measured after the last round it trained in, one entry a seed; None if one
            of them failed.
        metric: its score among those it was compared with last; None if it failed.
        pool_metric: its score after the pool.
        pool_spread: standard deviation over the seeds of what was measured then, for a metric of one part.
        duplicate_of: the earlier candidate with the same canonical choice.
        rounds: rounds it trained in.
        suggested_by: the ranking that the optimiser was told when it suggested this one.
    """

    number: int
    choice: Choice
    histories: tuple[History, ...]
    parts: tuple[Parts, ...] | None
    metric: float | None = None
    pool_metric: float | None = None
    pool_spread: float | None = None
    duplicate_of: int | None = None
    rounds: int = 1
    suggested_by: str | None = None

    @property
    def history(self) -> History:
        """That of the first seed."""
        return self.histories[0]

    @property
    def failure(self) -> str | None:
        """Why it will never reach its budget: the first seed that failed counts for all."""
        reasons = [(n, h.failure.reason) for n, h in enumerate(self.histories) if h.failure is not None]
        if not reasons:
            return None
        seed, reason = reasons[0]
        return reason if len(self.histories) == 1 else f"seed {seed}: {reason}"

    @property
    def failed(self) -> bool:
        """Whether it will never reach its budget."""
        return self.failure is not None

    @property
    def mean_parts(self) -> Parts | None:
        """What the metric measured, averaged over the seeds."""
        return (
            None if self.parts is None else tuple(fmean(values) for values in zip(*self.parts, strict=True))
        )

    @property
    def entry(self) -> Entry:
        """What a ranking needs to know of it."""
        parts = self.mean_parts
        return Entry(self.number, parts, math.inf if parts is None else self.valid_loss)

    @property
    def spread(self) -> float | None:
        """Standard deviation over the seeds of what was measured; None for one seed or several parts."""
        if self.parts is None or len(self.parts) < 2 or len(self.parts[0]) > 1:
            return None
        return stdev(own[0] for own in self.parts)

    @property
    def valid_loss(self) -> float:
        """Validation loss after the last epoch, averaged over the seeds."""
        return fmean(history.valid_loss for history in self.histories)

    @property
    def best_loss(self) -> float:
        """Validation loss of each seed's best epoch, averaged."""
        return fmean(history.best.valid_loss for history in self.histories)
