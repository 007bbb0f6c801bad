"""Quasi-random: a scrambled Sobol sequence, which covers the space more evenly than chance does.

The first suggestion is random, because Optuna learns the choices from it.
"""

from optuna.samplers import QMCSampler, RandomSampler

from hyperprune.errors import ConfigurationError
from hyperprune.papers import SOBOL_1967
from hyperprune.search.samplers.contract import Arguments, Asking, SamplerRule, Seeds
from hyperprune.search.space.space import SpaceConfig


def _arguments(asking: Asking, space: SpaceConfig) -> Arguments:
    return {
        "qmc_type": "sobol",
        "scramble": True,
        "warn_asynchronous_seeding": False,
        "warn_independent_sampling": False,
    }


def _build(arguments: Arguments, seeds: Seeds) -> QMCSampler:
    """The sequence keeps the study's seed and goes on by the number of asks."""
    rest = RandomSampler(seed=seeds.trial)
    return QMCSampler(seed=seeds.study, independent_sampler=rest, **arguments)


def _check(space: SpaceConfig, candidates: int) -> None:
    """A point of the sequence has a coordinate for every choice, so each has to be made every time."""
    for dimension in space.dimensions:
        if dimension.when:
            raise ConfigurationError(
                f"qmc asks for the same choices every time, and space.{dimension.name} has a condition: "
                "take the condition (a method, or the death rate 0) out, or another sampler such as random"
            )


RULE = SamplerRule(
    _arguments, _build, _check, learns=False, replays=True, packages=("scipy",), papers=(SOBOL_1967,)
)
