"""The floor(p * NNZ) smallest by magnitude over all matrices die, never the last weight of a matrix."""

from hyperprune.papers import HAN_2015
from hyperprune.sparsity.counts.density import death_count
from hyperprune.sparsity.counts.overall import smallest_overall
from hyperprune.sparsity.rules import DeathRule, Deaths, Memory, Topology


def deaths(topology: Topology, rate: float, memory: Memory) -> Deaths:
    """One ranking of all live weights."""
    return smallest_overall(topology, death_count(rate, topology.total))


RULE = DeathRule(deaths, exactly_overall=smallest_overall, keeps_last=True, papers=(HAN_2015,))
