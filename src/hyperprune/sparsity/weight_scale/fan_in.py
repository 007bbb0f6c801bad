"""Each unit receives the variance that it has in the dense network."""

import torch
from torch import Tensor

from hyperprune.papers import EVCI_2022
from hyperprune.sparsity.rules import WeightScaleRule


def factors(mask: Tensor) -> Tensor:
    """sqrt(columns / live weights of the row), shape ``(rows,)``; 1 for a row without a live weight.

    Columns are the product of all dimensions after the first (Evci et al. 2022).
    """
    live = mask.flatten(1).sum(1, dtype=torch.float64)
    columns = mask.numel() / max(1, mask.shape[0])
    return torch.where(live > 0, columns / live.clamp(min=1), 1.0).sqrt()


RULE = WeightScaleRule(factors, papers=(EVCI_2022,))
