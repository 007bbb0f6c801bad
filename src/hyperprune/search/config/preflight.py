"""What is found out before a search trains: whether its choices are possible, and whether it can run here.

A stored configuration is only read: nothing here is called for it.
"""

from dataclasses import replace

from torch import nn

from hyperprune.accelerators import check_device
from hyperprune.search.config.search_config import SearchConfig
from hyperprune.search.metrics.own import metric_of
from hyperprune.search.samplers import check_installed
from hyperprune.sparsity import CRITERION, PruningVariant, SparseTraining
from hyperprune.tasks import Recipe


def preflight(config: SearchConfig) -> None:
    """Find what would stop a search on this machine, before anything is written or trained.

    Raises:
        ConfigurationError: an impossible choice; or the device, a package or the user's metric is missing.
    """
    check_choices(config)
    check_device(config.runtime.device)
    for family in config.each_family:
        check_installed(family.pool.sampler, family.pool.optimiser)
        metric_of(family.pool.metric)


def check_choices(config: SearchConfig) -> None:
    """Try every rule with the recipe's optimiser on a tiny network, and what the space sets in the network.

    Raises:
        ConfigurationError: a rule needs what the optimiser does not keep, or the network lacks a setting.
    """
    for family in config.each_family:
        for variant in family.space.examples(config.density):
            _try(variant, family.recipe)
        for choice in family.space.example_choices(config.density) if family.space.dropout else ():
            choice.task(config.described)


def _try(variant: PruningVariant, recipe: Recipe) -> None:
    network = nn.Linear(4, 4)
    optimizer = recipe.optimizer_of(network)
    criterion = "magnitude" if CRITERION[variant.criterion].needs_scores else variant.criterion
    density = max(variant.density, 0.5)  # a density that leaves a large network weights may leave this none
    single = replace(variant, density=density, pattern="1x1", keep_diagonal=False, gate_densities=())
    plain = replace(single, exclude=(), densities=(), share_budget=(), criterion=criterion)
    SparseTraining.from_variant(plain, network, optimizer, total_steps=recipe.epochs * 1000)
