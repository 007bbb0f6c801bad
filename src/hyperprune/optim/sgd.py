"""Stochastic gradient descent, with momentum if there is one."""

from collections.abc import Iterable

import torch
from torch import nn

from hyperprune.optim.kernels import fused_on_cards
from hyperprune.optim.settings import OptimizerRule, OptimizerSettings
from hyperprune.optim.uncompiled import Uncompiled
from hyperprune.optim.unlabelled import step_of


class SGD(Uncompiled, torch.optim.SGD):
    """torch's, its steps unlabelled."""

    step = step_of(torch.optim.SGD)


def build(parameters: Iterable[nn.Parameter], settings: OptimizerSettings) -> SGD:
    """Stochastic gradient descent."""
    parameters = list(parameters)
    return SGD(
        parameters,
        lr=settings.lr,
        momentum=settings.momentum,
        weight_decay=settings.weight_decay,
        **fused_on_cards(parameters, {"foreach": True}),
    )


RULE = OptimizerRule(build)
