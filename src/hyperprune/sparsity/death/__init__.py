"""Which live weights die: the rules of the role ``death``."""

from hyperprune.registry import Registry
from hyperprune.sparsity.death import global_magnitude, magnitude, threshold
from hyperprune.sparsity.death import set as set_rule
from hyperprune.sparsity.rules import DeathRule

DEATH: Registry[DeathRule] = Registry("death rule")
DEATH.register("magnitude")(magnitude.RULE)
DEATH.register("set")(set_rule.RULE)
DEATH.register("threshold")(threshold.RULE)
DEATH.register("global_magnitude")(global_magnitude.RULE)
