"""Sparse training of any network: where weights live, which die, which grow, how budgets move, and when.

The pieces don't know each other and are composed by one record, :class:`PruningVariant`;
:class:`SparseTraining` runs it on a model. The registries list the rules by role; a rule of your own joins by
``DEATH.register("name")(rule)``.
"""

from hyperprune.papers import Paper
from hyperprune.sparsity.allocation import SPARSE_INIT
from hyperprune.sparsity.citations import citations
from hyperprune.sparsity.death import DEATH
from hyperprune.sparsity.decay import DECAY
from hyperprune.sparsity.density import density_from_sparsity
from hyperprune.sparsity.growth import GROWTH
from hyperprune.sparsity.methods import METHODS, Method
from hyperprune.sparsity.optimizer_state import FollowsTopology
from hyperprune.sparsity.redistribution import REDISTRIBUTION
from hyperprune.sparsity.rules import (
    AllocationRule,
    DeathRule,
    Deaths,
    DecayRule,
    GrowthRule,
    RedistributionRule,
    Topology,
)
from hyperprune.sparsity.select import keep_highest
from hyperprune.sparsity.training import SparseTraining
from hyperprune.sparsity.update import TopologyUpdate
from hyperprune.sparsity.variant import PruningVariant

__all__ = [
    "DEATH",
    "DECAY",
    "GROWTH",
    "METHODS",
    "REDISTRIBUTION",
    "SPARSE_INIT",
    "AllocationRule",
    "DeathRule",
    "Deaths",
    "DecayRule",
    "FollowsTopology",
    "GrowthRule",
    "Method",
    "Paper",
    "PruningVariant",
    "RedistributionRule",
    "SparseTraining",
    "Topology",
    "TopologyUpdate",
    "citations",
    "density_from_sparsity",
    "keep_highest",
]
