"""Which weights of a network live first: the rules of the role ``criterion``."""

from hyperprune.registry import Registry
from hyperprune.sparsity.criterion import global_magnitude, magnitude, random, taylor
from hyperprune.sparsity.rules import CriterionRule

CRITERION: Registry[CriterionRule] = Registry("criterion")
CRITERION.register("random")(random.RULE)
CRITERION.register("magnitude")(magnitude.RULE)
CRITERION.register("global_magnitude")(global_magnitude.RULE)
CRITERION.register("taylor")(taylor.RULE)
