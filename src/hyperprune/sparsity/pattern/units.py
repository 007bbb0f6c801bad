"""Whole units of recurrent layers, so that a smaller network is left (intrinsic sparse structures)."""

from hyperprune.sparsity.pattern.papers import WEN_2018
from hyperprune.sparsity.rules import PatternRule

RULE = PatternRule(None, papers=(WEN_2018,))
