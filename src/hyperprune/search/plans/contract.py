"""What a plan decides: how many candidates there are, who goes on, and how far. No clock, disk or network."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class PlanSettings:
    """The numbers that a plan is made of.

    Attributes:
        candidates: suggestions in all.
        first: epochs before the first ranking, where the plan leaves that open.
        each: further epochs of a round, where the plan leaves that open.
        eta: one candidate of so many goes on, where the plan leaves that open.
        full: the full budget of epochs.
        brackets: most brackets of Hyperband; None for as many as the candidates fill.
        screened: candidates that go on from a ranking before any training; None for what the plan says.
    """

    candidates: int
    first: int
    each: int
    eta: int
    full: int
    brackets: int | None = None
    screened: int | None = None


@dataclass(frozen=True)
class Cost:
    """Epochs of training.

    Attributes:
        search: candidates alone.
        with_dense: candidates and the dense reference.
        exhaustive: every candidate trained to the full budget, without the dense reference.
    """

    search: int
    with_dense: int
    exhaustive: int


@dataclass(frozen=True)
class Bracket:
    """A pool: so many suggestions, each trained until its first ranking."""

    candidates: int
    until: int


@dataclass(frozen=True)
class Step:
    """What follows a ranking.

    Attributes:
        kept: so many of the best go on.
        until: until this epoch.
        last: whether they are the bracket's finalists, and until is the full budget.
    """

    kept: int
    until: int
    last: bool


class Plan(Protocol):
    """Decisions over what is known after a ranking. Brackets are gone through one after the other."""

    @property
    def brackets(self) -> tuple[Bracket, ...]:
        """The pools."""
        ...

    def step(self, bracket: int, until: int, ranked: int, free: int) -> Step:
        """What follows the ranking of a bracket after ``until`` epochs.

        Args:
            bracket: its number.
            until: epochs that were trained.
            ranked: how many candidates; fewer than planned where some fail or repeat others, perhaps none.
            free: how many of them may go on; the others are near duplicates of better ones.
        """
        ...


@dataclass(frozen=True)
class Ranking:
    """One ranking of a plan in which no candidate fails or repeats another.

    Attributes:
        bracket: of which bracket.
        candidates: how many are ranked.
        until: epochs they have trained.
    """

    bracket: int
    candidates: int
    until: int


def rankings(plan: Plan) -> Iterator[Ranking]:
    """All rankings of a plan, and last in each bracket the candidates that have the full budget."""
    for number, bracket in enumerate(plan.brackets):
        left, until = bracket.candidates, bracket.until
        yield Ranking(number, left, until)
        while True:
            step = plan.step(number, until, left, left)
            left, until = step.kept, step.until
            yield Ranking(number, left, until)
            if step.last:
                break


def epochs(plan: Plan) -> int:
    """Epochs that the candidates train if none fails or repeats another, without the dense reference."""
    total, before = 0, (-1, 0)
    for ranking in rankings(plan):
        trained = before[1] if before[0] == ranking.bracket else 0
        total += ranking.candidates * (ranking.until - trained)
        before = (ranking.bracket, ranking.until)
    return total
