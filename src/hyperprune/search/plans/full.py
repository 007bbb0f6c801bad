"""Every candidate trains to the end: exhaustive search, or random choice if there are few."""

from dataclasses import dataclass

from hyperprune.search.plans.contract import Step
from hyperprune.search.plans.one_pool import OnePool


@dataclass(frozen=True)
class Full(OnePool):
    """Nobody falls. The first ranking only tells the optimiser what it would be told in any other plan."""

    def step(self, bracket: int, until: int, ranked: int, free: int) -> Step:
        """All of them, to the end."""
        return Step(free, self.settings.full, last=True)
