"""Every choice uniformly at random, whatever was told."""

from optuna.samplers import RandomSampler

from hyperprune.papers import BERGSTRA_BENGIO_2012
from hyperprune.search.samplers.contract import Arguments, Asking, SamplerRule, Seeds
from hyperprune.search.space.space import SpaceConfig


def _arguments(asking: Asking, space: SpaceConfig) -> Arguments:
    return {}


def _build(arguments: Arguments, seeds: Seeds) -> RandomSampler:
    return RandomSampler(seed=seeds.trial, **arguments)


RULE = SamplerRule(_arguments, _build, learns=False, papers=(BERGSTRA_BENGIO_2012,))
