"""The largest weights of each matrix."""

from torch import Tensor

from hyperprune.papers import HAN_2015
from hyperprune.sparsity.rules import CriterionRule, Tensors


def scores(weights: Tensors, draws: Tensors, given: Tensors) -> dict[str, Tensor]:
    """Magnitudes; ``sparse_init`` says how many of each matrix (Han et al. 2015)."""
    return {name: weight.abs() for name, weight in weights.items()}


RULE = CriterionRule(scores, papers=(HAN_2015,))
