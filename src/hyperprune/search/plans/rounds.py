"""The rounds of the paper: the better half goes on by the same number of epochs, until two are left."""

from dataclasses import dataclass

from hyperprune.search.plans.contract import Step
from hyperprune.search.plans.one_pool import OnePool
from hyperprune.search.plans.pool_budgets import is_final


@dataclass(frozen=True)
class Rounds(OnePool):
    """Halving rounds (Zheng and Shlizerman 2025)."""

    def step(self, bracket: int, until: int, ranked: int, free: int) -> Step:
        """Half of them, rounded up, or of untrained ones as many as screening leaves; where two or fewer are
        left, they train to the end.
        """
        kept = min(free, ranked if is_final(ranked) else -(-ranked // 2))
        if until == 0 and self.settings.screened is not None:
            kept = min(free, self.settings.screened)
        if is_final(kept):
            return Step(kept, self.settings.full, last=True)
        return Step(kept, until + self.settings.each, last=False)
