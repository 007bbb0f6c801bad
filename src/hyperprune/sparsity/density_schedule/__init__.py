"""How dense the network is when: the rules of the role ``density_schedule``."""

from hyperprune.registry import Registry
from hyperprune.sparsity.density_schedule import constant, gradual, one_shot
from hyperprune.sparsity.rules import DensityScheduleRule

DENSITY_SCHEDULE: Registry[DensityScheduleRule] = Registry("density schedule")
DENSITY_SCHEDULE.register("constant")(constant.RULE)
DENSITY_SCHEDULE.register("gradual")(gradual.RULE)
DENSITY_SCHEDULE.register("one_shot")(one_shot.RULE)
