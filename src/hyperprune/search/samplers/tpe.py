"""Tree-structured Parzen estimator: samples where good candidates are dense and bad ones are not."""

from optuna.samplers import TPESampler

from hyperprune.papers import BERGSTRA_2011
from hyperprune.search.samplers.contract import Arguments, Asking, SamplerRule, Seeds
from hyperprune.search.space.space import SpaceConfig


def _arguments(asking: Asking, space: SpaceConfig) -> Arguments:
    return {
        "n_startup_trials": asking.startup,
        "n_ei_candidates": 24,
        "multivariate": True,
        "group": space.conditional,
        "constant_liar": asking.batch > 1,
    }


def _build(arguments: Arguments, seeds: Seeds) -> TPESampler:
    return TPESampler(seed=seeds.trial, **arguments)


RULE = SamplerRule(_arguments, _build, papers=(BERGSTRA_2011,))
