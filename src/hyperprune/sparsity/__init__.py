"""Sparse training of any network: where weights live, which die, which grow, how budgets move, and when.

The pieces don't know each other and are composed by one record, :class:`PruningVariant`;
:class:`SparseTraining` runs it on a model. The registries list the rules by role; a rule of your own joins by
``DEATH.register("name")(rule)``.
"""

from hyperprune.papers import Paper
from hyperprune.sparsity.allocation import SPARSE_INIT
from hyperprune.sparsity.counts.density import density_from_sparsity
from hyperprune.sparsity.counts.select import keep_highest
from hyperprune.sparsity.criterion import CRITERION
from hyperprune.sparsity.death import DEATH
from hyperprune.sparsity.decay import DECAY
from hyperprune.sparsity.density_schedule import DENSITY_SCHEDULE
from hyperprune.sparsity.growth import GROWTH
from hyperprune.sparsity.optimizers.state import FollowsTopology
from hyperprune.sparsity.parameters.prunable import find_prunable, unwrap
from hyperprune.sparsity.pattern import PATTERN
from hyperprune.sparsity.redistribution import REDISTRIBUTION
from hyperprune.sparsity.rules import (
    AllocationRule,
    CriterionRule,
    DeathRule,
    Deaths,
    DecayRule,
    DensityScheduleRule,
    GrowthRule,
    PatternRule,
    RedistributionRule,
    Topology,
    WeightScaleRule,
)
from hyperprune.sparsity.taylor import taylor_scores
from hyperprune.sparsity.training import SparseTraining
from hyperprune.sparsity.update import TopologyUpdate
from hyperprune.sparsity.variants.citations import citations
from hyperprune.sparsity.variants.methods import METHODS, Method
from hyperprune.sparsity.variants.variant import PruningVariant
from hyperprune.sparsity.weight_scale import WEIGHT_SCALE

__all__ = [
    "CRITERION",
    "DEATH",
    "DECAY",
    "DENSITY_SCHEDULE",
    "GROWTH",
    "METHODS",
    "PATTERN",
    "REDISTRIBUTION",
    "SPARSE_INIT",
    "WEIGHT_SCALE",
    "AllocationRule",
    "CriterionRule",
    "DeathRule",
    "Deaths",
    "DecayRule",
    "DensityScheduleRule",
    "FollowsTopology",
    "GrowthRule",
    "Method",
    "Paper",
    "PatternRule",
    "PruningVariant",
    "RedistributionRule",
    "SparseTraining",
    "Topology",
    "TopologyUpdate",
    "WeightScaleRule",
    "citations",
    "density_from_sparsity",
    "find_prunable",
    "keep_highest",
    "taylor_scores",
    "unwrap",
]
