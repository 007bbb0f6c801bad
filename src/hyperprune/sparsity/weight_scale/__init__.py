"""How large fresh weights are once they are masked: the rules of the role ``weight_scale``."""

from hyperprune.registry import Registry
from hyperprune.sparsity.rules import WeightScaleRule
from hyperprune.sparsity.weight_scale import dense, fan_in

WEIGHT_SCALE: Registry[WeightScaleRule] = Registry("weight scale")
WEIGHT_SCALE.register("dense")(dense.RULE)
WEIGHT_SCALE.register("fan_in")(fan_in.RULE)
