"""A model's parameters, their masks and their optimiser, changed together."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.optim import Optimizer

from hyperprune.errors import ConfigurationError
from hyperprune.sparsity import distributed
from hyperprune.sparsity.counts.initial import initial_counts
from hyperprune.sparsity.counts.live import live_counts
from hyperprune.sparsity.criterion import CRITERION
from hyperprune.sparsity.death import DEATH
from hyperprune.sparsity.first_masks import first_masks
from hyperprune.sparsity.growth import GROWTH
from hyperprune.sparsity.optimizers import state as optimizer_state
from hyperprune.sparsity.optimizers.checks import check_optimizer
from hyperprune.sparsity.optimizers.signals import gradients, momenta
from hyperprune.sparsity.optimizers.state import FollowsTopology
from hyperprune.sparsity.parameters.masked import MaskedParameters
from hyperprune.sparsity.parameters.prunable import Prunable
from hyperprune.sparsity.redistribution import REDISTRIBUTION
from hyperprune.sparsity.rules import Memory, Tensors, Topology
from hyperprune.sparsity.scheduled import scheduled_deaths
from hyperprune.sparsity.update import Change, die_and_grow, die_only
from hyperprune.sparsity.variants.variant import PruningVariant
from hyperprune.sparsity.weight_scale import WEIGHT_SCALE


class SparseNetwork:
    """The space half of sparse training: which weights live. It knows nothing of time.

    Args:
        variant: the rules.
        prunable: the matrices and their budgets.
        optimizer: theirs.
        generator: CPU generator, advanced by initial masks and random growth.
        synchronize: take the first process's masks.
        criterion: which weights live first; None for the variant's.
        scores: by parameter name, for a criterion that reads them.
    """

    def __init__(
        self,
        variant: PruningVariant,
        prunable: Prunable,
        optimizer: Optimizer,
        generator: torch.Generator,
        *,
        synchronize: bool,
        criterion: str | None = None,
        scores: Tensors | None = None,
    ) -> None:
        self.variant = variant
        self.generator = generator
        self.memory: Memory = dict(DEATH[variant.death].memory)
        self._prunable = prunable
        self._optimizer = optimizer
        self._follower = optimizer if isinstance(optimizer, FollowsTopology) else None
        self._synchronize = synchronize
        self._criterion = CRITERION[criterion or variant.criterion]
        check_optimizer(optimizer, prunable.parameters, variant)
        self._final = initial_counts(
            prunable, variant.sparse_init, variant.density, variant.densities, variant.density_factors
        )
        self._check_counts()
        if synchronize:
            distributed.share_generator(generator, next(iter(prunable.parameters.values())).device)
        masks = self._first_masks(scores)
        if synchronize:
            masks = distributed.share_masks(masks)
        self.live = live_counts(prunable.join(masks))
        self._masked = MaskedParameters(prunable.parameters, masks)
        self._masked.apply()
        self._masked.scale(WEIGHT_SCALE[variant.weight_scale])
        self._announce({})

    @property
    def masks(self) -> dict[str, Tensor]:
        """Masks by parameter name."""
        return self._masked.masks

    @torch.no_grad()
    def update(self, rate: float, progress: float) -> Change:
        """One topology update at death rate ``rate``, or at ``progress`` of the budget for a schedule."""
        self.follow()
        variant = self.variant
        topology = self._topology()
        if variant.scheduled:
            change = self._scheduled(topology, progress)
        else:
            change = die_and_grow(
                topology,
                DEATH[variant.death],
                GROWTH[variant.growth],
                REDISTRIBUTION[variant.redistribution],
                rate=rate,
                memory={**DEATH[variant.death].options, **dict(variant.death_options), **self.memory},
                signal=self._signal(topology),
                generator=self.generator,
            )
        if self._synchronize:
            change = distributed.share_change(change)
        self._take(change)
        return change

    @torch.no_grad()
    def mask(self) -> None:
        """Set dead weights to zero, and their optimiser state unless growth reads it."""
        if self._follower is not None:
            return
        self._masked.apply()
        if not self.variant.keeps_dead_momentum:
            for name, parameter in self._prunable.parameters.items():
                self._masked.apply_to(name, optimizer_state.state_tensors(self._optimizer, parameter))

    @torch.no_grad()
    def mask_weights(self) -> None:
        """Set dead weights to zero, and nothing else."""
        self._masked.apply()

    def follow(self) -> None:
        """Take the masks along with a model that was moved or cast since the last step."""
        if self._masked.follow():
            self._announce({})

    @torch.no_grad()
    def load(self, masks: Mapping[str, Tensor]) -> None:
        """Take masks from a checkpoint."""
        self._masked.replace(masks)
        self.live = live_counts(self._prunable.join(self.masks))
        self._masked.apply()
        self._announce({})

    def _topology(self) -> Topology:
        weights = self._prunable.join({n: p.detach() for n, p in self._prunable.parameters.items()})
        momentum: dict[str, Tensor] = {}
        if self.variant.needs_momentum:
            momentum = self._prunable.join(momenta(self._prunable.parameters, self._optimizer))
        return Topology(weights, self._prunable.join(self.masks), self.live, momentum)

    def _signal(self, topology: Topology) -> Mapping[str, Tensor]:
        needs = GROWTH[self.variant.growth].needs
        if needs == "gradient":
            return self._prunable.join(gradients(self._prunable.parameters))
        return topology.momenta if needs == "momentum" else {}

    def _take(self, change: Change) -> None:
        self.memory = change.memory
        self.live = {name: live - change.died[name] + change.grew[name] for name, live in self.live.items()}
        grown = self._prunable.part(change.grown)
        self._masked.replace(self._prunable.part(change.masks))
        self._masked.apply()
        for name, parameter in self._prunable.parameters.items():
            parameter.masked_fill_(grown[name], 0)
        self._announce(grown)

    def _announce(self, grown: Mapping[str, Tensor]) -> None:
        for name, parameter in self._prunable.parameters.items():
            if self._follower is not None:
                self._follower.topology_changed(parameter, self._masked.stencils[name], grown.get(name))
            elif name in grown:
                optimizer_state.restart_entries(self._optimizer, parameter, grown[name])

    def _first_masks(self, scores: Tensors | None) -> dict[str, Tensor]:
        """By the criterion; for a density schedule as it begins."""
        if not self.variant.scheduled:
            return first_masks(self.variant, self._criterion, self._prunable, self.generator, scores)
        if scores is not None:
            raise ConfigurationError(
                f"density schedule {self.variant.density_schedule!r} begins with all weights, got scores, "
                "which would have no effect: leave them out"
            )
        weights = self._prunable.join({n: p.detach() for n, p in self._prunable.parameters.items()})
        every = {n: torch.ones(w.shape, dtype=torch.bool, device=w.device) for n, w in weights.items()}
        topology = Topology(weights, every, {name: mask.numel() for name, mask in every.items()})
        return self._prunable.part(self._scheduled(topology, 0.0).masks)

    def _scheduled(self, topology: Topology, progress: float) -> Change:
        density = self.variant.density_at(progress)
        return die_only(topology, scheduled_deaths(topology, self._final, density, DEATH[self.variant.death]))

    def _check_counts(self) -> None:
        variant, filled = self.variant, sum(p.numel() > 0 for p in self._prunable.parameters.values())
        if variant.scheduled and DEATH[variant.death].keeps_last and sum(self._final.values()) < filled:
            raise ConfigurationError(
                f"death {variant.death!r} leaves each matrix one weight, got density {variant.density}, "
                f"which is {sum(self._final.values())} weights for {filled} matrices: raise it"
            )
