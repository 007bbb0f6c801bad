"""How many candidates a plan can take for a number of epochs."""

from collections.abc import Callable
from dataclasses import replace

from hyperprune.search.plans.contract import Plan, Settings, epochs


def affordable(plan: Callable[[Settings], Plan], settings: Settings, budget: int) -> int:
    """The most candidates that cost at most ``budget`` epochs, the dense reference left out; at least 1.

    Args:
        plan: makes the plan.
        settings: its numbers, of which the candidates are left open.
        budget: epochs.
    """
    most = budget // max(1, plan(replace(settings, candidates=1)).brackets[0].until)
    costs = ((n, epochs(plan(replace(settings, candidates=n)))) for n in range(most, 1, -1))
    return next((n for n, cost in costs if cost <= budget), 1)
