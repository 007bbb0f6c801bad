"""In proportion to the mean magnitude of the live weights of each matrix."""

from collections.abc import Mapping

from hyperprune.papers import DETTMERS_ZETTLEMOYER_2019
from hyperprune.sparsity.counts.statistics import live_mean_magnitude
from hyperprune.sparsity.rules import RedistributionRule, Topology


def shares(topology: Topology, lost: Mapping[str, int]) -> dict[str, float]:
    """Mean magnitudes before death."""
    return live_mean_magnitude(topology.weights, topology.masks, topology.live)


RULE = RedistributionRule(shares, papers=(DETTMERS_ZETTLEMOYER_2019,))
