"""The papers behind a variant or a named method."""

from hyperprune.papers import Paper
from hyperprune.sparsity.allocation import SPARSE_INIT
from hyperprune.sparsity.criterion import CRITERION
from hyperprune.sparsity.death import DEATH
from hyperprune.sparsity.decay import DECAY
from hyperprune.sparsity.density_schedule import DENSITY_SCHEDULE
from hyperprune.sparsity.growth import GROWTH
from hyperprune.sparsity.pattern import PATTERN
from hyperprune.sparsity.redistribution import REDISTRIBUTION
from hyperprune.sparsity.variants.methods import METHODS
from hyperprune.sparsity.variants.variant import PruningVariant
from hyperprune.sparsity.weight_scale import WEIGHT_SCALE


def citations(choice: PruningVariant | str) -> list[Paper]:
    """Papers to cite for a variant's rules, or for the method of that name; each once, oldest first.

    Raises:
        UnknownNameError: a name that ``METHODS`` doesn't hold.
    """
    if isinstance(choice, str):
        method = METHODS[choice]
        return _in_order([*method.papers, *citations(method.variant)])
    papers = [*SPARSE_INIT[choice.sparse_init].papers, *CRITERION[choice.criterion].papers]
    papers += [*WEIGHT_SCALE[choice.weight_scale].papers, *PATTERN[choice.pattern].papers]
    papers += [*DENSITY_SCHEDULE[choice.density_schedule].papers]
    if not choice.static:
        papers += [*DEATH[choice.death].papers]
    if choice.grows:
        papers += [*GROWTH[choice.growth].papers]
        papers += [*REDISTRIBUTION[choice.redistribution].papers, *DECAY[choice.decay].papers]
    return _in_order(papers)


def _in_order(papers: list[Paper]) -> list[Paper]:
    return sorted(set(papers), key=lambda paper: (paper.year, paper.key))
