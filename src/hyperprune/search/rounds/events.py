"""What a search tells while it runs, beside the progress of its jobs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hyperprune.training import Progress


@dataclass(frozen=True)
class RoundBegan:
    """A stage of the search begins.

    Attributes:
        name: ``dense``, ``pool``, ``round 2`` and so on, ``finals``, or ``controls``.
        candidates: how many networks train in it.
        until: epochs they will have trained at its end; 0 for a dense reference that was given.
    """

    name: str
    candidates: int
    until: int


@dataclass(frozen=True)
class CandidateEnded:
    """A candidate reached the end of its part in a stage.

    Attributes:
        number: its trial.
        variant: its pruning choices.
        metric: what ranks it; None if it failed.
        valid_score: of its last epoch; None if it failed.
        note: such as why it failed or what it repeats.
        measured: name and value of what was measured of it alone, for a metric that compares candidates.
    """

    number: int
    variant: dict[str, Any]
    metric: float | None
    valid_score: float | None
    note: str = ""
    measured: tuple[str, float] | None = None


Event = RoundBegan | CandidateEnded | Progress
Listener = Callable[[Event], None]
