"""One topology update: deaths, shares, growth, as a pure function."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from hyperprune.sparsity.apportion import with_spill
from hyperprune.sparsity.rules import (
    DeathRule,
    Deaths,
    GrowthRule,
    Memory,
    RedistributionRule,
    Tensors,
    Topology,
)
from hyperprune.sparsity.select import keep_highest


@dataclass(frozen=True)
class Change:
    """What an update did, by matrix.

    Attributes:
        masks: the new masks; as many live weights in all as before.
        grown: True where a weight starts anew, those that died in this update included; they start at 0.
        died: number of weights that died.
        grew: number of weights that came alive.
        memory: the death rule's memory for the next update.
    """

    masks: Mapping[str, Tensor]
    grown: Mapping[str, Tensor]
    died: Mapping[str, int]
    grew: Mapping[str, int]
    memory: Memory


@dataclass(frozen=True)
class TopologyUpdate:
    """What one update did.

    Attributes:
        step: optimiser steps taken before it.
        death_rate: p at that time.
        died: weights that died, by matrix.
        grew: weights that came alive, by matrix.
    """

    step: int
    death_rate: float
    died: Mapping[str, int]
    grew: Mapping[str, int]


def die_and_grow(
    topology: Topology,
    death: DeathRule,
    growth: GrowthRule,
    redistribution: RedistributionRule,
    *,
    rate: float,
    memory: Memory,
    signal: Tensors,
    generator: torch.Generator,
) -> Change:
    """Apply three rules once. Shares come from before death; the number of live weights is conserved.

    Args:
        topology: the network before the update; nothing of it is changed.
        death: says who dies.
        growth: says who comes alive.
        redistribution: says where.
        rate: death rate p now.
        memory: the death rule's memory.
        signal: gradients or momenta by matrix, as ``growth.needs`` says; empty for nothing.
        generator: CPU generator for growth.
    """
    deaths = death.deaths(topology, rate, memory)
    shares = redistribution.shares(topology, deaths.counts)
    survivors = {
        name: keep_highest(deaths.scores[name], mask, topology.live[name] - deaths.counts[name])
        for name, mask in topology.masks.items()
    }
    dead = {name: ~mask for name, mask in survivors.items()}
    room = {name: mask.numel() - topology.live[name] + deaths.counts[name] for name, mask in dead.items()}
    grew = with_spill(shares, sum(deaths.counts.values()), room)
    scores = growth.scores(dead, signal, generator)
    grown = {name: keep_highest(scores[name], mask, grew[name]) for name, mask in dead.items()}
    masks = {name: survivors[name] | grown[name] for name in survivors}
    return Change(masks, grown, dict(deaths.counts), grew, dict(deaths.memory))


def die_only(topology: Topology, deaths: Deaths) -> Change:
    """Apply deaths without growth: the network gets sparser."""
    masks = {
        name: keep_highest(deaths.scores[name], mask, topology.live[name] - deaths.counts[name])
        for name, mask in topology.masks.items()
    }
    nothing = {name: torch.zeros_like(mask) for name, mask in masks.items()}
    return Change(masks, nothing, dict(deaths.counts), dict.fromkeys(masks, 0), dict(deaths.memory))
