"""Which weights live and die together: the rules of the role ``pattern``."""

from hyperprune.registry import Registry
from hyperprune.sparsity.pattern import blocks_8x4, blocks_16x1, single, units
from hyperprune.sparsity.rules import PatternRule

PATTERN: Registry[PatternRule] = Registry("pattern")
PATTERN.register("1x1")(single.RULE)
PATTERN.register("16x1")(blocks_16x1.RULE)
PATTERN.register("8x4")(blocks_8x4.RULE)
PATTERN.register("units")(units.RULE)
