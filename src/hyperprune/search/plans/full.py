"""Every candidate trains to the end: exhaustive search, or random choice if there are few."""

from dataclasses import dataclass

from hyperprune.search.plans.contract import Bracket, PlanSettings, Step


@dataclass(frozen=True)
class Full:
    """Nobody falls. The first ranking only tells the optimiser what it would be told in any other plan."""

    settings: PlanSettings

    @property
    def brackets(self) -> tuple[Bracket, ...]:
        """One pool."""
        return (Bracket(self.settings.candidates, self.settings.first),)

    def step(self, bracket: int, until: int, ranked: int, free: int) -> Step:
        """All of them, to the end."""
        return Step(free, self.settings.full, last=True)
