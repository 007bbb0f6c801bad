"""Which dead weights come alive: the rules of the role ``growth``."""

from hyperprune.registry import Registry
from hyperprune.sparsity.growth import gradient, momentum, random
from hyperprune.sparsity.rules import GrowthRule

GROWTH: Registry[GrowthRule] = Registry("growth rule")
GROWTH.register("random")(random.RULE)
GROWTH.register("gradient")(gradient.RULE)
GROWTH.register("momentum")(momentum.RULE)
