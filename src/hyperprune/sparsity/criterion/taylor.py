"""The weights of each matrix without which the loss would change most, to first order."""

from torch import Tensor

from hyperprune.papers import MOLCHANOV_2019
from hyperprune.sparsity.rules import CriterionRule, Tensors


def scores(weights: Tensors, draws: Tensors, given: Tensors) -> dict[str, Tensor]:
    """Given sums of (weight x gradient)^2, Molchanov et al. 2019, equation 8; magnitudes where there is none.

    :func:`hyperprune.sparsity.taylor_scores` computes them and leaves out lookups: most tokens are rare, so
    one pass says little about their rows.

    Differs: the paper ranks whole filters over all layers by a running mean; here single weights are ranked
    within each matrix, by one sum.
    """
    return {name: given.get(name, weight.abs()) for name, weight in weights.items()}


RULE = CriterionRule(scores, needs_scores=True, papers=(MOLCHANOV_2019,))
