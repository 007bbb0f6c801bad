"""Adam with decoupled weight decay."""

from functools import partial

import torch

from hyperprune.optim.adam import build_as
from hyperprune.optim.settings import OptimizerRule
from hyperprune.optim.uncompiled import Uncompiled
from hyperprune.optim.unlabelled import step_of
from hyperprune.papers import LOSHCHILOV_HUTTER_2019


class AdamW(Uncompiled, torch.optim.AdamW):
    """torch's, its steps unlabelled."""

    step = step_of(torch.optim.AdamW)


build = partial(build_as, AdamW)

RULE = OptimizerRule(build, papers=(LOSHCHILOV_HUTTER_2019,))
