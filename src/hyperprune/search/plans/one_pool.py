"""What plans share that draw all candidates at once."""

from dataclasses import dataclass

from hyperprune.search.plans.contract import Bracket, PlanSettings


@dataclass(frozen=True)
class OnePool:
    """All candidates in one pool, ranked first after the first epochs."""

    settings: PlanSettings

    @property
    def brackets(self) -> tuple[Bracket, ...]:
        """One pool."""
        return (Bracket(self.settings.candidates, self.settings.first),)
