"""Sixteen rows of one column, as LPCNet runs them: one input is added to sixteen units at once."""

from hyperprune.sparsity.pattern.papers import VALIN_SKOGLUND_2019
from hyperprune.sparsity.rules import PatternRule

RULE = PatternRule((16, 1), papers=(VALIN_SKOGLUND_2019,))
