"""One topology update: deaths, shares, growth, as a pure function."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from hyperprune.sparsity.counts.apportion import with_spill
from hyperprune.sparsity.counts.live import live_counts
from hyperprune.sparsity.counts.select import keep_highest
from hyperprune.sparsity.rules import (
    DeathRule,
    Deaths,
    GrowthRule,
    Memory,
    RedistributionRule,
    Tensors,
    Topology,
)


@dataclass(frozen=True)
class Change:
    """What an update did, by matrix.

    Attributes:
        masks: the new masks; as many live weights in all as before.
        grown: True where a weight starts at 0: dead before the update, live after it.
        died: number of weights that were live before the update and are dead after it.
        grew: number of weights that were dead before it and are live after it.
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
        died: weights that were live and are dead now, by matrix.
        grew: weights that were dead and are live now, by matrix.
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

    Growth chooses among all that are dead after the deaths. A weight that it chooses again in the update in
    which it died is as if it had not died: it keeps its value and its optimiser state, as in RigL's code
    (Evci et al. 2020), and counts neither as a death nor as a growth.

    Differs: SET's Keras code (Mocanu et al. 2018) starts such a weight at 0 again.

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
    chosen = with_spill(shares, sum(deaths.counts.values()), room)
    scores = growth.scores(dead, signal, generator)
    selected = {name: keep_highest(scores[name], mask, chosen[name]) for name, mask in dead.items()}
    masks = {name: survivors[name] | selected[name] for name in survivors}
    grown = {name: mask & ~topology.masks[name] for name, mask in selected.items()}
    grew = live_counts(grown)
    again = {name: chosen[name] - count for name, count in grew.items()}
    died = {name: count - again[name] for name, count in deaths.counts.items()}
    return Change(masks, grown, died, grew, dict(deaths.memory))


def die_only(topology: Topology, deaths: Deaths) -> Change:
    """Apply deaths without growth: the network gets sparser."""
    masks = {
        name: keep_highest(deaths.scores[name], mask, topology.live[name] - deaths.counts[name])
        for name, mask in topology.masks.items()
    }
    nothing = {name: torch.zeros_like(mask) for name, mask in masks.items()}
    return Change(masks, nothing, dict(deaths.counts), dict.fromkeys(masks, 0), dict(deaths.memory))
