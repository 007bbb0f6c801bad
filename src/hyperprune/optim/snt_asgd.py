"""SNT-ASGD: NT-ASGD whose average of a weight counts from its last growth; the same on a dense network."""

from collections.abc import Iterable

from torch import nn
from torch.optim import Optimizer

from hyperprune.optim.averaged_sgd import AveragedSGD
from hyperprune.optim.settings import OptimizerRule, OptimizerSettings
from hyperprune.papers import LIU_2021, MERITY_2018


def build(parameters: Iterable[nn.Parameter], settings: OptimizerSettings) -> Optimizer:
    """A count for each weight, kept only once a weight has grown after the switch."""
    settings.refuse_momentum("snt-asgd")
    return AveragedSGD(parameters, settings.lr, settings.weight_decay, settings.nonmonotone, restart=True)


RULE = OptimizerRule(build, papers=(MERITY_2018, LIU_2021))
