"""Which sparsities of a grid leave a network enough to live on."""

import torch

from hyperprune.errors import ConfigurationError
from hyperprune.search.config.smallest import SmallestConfig
from hyperprune.sparsity import density_from_sparsity, find_prunable
from hyperprune.sparsity.counts.density import live_total


def possible(config: SmallestConfig) -> tuple[float, ...]:
    """The grid as far as each matrix can have a live weight.

    Raises:
        ConfigurationError: not even at its first sparsity.
    """
    space = config.dense_start.space
    with torch.random.fork_rng(devices=[]):
        network = config.described.open(config.recipe, config.seed).network()
    found = find_prunable(network, exclude=space.exclude, share_budget=space.share_budget)
    matrices = len(found.parameters)
    weights = sum(parameter.numel() for parameter in found.parameters.values())
    kept = tuple(
        sparsity
        for sparsity in config.grid
        if live_total(density_from_sparsity(sparsity), weights) >= matrices
    )
    if not kept:
        raise ConfigurationError(
            f"each of {matrices} matrices needs a live weight, and sparsity {config.grid[0]:g} leaves fewer "
            f"of {weights} weights: give a grid that begins below"
        )
    return kept
