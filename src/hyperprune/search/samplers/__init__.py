"""Samplers: the optimisers that suggest candidates, by name. Each is one of Optuna's."""

from hyperprune.registry import Registry
from hyperprune.search.samplers import cma_es, gp, grid, qmc, random, tpe
from hyperprune.search.samplers.contract import Arguments, Asking, SamplerRule, Seeds, check_installed

SAMPLERS: Registry[SamplerRule] = Registry("sampler")
SAMPLERS.register("tpe")(tpe.RULE)
SAMPLERS.register("random")(random.RULE)
SAMPLERS.register("grid")(grid.RULE)
SAMPLERS.register("qmc")(qmc.RULE)
SAMPLERS.register("gp")(gp.RULE)
SAMPLERS.register("cma-es")(cma_es.RULE)

__all__ = ["SAMPLERS", "Arguments", "Asking", "SamplerRule", "Seeds", "check_installed"]
