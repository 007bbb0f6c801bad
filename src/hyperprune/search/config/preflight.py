"""What is found out before a search trains: whether its choices are possible, and whether it can run here.

A stored configuration is only read: nothing here is called for it.
"""

from dataclasses import replace

from torch import nn

from hyperprune.accelerators import check_device
from hyperprune.optim import build
from hyperprune.search.config.search_config import SearchConfig
from hyperprune.search.metrics.own import metric_of
from hyperprune.search.samplers import check_installed
from hyperprune.sparsity import SparseTraining


def preflight(config: SearchConfig) -> None:
    """Find what would stop a search on this machine, before anything is written or trained.

    Raises:
        ConfigurationError: an impossible choice; or the device, a package or the user's metric is missing.
    """
    check_choices(config)
    check_device(config.runtime.device)
    check_installed(config.search.sampler, config.search.optimiser)
    metric_of(config.search.metric)


def check_choices(config: SearchConfig) -> None:
    """Try every rule with the recipe's optimiser on a tiny network, and what the space sets in the network.

    Raises:
        ConfigurationError: a rule needs what the optimiser does not keep, or the network lacks a setting.
    """
    recipe = config.recipe
    for variant in config.space.examples(config.density):
        network = nn.Linear(4, 4)
        optimizer = build(
            recipe.optimizer,
            network,
            lr=recipe.learning_rate,
            weight_decay=recipe.weight_decay,
            momentum=recipe.momentum,
            nonmonotone=recipe.nonmonotone,
        )
        plain = replace(variant, exclude=(), densities=(), share_budget=())
        SparseTraining.from_variant(plain, network, optimizer, total_steps=recipe.epochs * 1000)
    for choice in config.space.example_choices(config.density) if config.space.dropout else ():
        choice.task(config.described)
