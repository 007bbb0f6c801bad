"""Quasi-random: a scrambled Sobol sequence, which covers the space more evenly than chance does.

The first suggestion is random, because Optuna learns the choices from it. Choices that are asked for in
some trials only are random where the first suggestion had none of them.
"""

from optuna.samplers import QMCSampler, RandomSampler

from hyperprune.search.samplers.contract import Arguments, Asking, SamplerRule, Seeds
from hyperprune.search.samplers.papers import SOBOL_1967
from hyperprune.search.space import SpaceConfig


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


RULE = SamplerRule(_arguments, _build, learns=False, replays=True, packages=("scipy",), papers=(SOBOL_1967,))
