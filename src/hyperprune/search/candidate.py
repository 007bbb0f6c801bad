"""A candidate while the search runs."""

from dataclasses import dataclass

from hyperprune.sparsity import PruningVariant
from hyperprune.training import History


@dataclass(frozen=True)
class Candidate:
    """One suggestion and what is known about it.

    Attributes:
        number: its trial.
        variant: its pruning choices.
        history: its measurements so far; a duplicate's are those of the candidate it repeats.
        metric: the metric after the last round it trained in; none if it failed.
        pool_metric: the metric after the pool.
        duplicate_of: the earlier candidate with the same canonical variant.
        rounds: rounds it trained in.
        suggested_by: the ranking that the optimiser was told when it suggested this one.
    """

    number: int
    variant: PruningVariant
    history: History
    metric: float | None
    pool_metric: float | None
    duplicate_of: int | None = None
    rounds: int = 1
    suggested_by: str | None = None

    @property
    def failed(self) -> bool:
        """Whether it will never reach its budget."""
        return self.history.failure is not None
