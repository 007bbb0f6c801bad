"""The papers behind a configuration, which its results should cite."""

from hyperprune.optim import OPTIMIZERS
from hyperprune.papers import (
    AKIBA_2019,
    BENETTIN_1980,
    HINTON_2015,
    JAMIESON_2016,
    LI_2018,
    MERITY_2017,
    VOGT_2022,
    ZHENG_SHLIZERMAN_2025,
    Paper,
)
from hyperprune.search.config.families import Family
from hyperprune.search.config.search_config import SearchConfig
from hyperprune.search.metrics.early import METRICS
from hyperprune.sparsity import citations
from hyperprune.tasks import Tasked
from hyperprune.training import TrainConfig


def papers(config: SearchConfig) -> list[Paper]:
    """Papers behind method, halving, spectra, sampler, network, optimiser and every rule.

    Each once, oldest first.
    """
    found = {
        ZHENG_SHLIZERMAN_2025,
        BENETTIN_1980,
        VOGT_2022,
        JAMIESON_2016,
        AKIBA_2019,
        *_of_training(config),
    }
    for family in config.each_family:
        found |= _of_family(family, config.density)
    return _in_order(found)


def training_papers(config: TrainConfig) -> list[Paper]:
    """Papers behind the network, the optimiser and the rules of one training; each once, oldest first."""
    found = _of_training(config)
    if config.pruning is not None:
        found.update(citations(config.pruning))
        if config.variant.method is not None:
            found.update(citations(config.variant.method))
    return _in_order(found)


def _in_order(found: set[Paper]) -> list[Paper]:
    return sorted(found, key=lambda paper: (paper.year, paper.key))


def _of_training(config: Tasked) -> set[Paper]:
    """Papers behind the network, its recipe and its optimiser."""
    found = set(OPTIMIZERS[config.recipe.optimizer].papers)
    if config.model is not None:
        found.update(config.model.papers)
    if config.recipe.ar or config.recipe.tar:
        found.add(MERITY_2017)
    return found


def _of_family(family: Family, density: float) -> set[Paper]:
    """Papers behind a family's sampler, plan and choices."""
    found = set(family.pool.optimiser.papers)
    if family.pool.metric in METRICS:
        found |= set(METRICS[family.pool.metric].papers)
    if family.pool.plan == "hyperband":
        found.add(LI_2018)
    if family.space.distils:
        found.add(HINTON_2015)
    for variant in family.space.examples(density):
        found.update(citations(variant))
    for name in family.space.method:
        if name != "rules":
            found.update(citations(name))
    return found
