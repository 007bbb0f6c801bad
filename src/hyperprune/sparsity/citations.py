"""The papers behind a variant or a named method."""

from hyperprune.papers import ZHU_GUPTA_2017, Paper
from hyperprune.sparsity.allocation import SPARSE_INIT
from hyperprune.sparsity.death import DEATH
from hyperprune.sparsity.decay import DECAY
from hyperprune.sparsity.growth import GROWTH
from hyperprune.sparsity.methods import METHODS
from hyperprune.sparsity.redistribution import REDISTRIBUTION
from hyperprune.sparsity.variant import PruningVariant


def citations(choice: PruningVariant | str) -> list[Paper]:
    """Papers to cite for a variant's rules, or for the method of that name; each once, oldest first.

    Raises:
        UnknownNameError: a name that ``METHODS`` doesn't hold.
    """
    if isinstance(choice, str):
        method = METHODS[choice]
        return _in_order([*method.papers, *citations(method.variant)])
    papers = [*SPARSE_INIT[choice.sparse_init].papers]
    if choice.ramp is not None:
        papers += [*DEATH[choice.death].papers, ZHU_GUPTA_2017]
    elif not choice.static:
        papers += [*DEATH[choice.death].papers, *GROWTH[choice.growth].papers]
        papers += [*REDISTRIBUTION[choice.redistribution].papers, *DECAY[choice.decay].papers]
    return _in_order(papers)


def _in_order(papers: list[Paper]) -> list[Paper]:
    return sorted(set(papers), key=lambda paper: (paper.year, paper.key))
