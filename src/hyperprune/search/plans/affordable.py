"""How many candidates a plan can take for a number of epochs."""

from collections.abc import Callable
from dataclasses import replace

from hyperprune.search.plans import PLANS
from hyperprune.search.plans.contract import Plan, PlanSettings, epochs
from hyperprune.search.plans.hyperband import published_sizes


def affordable(plan: Callable[[PlanSettings], Plan], settings: PlanSettings, budget: int) -> PlanSettings:
    """The settings with the most candidates that cost at most ``budget`` epochs, the dense reference left
    out; at least one candidate.

    Args:
        plan: makes the plan.
        settings: its numbers, of which the candidates are left open.
        budget: epochs.
    """
    if plan is PLANS["hyperband"]:
        return _of_hyperband(settings, budget)
    return replace(settings, candidates=_most(plan, settings, budget))


def _of_hyperband(settings: PlanSettings, budget: int) -> PlanSettings:
    """As many brackets as possible, and then as many candidates: else much of a budget may buy nothing,
    because one candidate more may open a bracket that the budget does not pay for.
    """
    plan = PLANS["hyperband"]
    for brackets in range(len(published_sizes(settings)), 1, -1):
        bounded = replace(settings, brackets=brackets)
        found = replace(bounded, candidates=_most(plan, bounded, budget))
        if len(plan(found).brackets) == brackets and epochs(plan(found)) <= budget:
            return found
    single = replace(settings, brackets=1)
    return replace(single, candidates=_most(plan, single, budget))


def _most(plan: Callable[[PlanSettings], Plan], settings: PlanSettings, budget: int) -> int:
    most = budget // max(1, plan(replace(settings, candidates=1)).brackets[0].until)
    costs = ((n, epochs(plan(replace(settings, candidates=n)))) for n in range(most, 1, -1))
    return next((n for n, cost in costs if cost <= budget), 1)
