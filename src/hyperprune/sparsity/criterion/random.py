"""At random: what a fresh network gets, and the control for a trained one."""

from torch import Tensor

from hyperprune.sparsity.rules import CriterionRule, Tensors


def scores(weights: Tensors, draws: Tensors, given: Tensors) -> dict[str, Tensor]:
    """The random numbers themselves."""
    return dict(draws)


RULE = CriterionRule(scores, trained=False)
