"""Who goes on: pure decisions over records, without clock, disk or network (Zheng and Shlizerman 2025)."""

from collections.abc import Container, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Standing:
    """A candidate at the end of a round; smaller is better, ties by validation loss, then by number."""

    metric: float
    valid_loss: float
    number: int


@dataclass(frozen=True)
class Budget:
    """One round: how many candidates train, and until which epoch."""

    candidates: int
    until: int


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


def ranked(standings: Iterable[Standing]) -> list[Standing]:
    """Best first."""
    return sorted(standings)


def promoted(order: Iterable[Standing], kept: int, left_out: Container[int] = ()) -> list[int]:
    """Numbers of those that go on, best first.

    Args:
        order: the candidates that were ranked, best first.
        kept: how many go on.
        left_out: numbers that don't go on whatever their rank; the next ones take their places.
    """
    return [standing.number for standing in order if standing.number not in left_out][:kept]


def is_final(candidates: int) -> bool:
    """Whether so few are left that all of them train to the full budget."""
    return candidates <= 2


def budgets(candidates: int, first: int, each: int) -> list[Budget]:
    """The rounds of a pool in which no candidate fails or repeats another, the finals left out.

    Args:
        candidates: size of the pool.
        first: epochs before the first ranking.
        each: further epochs in each round.
    """
    rounds = [Budget(candidates, first)]
    while not is_final(rounds[-1].candidates) and not is_final(left := -(-rounds[-1].candidates // 2)):
        rounds.append(Budget(left, rounds[-1].until + each))
    return rounds


def planned_cost(candidates: int, first: int, each: int, full: int) -> Cost:
    """Epochs that a search costs if no candidate fails or repeats another."""
    rounds = budgets(candidates, first, each)
    search = candidates * first + sum(r.candidates * each for r in rounds[1:])
    search += min(2, candidates) * (full - rounds[-1].until)
    return Cost(search, search + full, candidates * full)
