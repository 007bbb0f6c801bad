"""The largest weights of all matrices together, at least one of each."""

from hyperprune.papers import HAN_2015
from hyperprune.sparsity.criterion import magnitude
from hyperprune.sparsity.rules import CriterionRule

RULE = CriterionRule(magnitude.scores, overall=True, papers=(HAN_2015,))
