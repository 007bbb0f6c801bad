"""Stochastic gradient descent, with momentum if there is one."""

from collections.abc import Iterable

from torch import nn
from torch.optim import SGD, Optimizer

from hyperprune.optim.kernels import fused_on_cards
from hyperprune.optim.settings import OptimizerRule, OptimizerSettings


def build(parameters: Iterable[nn.Parameter], settings: OptimizerSettings) -> Optimizer:
    """``torch.optim.SGD``."""
    parameters = list(parameters)
    return SGD(
        parameters,
        lr=settings.lr,
        momentum=settings.momentum,
        weight_decay=settings.weight_decay,
        **fused_on_cards(parameters, {"foreach": True}),
    )


RULE = OptimizerRule(build)
