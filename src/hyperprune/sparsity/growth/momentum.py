"""Where the loss has been falling fastest for a while."""

import torch
from torch import Tensor

from hyperprune.papers import DETTMERS_ZETTLEMOYER_2019
from hyperprune.sparsity.rules import GrowthRule, Tensors


def scores(dead: Tensors, signal: Tensors, generator: torch.Generator) -> dict[str, Tensor]:
    """Magnitudes of the optimiser's momenta (Dettmers and Zettlemoyer 2019); Adam's first moments."""
    return {name: signal[name].abs() for name in dead}


RULE = GrowthRule(scores, needs="momentum", papers=(DETTMERS_ZETTLEMOYER_2019,))
