"""Adam; weight decay is added to the gradient."""

from collections.abc import Iterable
from functools import partial

import torch
from torch import nn

from hyperprune.optim.kernels import fused_on_cards
from hyperprune.optim.settings import OptimizerRule, OptimizerSettings
from hyperprune.optim.uncompiled import Uncompiled
from hyperprune.optim.unlabelled import step_of
from hyperprune.papers import KINGMA_BA_2015


class Adam(Uncompiled, torch.optim.Adam):
    """torch's, its steps unlabelled."""

    step = step_of(torch.optim.Adam)


def build_as(
    kind: type[torch.optim.Adam], parameters: Iterable[nn.Parameter], settings: OptimizerSettings
) -> torch.optim.Adam:
    """Adam or one of its kind; its first moment is what rules by momentum read."""
    settings.refuse_momentum(kind.__name__.lower())
    parameters = list(parameters)
    moments, decay = settings.betas, settings.weight_decay
    return kind(parameters, settings.lr, moments, weight_decay=decay, **fused_on_cards(parameters, {}))


build = partial(build_as, Adam)

RULE = OptimizerRule(build, papers=(KINGMA_BA_2015,))
