"""Every combination of the values once, in an order that the root seed shuffles."""

import math

from optuna.samplers import GridSampler

from hyperprune.errors import ConfigurationError
from hyperprune.search.samplers.contract import Arguments, Asking, SamplerRule, Seeds
from hyperprune.search.space.space import SpaceConfig


def _arguments(asking: Asking, space: SpaceConfig) -> Arguments:
    return {"search_space": {d.name: list(d.points or ()) for d in space.dimensions}}


def _build(arguments: Arguments, seeds: Seeds) -> GridSampler:
    """The point of a trial is the one of its number in the shuffled order, which the study's seed gives."""
    return GridSampler(arguments["search_space"], seed=seeds.study)


def _check(space: SpaceConfig, candidates: int) -> None:
    """The combinations must have an end, and suffice.

    Choices that are not asked for count all the same, so of a space with conditions some points repeat
    others; they are not trained twice.
    """
    for dimension in space.dimensions:
        if dimension.points is None:
            raise ConfigurationError(
                f"a grid needs values that can be counted, and space.{dimension.name} is a range without a "
                f"step: give a list of values, or another sampler such as tpe"
            )
    points = math.prod(len(dimension.points or ()) for dimension in space.dimensions)
    if candidates > points:
        raise ConfigurationError(
            f"the grid of this space has {points} points, got search.candidates = {candidates}: give at "
            f"most {points}, or more values in [space]"
        )


RULE = SamplerRule(_arguments, _build, _check, learns=False)
