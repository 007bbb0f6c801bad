"""The rounds of the paper in numbers: how many candidates train until when (Zheng and Shlizerman 2025)."""

from dataclasses import dataclass

from hyperprune.search.plans.contract import Cost


@dataclass(frozen=True)
class Budget:
    """One round: how many candidates train, and until which epoch."""

    candidates: int
    until: int


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
