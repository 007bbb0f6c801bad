"""Adam with decoupled weight decay."""

from collections.abc import Iterable

from torch import nn
from torch.optim import AdamW, Optimizer

from hyperprune.optim.kernels import fused_on_cards
from hyperprune.optim.settings import OptimizerRule, OptimizerSettings
from hyperprune.papers import LOSHCHILOV_HUTTER_2019


def build(parameters: Iterable[nn.Parameter], settings: OptimizerSettings) -> Optimizer:
    """``torch.optim.AdamW``; its first moment is what rules by momentum read."""
    settings.refuse_momentum("adamw")
    parameters = list(parameters)
    return AdamW(
        parameters,
        lr=settings.lr,
        betas=settings.betas,
        weight_decay=settings.weight_decay,
        **fused_on_cards(parameters, {}),
    )


RULE = OptimizerRule(build, papers=(LOSHCHILOV_HUTTER_2019,))
