"""Gaussian process with expected improvement: few, slower suggestions (tenths of a second each)."""

from optuna.samplers import GPSampler, RandomSampler

from hyperprune.papers import SNOEK_2012
from hyperprune.search.samplers.contract import Arguments, Asking, SamplerRule, Seeds
from hyperprune.search.space.space import SpaceConfig


def _arguments(asking: Asking, space: SpaceConfig) -> Arguments:
    return {
        "n_startup_trials": asking.startup,
        "deterministic_objective": False,
        "warn_independent_sampling": False,
    }


def _build(arguments: Arguments, seeds: Seeds) -> GPSampler:
    """A new one has no kernel of an earlier fit to start from: the price of a resume that changes nothing."""
    return GPSampler(seed=seeds.trial, independent_sampler=RandomSampler(seed=seeds.trial), **arguments)


RULE = SamplerRule(_arguments, _build, packages=("scipy",), papers=(SNOEK_2012,))
