"""Where the loss would fall fastest."""

import torch
from torch import Tensor

from hyperprune.papers import EVCI_2020
from hyperprune.sparsity.rules import GrowthRule, Tensors


def scores(dead: Tensors, signal: Tensors, generator: torch.Generator) -> dict[str, Tensor]:
    """Magnitudes of the gradients, which backpropagation gives for dead weights too (Evci et al. 2020)."""
    return {name: signal[name].abs() for name in dead}


RULE = GrowthRule(scores, needs="gradient", papers=(EVCI_2020,))
