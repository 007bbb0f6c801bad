"""CMA-ES: an evolution strategy for continuous choices.

Optuna keeps the strategy's state, pickled, in the memory of the study. It is never written to study.db:
a resumed search repeats the asks with what was suggested and told, and so arrives at the same state.
"""

from optuna.samplers import CmaEsSampler, RandomSampler

from hyperprune.errors import ConfigurationError
from hyperprune.papers import HANSEN_2001
from hyperprune.search.samplers.contract import Arguments, Asking, SamplerRule, Seeds
from hyperprune.search.space.space import SpaceConfig


def _arguments(asking: Asking, space: SpaceConfig) -> Arguments:
    return {
        "n_startup_trials": asking.startup,
        "popsize": None,
        "use_separable_cma": False,
        "with_margin": False,
        "lr_adapt": False,
        "consider_pruned_trials": False,
        "warn_independent_sampling": False,
    }


def _build(arguments: Arguments, seeds: Seeds) -> CmaEsSampler:
    return CmaEsSampler(seed=seeds.trial, independent_sampler=RandomSampler(seed=seeds.trial), **arguments)


def _check(space: SpaceConfig, candidates: int) -> None:
    """Numbers from ranges only; every other choice has to be made already, by giving one value."""
    dimensions = space.dimensions
    if not any(dimension.numeric for dimension in dimensions):
        raise ConfigurationError(
            "cma-es searches ranges, and this space has none: give one such as death_rate = "
            "{ low = 0.2, high = 0.9 } in [space], or another sampler such as tpe"
        )
    for dimension in dimensions:
        if not dimension.numeric and len(dimension.examples) > 1 and len(set(dimension.examples)) > 1:
            raise ConfigurationError(
                f"cma-es searches ranges alone, and space.{dimension.name} is a choice between "
                f"{len(dimension.examples)} values: give one of them, a range where it is a number, or "
                "another sampler such as tpe"
            )
        if dimension.when:
            raise ConfigurationError(
                f"cma-es asks for the same choices every time, and space.{dimension.name} has a condition: "
                "take the condition out, or another sampler such as tpe"
            )


RULE = SamplerRule(_arguments, _build, _check, replays=True, packages=("cmaes",), papers=(HANSEN_2001,))
