"""Plans by name: who trains how far. Pure functions of records, which the driver carries out."""

from collections.abc import Callable

from hyperprune.registry import Registry
from hyperprune.search.plans.contract import (
    Bracket,
    Cost,
    Plan,
    PlanSettings,
    Ranking,
    Step,
    epochs,
    rankings,
)
from hyperprune.search.plans.full import Full
from hyperprune.search.plans.halving import Halving
from hyperprune.search.plans.hyperband import Hyperband
from hyperprune.search.plans.pool_budgets import budgets, planned_cost
from hyperprune.search.plans.rounds import Rounds

PLANS: Registry[Callable[[PlanSettings], Plan]] = Registry("plan")
PLANS.register("rounds")(Rounds)
PLANS.register("full")(Full)
PLANS.register("halving")(Halving)
PLANS.register("hyperband")(Hyperband)

__all__ = [
    "PLANS",
    "Bracket",
    "Cost",
    "Plan",
    "PlanSettings",
    "Ranking",
    "Step",
    "budgets",
    "epochs",
    "planned_cost",
    "rankings",
]
