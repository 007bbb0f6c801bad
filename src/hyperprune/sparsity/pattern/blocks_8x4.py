"""Eight rows of four columns, as RNNoise's and LPCNet's later 8-bit kernels take them."""

from hyperprune.sparsity.pattern.papers import VALIN_2018
from hyperprune.sparsity.rules import PatternRule

RULE = PatternRule((8, 4), papers=(VALIN_2018,))
