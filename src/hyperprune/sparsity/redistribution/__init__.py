"""How the deaths are shared out between the matrices: the rules of the role ``redistribution``."""

from hyperprune.registry import Registry
from hyperprune.sparsity.redistribution import magnitude, momentum, none, nonzeros
from hyperprune.sparsity.rules import RedistributionRule

REDISTRIBUTION: Registry[RedistributionRule] = Registry("redistribution rule")
REDISTRIBUTION.register("none")(none.RULE)
REDISTRIBUTION.register("magnitude")(magnitude.RULE)
REDISTRIBUTION.register("momentum")(momentum.RULE)
REDISTRIBUTION.register("nonzeros")(nonzeros.RULE)
