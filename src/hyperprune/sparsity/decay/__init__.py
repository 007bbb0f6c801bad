"""How the death rate falls over the full budget: the rules of the role ``decay``."""

from hyperprune.registry import Registry
from hyperprune.sparsity.decay import constant, cosine, linear
from hyperprune.sparsity.rules import DecayRule

DECAY: Registry[DecayRule] = Registry("decay")
DECAY.register("cosine")(cosine.RULE)
DECAY.register("linear")(linear.RULE)
DECAY.register("constant")(constant.RULE)
