"""What a family's space takes from the network and its budget: matrices to weigh, steps between prunings."""

from dataclasses import replace

from hyperprune.search.config.families import Family
from hyperprune.search.config.search_config import SearchConfig
from hyperprune.sparsity import find_prunable
from hyperprune.sparsity.scheduled import pruning_interval


def families_of(config: SearchConfig) -> tuple[Family, ...]:
    """The families of a search, each with the matrices whose share it chooses and the steps between prunings.

    Builds the network where a family chooses either; draws from torch's global generator then.
    """
    families = config.each_family
    if all(f.space.density_factor is None and f.space.only_at_once for f in families):
        return families
    task = config.described.open(config.recipe, config.seed)
    network, found = task.network(), []
    for family in families:
        space, recipe = family.space, family.recipe
        prunable = find_prunable(network, exclude=space.exclude, share_budget=space.share_budget)
        steps = (recipe.decay_epochs or recipe.epochs) * task.steps_per_epoch
        filled = {"matrices": tuple(prunable.budgets), "prune_every": pruning_interval(steps)}
        found.append(replace(family, space=space.model_copy(update=filled)))
    return tuple(found)
