"""A round decided: who ranks where, and who goes on. No clock, disk or network.

Source: Zheng and Shlizerman 2025, arXiv 2506.07975.
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

from hyperprune.search.plans.contract import Plan, Step
from hyperprune.search.results.round_result import RoundResult

Parts = tuple[float, ...]


@dataclass(frozen=True)
class Entry:
    """A candidate that has trained a round.

    Attributes:
        number: its trial.
        parts: what the metric measured, averaged over its seeds; None if it failed.
        valid_loss: validation loss, averaged over its seeds; infinite if it failed.
    """

    number: int
    parts: Parts | None
    valid_loss: float


@dataclass(frozen=True, order=True)
class Ranked:
    """A candidate in a ranking; smaller is better, ties by validation loss, then by number."""

    score: float
    valid_loss: float
    number: int


@dataclass(frozen=True)
class Decision:
    """What a round came to.

    Attributes:
        result: the ranking, to be stored.
        step: how far those that go on train.
    """

    result: RoundResult
    step: Step


def ranked(entries: Sequence[Entry], compared: Callable[[Sequence[Parts]], Sequence[float]]) -> list[Ranked]:
    """The candidates that did not fail, best first.

    Args:
        entries: all that trained the round.
        compared: gives the score of each from the parts of all.
    """
    whole = [(entry, entry.parts) for entry in entries if entry.parts is not None]
    scores = compared([parts for _, parts in whole])
    return sorted(
        Ranked(score, entry.valid_loss, entry.number) for (entry, _), score in zip(whole, scores, strict=True)
    )


def promoted(order: Iterable[Ranked], kept: int, left_out: Container[int] = ()) -> list[int]:
    """Numbers of those that go on, best first.

    Args:
        order: the candidates that were ranked, best first.
        kept: how many go on.
        left_out: numbers that don't go on whatever their rank; the next ones take their places.
    """
    return [one.number for one in order if one.number not in left_out][:kept]


def decided(
    plan: Plan,
    bracket: int,
    until: int,
    entries: Sequence[Entry],
    order: Sequence[Ranked],
    same_as: Mapping[int, int],
) -> Decision:
    """Who goes on.

    Args:
        plan: says how many, and how far.
        bracket: which pool this is.
        until: epochs that the candidates have trained.
        entries: all that trained the round.
        order: those that did not fail, best first.
        same_as: the better candidate, by the number of each one that repeats its spectrum; these do not go
            on whatever their rank, and the next ones take their places.
    """
    step = plan.step(bracket, until, len(order), len(order) - len(same_as))
    in_order = {one.number for one in order}
    result = RoundResult(
        bracket=bracket,
        until=until,
        ranking=tuple(one.number for one in order),
        metric=tuple(one.score for one in order),
        promoted=tuple(promoted(order, step.kept, same_as)),
        failed=tuple(entry.number for entry in entries if entry.number not in in_order),
        same_as=dict(same_as),
    )
    return Decision(result, step)
