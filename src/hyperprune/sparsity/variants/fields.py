"""The fields of a pruning variant."""

from dataclasses import dataclass
from typing import Literal

UpdateInterval = int | Literal["epoch"] | None


@dataclass(frozen=True, kw_only=True)
class VariantFields:
    """What a :class:`~hyperprune.sparsity.variants.variant.PruningVariant` is made of, unchecked.

    Attributes:
        density: fraction of live weights over all prunable matrices together, in (0, 1]; with a density
            schedule, at its end.
        sparse_init: name in ``SPARSE_INIT``; how the live weights are divided between the matrices.
        death: name in ``DEATH``; which live weights die.
        growth: name in ``GROWTH``; which dead weights come alive.
        redistribution: name in ``REDISTRIBUTION``; how the deaths are shared out between the matrices.
        death_rate: fraction of the live weights that die at an update, in [0, 1); 0 is static.
        decay: name in ``DECAY``; how the death rate falls over the full budget.
        update_interval: ``epoch``, a number of steps, or None for updates by hand.
        exclude: patterns of parameters that stay dense.
        densities: (pattern, density) of parameters whose density at the start is given; the first match
            counts.
        share_budget: groups of patterns of parameters that share one budget.
        density_schedule: name in ``DENSITY_SCHEDULE``; how dense the network is when.
        schedule_span: the fractions of the budget's steps between which the density falls from 1; None for
            the schedule's own.
        death_options: (name, value) of options that the death rule has.
        update_until: fraction of the budget at which updates end, and over which the death rate decays.
        update_replaces_step: an update takes the place of the optimiser's step, as in RigL.
        weight_scale: name in ``WEIGHT_SCALE``; how large fresh weights are once they are masked.
        criterion: name in ``CRITERION``; which weights live first.
        density_factors: (pattern, factor) of parameters whose share of the live weights at the start is
            multiplied; the first match counts, and the total stays exact.
        pattern: name in ``PATTERN``; which weights live and die together.
        keep_diagonal: the diagonals of recurrent matrices always live, one in each gate: within the density
            where weights are single, on top of it where they are in blocks.
        gate_densities: (gate, density) of the gates of recurrent layers, such as ``reset``, ``update`` and
            ``new``. Each gate is a budget of its own, and what its matrix has is divided in proportion: where
            their mean is the density of the matrix, they are reached as they stand.
    """

    density: float
    sparse_init: str = "uniform"
    death: str = "magnitude"
    growth: str = "random"
    redistribution: str = "none"
    death_rate: float = 0.5
    decay: str = "cosine"
    update_interval: UpdateInterval = "epoch"
    exclude: tuple[str, ...] = ()
    densities: tuple[tuple[str, float], ...] = ()
    share_budget: tuple[tuple[str, ...], ...] = ()
    density_schedule: str = "constant"
    schedule_span: tuple[float, float] | None = None
    death_options: tuple[tuple[str, float], ...] = ()
    update_until: float = 1.0
    update_replaces_step: bool = False
    weight_scale: str = "dense"
    criterion: str = "random"
    density_factors: tuple[tuple[str, float], ...] = ()
    pattern: str = "1x1"
    keep_diagonal: bool = False
    gate_densities: tuple[tuple[str, float], ...] = ()
