"""How the death rate falls over the full budget: the rules of the role ``decay``."""

from hyperprune.registry import Registry
from hyperprune.sparsity.decay import constant, cosine, cosine_to_zero, linear
from hyperprune.sparsity.rules import DecayRule

DECAY: Registry[DecayRule] = Registry("decay")
DECAY.register("cosine")(cosine.RULE)
DECAY.register("cosine_to_zero")(cosine_to_zero.RULE)
DECAY.register("linear")(linear.RULE)
DECAY.register("constant")(constant.RULE)
