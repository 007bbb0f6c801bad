"""Hyperband (Li et al. 2018): brackets of successive halving that stop their candidates early or late.

Bracket s of s_max, ..., 0 starts with ``ceil((s_max + 1) / (s + 1) * eta**s)`` candidates and
``full / eta**s`` epochs each. That is a number of candidates of its own, and more epochs than many can
spend. So here the number of candidates is given, and shared out in the same proportions to as many brackets,
beginning with the earliest-stopping one, as get at least half of their published size.
"""

import math
from dataclasses import dataclass
from functools import cached_property

from hyperprune.search.plans.contract import Bracket, PlanSettings, Step
from hyperprune.search.plans.halving import next_rung, rungs


def published_sizes(settings: PlanSettings) -> tuple[int, ...]:
    """Candidates of each bracket in the paper's Algorithm 1, the earliest-stopping bracket first."""
    last = len(rungs(settings)) - 1
    return tuple(math.ceil((last + 1) / (s + 1) * settings.eta**s) for s in range(last, -1, -1))


@dataclass(frozen=True)
class Hyperband:
    """Brackets one after the other, each halved on its own."""

    settings: PlanSettings

    @cached_property
    def brackets(self) -> tuple[Bracket, ...]:
        """Candidates shared out over the brackets, and where each bracket's first ranking is."""
        sizes = shared(self.settings.candidates, published_sizes(self.settings)[: self.settings.brackets])
        return tuple(Bracket(size, until) for size, until in zip(sizes, rungs(self.settings), strict=False))

    def step(self, bracket: int, until: int, ranked: int, free: int) -> Step:
        """One of eta, at least one."""
        return next_rung(self.settings, until, ranked, free)


def shared(candidates: int, published: tuple[int, ...]) -> list[int]:
    """Sizes of the brackets that are used."""
    for used in range(len(published), 1, -1):
        sizes = _in_proportion(candidates, published[:used])
        if all(2 * size >= target for size, target in zip(sizes, published, strict=False)):
            return sizes
    return [candidates]


def _in_proportion(total: int, targets: tuple[int, ...]) -> list[int]:
    """Whole numbers with the sum ``total``, by largest remainder; of equals the first."""
    whole = sum(targets)
    sizes = [total * target // whole for target in targets]
    by_remainder = sorted(range(len(targets)), key=lambda place: (-(total * targets[place] % whole), place))
    for place in by_remainder[: total - sum(sizes)]:
        sizes[place] += 1
    return sizes
