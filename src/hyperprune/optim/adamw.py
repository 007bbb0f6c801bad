"""Adam with decoupled weight decay."""

from functools import partial

from torch.optim import AdamW

from hyperprune.optim.adam import build_as
from hyperprune.optim.settings import OptimizerRule
from hyperprune.papers import LOSHCHILOV_HUTTER_2019

build = partial(build_as, AdamW)

RULE = OptimizerRule(build, papers=(LOSHCHILOV_HUTTER_2019,))
