"""Where the live weights are at the start: the rules of the role ``sparse_init``."""

from hyperprune.registry import Registry
from hyperprune.sparsity.allocation import er, uniform
from hyperprune.sparsity.rules import AllocationRule

SPARSE_INIT: Registry[AllocationRule] = Registry("sparse_init")
SPARSE_INIT.register("uniform")(uniform.RULE)
SPARSE_INIT.register("er")(er.RULE)
