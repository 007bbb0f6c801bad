"""In each matrix the floor(p * nnz) smallest by magnitude die."""

from collections.abc import Mapping

from hyperprune.papers import HAN_2015
from hyperprune.sparsity.counts.density import death_count
from hyperprune.sparsity.rules import DeathRule, Deaths, Memory, Topology


def deaths(topology: Topology, rate: float, memory: Memory) -> Deaths:
    """Scores are magnitudes."""
    return exactly(topology, {name: death_count(rate, live) for name, live in topology.live.items()})


def exactly(topology: Topology, counts: Mapping[str, int]) -> Deaths:
    """The ``counts`` smallest of each matrix."""
    return Deaths({name: weight.abs() for name, weight in topology.weights.items()}, counts)


RULE = DeathRule(deaths, exactly=exactly, papers=(HAN_2015,))
