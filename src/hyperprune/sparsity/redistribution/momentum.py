"""In proportion to the mean absolute momentum of the live weights of each matrix."""

from collections.abc import Mapping

from hyperprune.papers import DETTMERS_ZETTLEMOYER_2019
from hyperprune.sparsity.counts.statistics import live_mean_magnitude
from hyperprune.sparsity.rules import RedistributionRule, Topology


def shares(topology: Topology, lost: Mapping[str, int]) -> dict[str, float]:
    """Mean absolute momenta before death (Dettmers and Zettlemoyer 2019, section 3)."""
    return live_mean_magnitude(topology.momenta, topology.masks, topology.live)


RULE = RedistributionRule(shares, needs_momentum=True, papers=(DETTMERS_ZETTLEMOYER_2019,))
