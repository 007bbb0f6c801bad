"""What a rule is: a pure function of named tensors, and what it needs to be given.

Names stand for matrices (as stored, or several that share one budget). A rule says scores and counts, or
shares; turning them into masks is :func:`hyperprune.sparsity.counts.select.keep_highest`'s work alone.

| symbol | meaning | shape |
| --- | --- | --- |
| weights | raw weights, dead ones zero | as stored |
| masks | True where live | the same, bool |
| scores | death: how much a live weight is worth keeping; growth: how much a dead one is wanted | the same |
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from hyperprune.papers import Paper

Tensors = Mapping[str, Tensor]
Memory = Mapping[str, float]
Signal = Literal["nothing", "gradient", "momentum"]


@dataclass(frozen=True)
class Topology:
    """What a rule may look at, all of it from before the update.

    Attributes:
        weights: raw weights by name.
        masks: bool, the same shapes.
        live: number of live weights by name.
        momenta: the optimiser's momenta by name; empty unless a rule declared that it needs them.
    """

    weights: Tensors
    masks: Tensors
    live: Mapping[str, int]
    momenta: Tensors = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Live weights of all matrices together (NNZ)."""
        return sum(self.live.values())


@dataclass(frozen=True)
class Deaths:
    """A death rule's answer.

    Attributes:
        scores: how much each live weight is worth keeping; entries outside the mask are ignored.
        counts: how many die in each matrix, fewer than it has (or none of none).
        memory: what the rule wants to be given at the next update; plain numbers, stored in checkpoints.
    """

    scores: Tensors
    counts: Mapping[str, int]
    memory: Memory = field(default_factory=dict)


@dataclass(frozen=True)
class AllocationRule:
    """Where the live weights are at the start.

    Attributes:
        shares: shapes by name -> shares; the live weights of a matrix are proportional to its share, capped
            at its size.
        papers: what to cite.
    """

    shares: Callable[[Mapping[str, tuple[int, ...]]], dict[str, float]]
    papers: tuple[Paper, ...] = ()


@dataclass(frozen=True)
class DeathRule:
    """Which live weights die.

    Attributes:
        deaths: (topology, death rate p, memory of the last update) -> :class:`Deaths`.
        memory: the memory that the first update is given.
        options: numbers that a variant may set, in [0, 1), with their defaults; each update is given them
            beside the memory.
        exactly: (topology, number by matrix) -> :class:`Deaths` of as many. A density schedule asks for it; a
            rule that can only count for itself has none and cannot follow one.
        exactly_overall: the same for a rule that ranks all matrices together, which is told the sum alone.
        keeps_last: True for a rule that never takes the last weight of a matrix.
        signed: True for a rule that goes by the signs of weights, which blocks do not have.
        papers: what to cite.
    """

    deaths: Callable[[Topology, float, Memory], Deaths]
    memory: Memory = field(default_factory=dict)
    options: Memory = field(default_factory=dict)
    exactly: Callable[[Topology, Mapping[str, int]], Deaths] | None = None
    exactly_overall: Callable[[Topology, int], Deaths] | None = None
    keeps_last: bool = False
    signed: bool = False
    papers: tuple[Paper, ...] = ()

    @property
    def follows_schedule(self) -> bool:
        """True for a rule that can remove the number of weights that a density schedule asks for."""
        return self.exactly is not None or self.exactly_overall is not None


@dataclass(frozen=True)
class GrowthRule:
    """Which dead weights come alive, those that died in the same update included.

    Attributes:
        scores: (masks of the dead, signal, CPU generator) -> scores. ``signal`` holds the tensors that
            ``needs`` names and is empty for ``nothing``.
        needs: ``nothing``, ``gradient`` or ``momentum``.
        papers: what to cite.
    """

    scores: Callable[[Tensors, Tensors, torch.Generator], dict[str, Tensor]]
    needs: Signal = "nothing"
    papers: tuple[Paper, ...] = ()


@dataclass(frozen=True)
class RedistributionRule:
    """How the weights that died are shared out between the matrices.

    Attributes:
        shares: (topology before death, deaths by name) -> shares; a matrix gets its share of all deaths.
        needs_momentum: True for a rule that reads ``topology.momenta``.
        papers: what to cite.
    """

    shares: Callable[[Topology, Mapping[str, int]], dict[str, float]]
    needs_momentum: bool = False
    papers: tuple[Paper, ...] = ()


@dataclass(frozen=True)
class DecayRule:
    """How the death rate falls over the full budget.

    Attributes:
        rate: (initial rate, fraction of the budget's steps taken, in [0, 1]) -> rate; the initial one at 0.
        papers: what to cite.
    """

    rate: Callable[[float, float], float]
    papers: tuple[Paper, ...] = ()


@dataclass(frozen=True)
class DensityScheduleRule:
    """How dense the network is when; a schedule that falls only removes weights.

    Attributes:
        density: (final density, span, fraction of the budget's steps taken) -> density. The span is the two
            fractions of the budget between which the density falls from 1; at its end and after it the
            density is the final one.
        span: the span that stands where a variant gives none; None for a schedule that never falls.
        instant: True for a schedule that falls at one moment, so that both ends of its span are the same.
        papers: what to cite.
    """

    density: Callable[[float, tuple[float, float], float], float]
    span: tuple[float, float] | None = None
    instant: bool = False
    papers: tuple[Paper, ...] = ()


@dataclass(frozen=True)
class CriterionRule:
    """Which weights of a network live first.

    Attributes:
        scores: (weights, uniform random numbers, given scores) -> scores, all by matrix; the highest live.
        overall: True if one ranking of all matrices gives their counts, and not ``sparse_init``.
        needs_scores: True for a rule that reads given scores; others refuse them.
        trained: True for a rule that reads the values of weights, which only a trained network has learned.
        papers: what to cite.
    """

    scores: Callable[[Tensors, Tensors, Tensors], dict[str, Tensor]]
    overall: bool = False
    needs_scores: bool = False
    trained: bool = True
    papers: tuple[Paper, ...] = ()


@dataclass(frozen=True)
class WeightScaleRule:
    """By what the rows of fresh weights are multiplied once they are masked.

    Attributes:
        factors: mask -> one factor a row, in float64; None multiplies nothing.
        papers: what to cite.
    """

    factors: Callable[[Tensor], Tensor] | None
    papers: tuple[Paper, ...] = ()


@dataclass(frozen=True)
class PatternRule:
    """Which weights live and die together.

    Attributes:
        block: rows and columns of a block, which lies within one gate; none for whole units of recurrent
            layers.
        papers: what to cite.
    """

    block: tuple[int, int] | None
    papers: tuple[Paper, ...] = ()

    @property
    def single(self) -> bool:
        """True where each weight stands for itself."""
        return self.block == (1, 1)

    @property
    def grows(self) -> bool:
        """False for units: one without weights has no gradients to grow by."""
        return self.block is not None
