"""Adam; weight decay is added to the gradient."""

from collections.abc import Iterable

from torch import nn
from torch.optim import Adam, Optimizer

from hyperprune.optim.kernels import fused_on_cards
from hyperprune.optim.settings import OptimizerRule, OptimizerSettings
from hyperprune.papers import KINGMA_BA_2015


def build(parameters: Iterable[nn.Parameter], settings: OptimizerSettings) -> Optimizer:
    """``torch.optim.Adam``; its first moment is what rules by momentum read."""
    settings.refuse_momentum("adam")
    parameters = list(parameters)
    return Adam(
        parameters,
        lr=settings.lr,
        betas=settings.betas,
        weight_decay=settings.weight_decay,
        **fused_on_cards(parameters, {}),
    )


RULE = OptimizerRule(build, papers=(KINGMA_BA_2015,))
