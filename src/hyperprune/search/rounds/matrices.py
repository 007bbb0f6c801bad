"""Which matrices a family may weigh: known once the network is."""

from dataclasses import replace

from hyperprune.search.config.families import Family
from hyperprune.search.config.search_config import SearchConfig
from hyperprune.sparsity import find_prunable


def families_of(config: SearchConfig) -> tuple[Family, ...]:
    """The families of a search, each with the names of the matrices whose share it chooses.

    Builds the network where a family chooses shares; draws from torch's global generator then.
    """
    families = config.each_family
    if all(family.space.density_factor is None for family in families):
        return families
    network = config.described.open(config.recipe, config.seed).network()
    found = []
    for family in families:
        space = family.space
        prunable = find_prunable(network, exclude=space.exclude, share_budget=space.share_budget)
        space = space.model_copy(update={"matrices": tuple(prunable.budgets)})
        found.append(replace(family, space=space))
    return tuple(found)
