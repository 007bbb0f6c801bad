"""As large as in the dense network, as published methods have it."""

from hyperprune.sparsity.rules import WeightScaleRule

RULE = WeightScaleRule(None)
