"""In each matrix the floor(p * nnz) smallest by magnitude die."""

from hyperprune.papers import HAN_2015
from hyperprune.sparsity.density import death_count
from hyperprune.sparsity.rules import DeathRule, Deaths, Memory, Topology


def deaths(topology: Topology, rate: float, memory: Memory) -> Deaths:
    """Scores are magnitudes."""
    scores = {name: weight.abs() for name, weight in topology.weights.items()}
    return Deaths(scores, {name: death_count(rate, live) for name, live in topology.live.items()})


RULE = DeathRule(deaths, papers=(HAN_2015,))
