"""Stochastic gradient descent, with momentum if there is one."""

from collections.abc import Iterable

from torch import nn
from torch.optim import SGD, Optimizer

from hyperprune.optim.settings import OptimizerRule, Settings


def build(parameters: Iterable[nn.Parameter], settings: Settings) -> Optimizer:
    """``torch.optim.SGD``."""
    return SGD(
        parameters,
        lr=settings.lr,
        momentum=settings.momentum,
        weight_decay=settings.weight_decay,
        foreach=True,
    )


RULE = OptimizerRule(build)
