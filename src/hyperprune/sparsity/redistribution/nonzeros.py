"""In proportion to the number of live weights of each matrix."""

from collections.abc import Mapping

from hyperprune.papers import MOSTAFA_WANG_2019
from hyperprune.sparsity.rules import RedistributionRule, Topology


def shares(topology: Topology, lost: Mapping[str, int]) -> dict[str, float]:
    """Live weights before death.

    Differs: Mostafa and Wang 2019 count the survivors, after death; here all statistics are from before.
    """
    return {name: float(live) for name, live in topology.live.items()}


RULE = RedistributionRule(shares, papers=(MOSTAFA_WANG_2019,))
