"""Plans by name: who trains how far. Pure functions of records, which the driver carries out."""

from collections.abc import Callable

from hyperprune.registry import Registry
from hyperprune.search.plans.contract import Bracket, Plan, Ranking, Settings, Step, epochs, rankings
from hyperprune.search.plans.full import Full
from hyperprune.search.plans.halving import Halving
from hyperprune.search.plans.hyperband import Hyperband
from hyperprune.search.plans.rounds import Rounds

PLANS: Registry[Callable[[Settings], Plan]] = Registry("plan")
PLANS.register("rounds")(Rounds)
PLANS.register("full")(Full)
PLANS.register("halving")(Halving)
PLANS.register("hyperband")(Hyperband)

__all__ = ["PLANS", "Bracket", "Plan", "Ranking", "Settings", "Step", "epochs", "rankings"]
