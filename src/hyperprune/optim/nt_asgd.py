"""NT-ASGD: averaging from the moment when the validation loss stops falling."""

from collections.abc import Iterable

from torch import nn
from torch.optim import Optimizer

from hyperprune.optim.averaged_sgd import AveragedSGD
from hyperprune.optim.settings import OptimizerRule, OptimizerSettings
from hyperprune.papers import MERITY_2018, POLYAK_JUDITSKY_1992


def build(parameters: Iterable[nn.Parameter], settings: OptimizerSettings) -> Optimizer:
    """One count for all weights; on a sparse network a weight's dead time counts as zeros."""
    settings.refuse_momentum("nt-asgd")
    return AveragedSGD(parameters, settings.lr, settings.weight_decay, settings.nonmonotone, restart=False)


RULE = OptimizerRule(build, papers=(POLYAK_JUDITSKY_1992, MERITY_2018))
