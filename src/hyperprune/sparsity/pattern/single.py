"""Each weight on its own."""

from hyperprune.sparsity.rules import PatternRule

RULE = PatternRule((1, 1))
