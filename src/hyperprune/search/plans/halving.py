"""Successive halving (Jamieson and Talwalkar 2016): one of ``eta`` goes on, ``eta`` times as far."""

from dataclasses import dataclass

from hyperprune.search.plans.contract import Bracket, PlanSettings, Step


def rungs(settings: PlanSettings) -> tuple[int, ...]:
    """Epochs of the rankings: the full budget divided by powers of eta, as long as ``first`` is reached."""
    count = 0
    while settings.first * settings.eta ** (count + 1) <= settings.full:
        count += 1
    return tuple(round(settings.full / settings.eta**place) for place in range(count, -1, -1))


def next_rung(settings: PlanSettings, until: int, ranked: int, free: int) -> Step:
    """Who goes on from a rung, and until which."""
    if until >= settings.full:
        return Step(free, settings.full, last=True)
    kept = min(free, max(1, ranked // settings.eta))
    rung = next(rung for rung in rungs(settings) if rung > until)
    return Step(kept, rung, last=rung == settings.full)


@dataclass(frozen=True)
class Halving:
    """One bracket, the one of Hyperband that stops earliest."""

    settings: PlanSettings

    @property
    def brackets(self) -> tuple[Bracket, ...]:
        """All candidates until the first rung."""
        return (Bracket(self.settings.candidates, rungs(self.settings)[0]),)

    def step(self, bracket: int, until: int, ranked: int, free: int) -> Step:
        """One of eta, at least one."""
        return next_rung(self.settings, until, ranked, free)
