"""Each matrix regrows what it lost."""

from collections.abc import Mapping

from hyperprune.sparsity.rules import RedistributionRule, Topology


def shares(topology: Topology, lost: Mapping[str, int]) -> dict[str, float]:
    """The deaths themselves."""
    return {name: float(count) for name, count in lost.items()}


RULE = RedistributionRule(shares)
