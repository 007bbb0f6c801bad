"""A model's parameters, their masks and their optimiser, changed together."""

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor
from torch.optim import Optimizer

from hyperprune.errors import ConfigurationError
from hyperprune.sparsity import distributed
from hyperprune.sparsity.counts.live import live_counts
from hyperprune.sparsity.criterion import CRITERION
from hyperprune.sparsity.death import DEATH
from hyperprune.sparsity.first_masks import first_masks
from hyperprune.sparsity.grain.contract import Grain
from hyperprune.sparsity.grain.groups import Groups
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
        grain: what of them lives and dies as one.
        optimizer: theirs.
        generator: CPU generator, advanced by initial masks and random growth.
        synchronize: take the first process's masks.
        criterion: which weights live first; None for the variant's.
        scores: by parameter name, for a criterion that reads them.

    Attributes:
        final: live entries of each matrix where a density schedule ends.
    """

    def __init__(
        self,
        variant: PruningVariant,
        prunable: Prunable,
        grain: Grain,
        optimizer: Optimizer,
        generator: torch.Generator,
        *,
        synchronize: bool,
        criterion: str | None = None,
        scores: Tensors | None = None,
    ) -> None:
        self.variant = variant
        self.generator = generator
        self._prunable = prunable
        self._grain = grain
        self._groups = Groups(grain.groups)
        self.memory: Memory = self._groups.memory(DEATH[variant.death].memory)
        self._optimizer = optimizer
        self._follower = optimizer if isinstance(optimizer, FollowsTopology) else None
        self._synchronize = synchronize
        self._criterion = CRITERION[criterion or variant.criterion]
        check_optimizer(optimizer, prunable.parameters, variant)
        self.final = grain.first_counts(variant)
        self._check_counts()
        if synchronize:
            distributed.share_generator(generator, next(iter(prunable.parameters.values())).device)
        masks = self._first_masks(scores)
        if synchronize:
            masks = distributed.share_masks(masks)
        self.live = live_counts(grain.live(masks))
        self._masked = MaskedParameters(prunable.parameters, masks)
        self._masked.apply()
        self._masked.scale(WEIGHT_SCALE[variant.weight_scale])
        self._announce({})

    @property
    def masks(self) -> dict[str, Tensor]:
        """Masks by parameter name."""
        return self._masked.masks

    @property
    def inexact(self) -> bool:
        """Whether the density that is reached may differ from the one that was asked for."""
        return not self._grain.whole

    @property
    def sizes(self) -> dict[str, int]:
        """All entries of what ``live`` and ``final`` count, by the same names."""
        return {name: entries.numel() for name, entries in self._grain.live(self.masks).items()}

    def live_weights(self) -> int:
        """Live weights of all matrices together."""
        return sum((self.live if self._grain.whole else live_counts(self.masks)).values())

    def misfit(self, masks: Mapping[str, Tensor]) -> str | None:
        """What makes masks none of this network's: torn blocks, or too many or too few; none for nothing."""
        entries = self._grain.live(masks)
        whole = self._grain.spread(entries)
        torn = [name for name, mask in masks.items() if not torch.equal(whole[name], mask)]
        if torn:
            return f"masks must be of pattern {self.variant.pattern}, got one of {torn[0]} that is not"
        counted, live = sum(live_counts(entries).values()), sum(self.live.values())
        if not self.variant.scheduled and counted != live:
            return (
                f"masks must hold {live} live {'weights' if self._grain.whole else 'blocks'}, got {counted}"
            )
        return None

    @torch.no_grad()
    def update(self, rate: float, progress: float) -> Change:
        """One topology update at death rate ``rate``, or at ``progress`` of the budget for a schedule."""
        self.follow()
        topology = self._topology()
        signal = self._signal(topology)
        changes = [
            self._scheduled(own, progress)
            if self.variant.scheduled
            else self._changed(own, number, rate, {name: signal[name] for name in own.masks if signal})
            for number, own in enumerate(self._groups.split(topology))
        ]
        change = self._groups.join(changes)
        if self._synchronize:
            change = distributed.share_change(change)
        return self._take(change)

    @torch.no_grad()
    def mask(self) -> None:
        """Set dead weights to zero, and their optimiser state unless growth reads it."""
        if self._follower is not None:
            return
        self._masked.apply()
        if not self.variant.keeps_dead_momentum:
            states = optimizer_state.state_tensors(self._optimizer, self._prunable.parameters)
            for name, tensors in states.items():
                self._masked.apply_to(name, tensors)

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
        self.live = live_counts(self._grain.live(self.masks))
        self._masked.apply()
        self._announce({})

    def _topology(self) -> Topology:
        grain = self._grain
        momentum: dict[str, Tensor] = {}
        if self.variant.needs_momentum:
            momentum = grain.scored(momenta(self._prunable.parameters, self._optimizer))
        return Topology(grain.scored(self._weights()), grain.live(self.masks), self.live, momentum)

    def _weights(self) -> dict[str, Tensor]:
        return {name: parameter.detach() for name, parameter in self._prunable.parameters.items()}

    def _signal(self, topology: Topology) -> Mapping[str, Tensor]:
        needs = GROWTH[self.variant.growth].needs
        if needs == "gradient" and self.variant.grows:
            return self._grain.scored(gradients(self._prunable.parameters))
        return topology.momenta if needs == "momentum" else {}

    def _changed(self, topology: Topology, group: int, rate: float, signal: Tensors) -> Change:
        variant = self.variant
        memory = self._groups.memory_of(group, self.memory)
        return die_and_grow(
            topology,
            DEATH[variant.death],
            GROWTH[variant.growth],
            REDISTRIBUTION[variant.redistribution],
            rate=rate,
            memory={**DEATH[variant.death].options, **dict(variant.death_options), **memory},
            signal=signal,
            generator=self.generator,
        )

    def _take(self, change: Change) -> Change:
        """Change the network; gives the change with the numbers of weights by matrix."""
        self.memory = change.memory
        self.live = {name: live - change.died[name] + change.grew[name] for name, live in self.live.items()}
        masks, grown = self._grain.spread(change.masks), self._grain.spread(change.grown)
        if not self._grain.whole:
            died = live_counts({name: mask & ~masks[name] for name, mask in self.masks.items()})
            grown = {name: mask & ~self.masks[name] for name, mask in grown.items()}
            change = replace(change, died=died, grew=live_counts(grown))
        self._masked.replace(masks)
        self._masked.apply()
        for name, parameter in self._prunable.parameters.items():
            parameter.masked_fill_(grown[name], 0)
        self._announce(grown)
        return change

    def _announce(self, grown: Mapping[str, Tensor]) -> None:
        for name, parameter in self._prunable.parameters.items():
            if self._follower is not None:
                self._follower.topology_changed(parameter, self._masked.stencils[name], grown.get(name))
            elif name in grown:
                optimizer_state.restart_entries(self._optimizer, parameter, grown[name])

    def _first_masks(self, scores: Tensors | None) -> dict[str, Tensor]:
        """By the criterion. A density schedule begins with its own density, and ends with as many weights of
        each matrix as the criterion finds in the trained network.
        """
        if not self.variant.scheduled or self.variant.trained:
            rule, prunable = self._criterion, self._prunable
            found = first_masks(self.variant, rule, prunable, self._grain, self.generator, scores)
            if not self.variant.scheduled:
                return found
            self.final = live_counts(self._grain.live(found))
        elif scores is not None:
            raise ConfigurationError(
                f"criterion {self.variant.criterion!r} reads no scores, got some, which have no effect: "
                "leave them out"
            )
        weights = self._grain.scored(self._weights())
        every = {n: torch.ones(w.shape, dtype=torch.bool, device=w.device) for n, w in weights.items()}
        topology = Topology(weights, every, {name: mask.numel() for name, mask in every.items()})
        changes = [self._scheduled(own, 0.0) for own in self._groups.split(topology)]
        return self._grain.spread(self._groups.join(changes).masks)

    def _scheduled(self, topology: Topology, progress: float) -> Change:
        names = tuple(topology.masks)
        density, final = self.variant.density_at(progress), {name: self.final[name] for name in names}
        ended = density == self.variant.density
        target = sum(final.values()) if ended else self._grain.target(names, density)
        return die_only(topology, scheduled_deaths(topology, final, target, DEATH[self.variant.death]))

    def _check_counts(self) -> None:
        variant = self.variant
        if not variant.scheduled or not DEATH[variant.death].keeps_last:
            return
        sizes = {name: mask.numel() for name, mask in self._grain.scored(self._weights()).items()}
        for group in self._grain.groups:
            filled, left = sum(sizes[n] > 0 for n in group), sum(self.final[n] for n in group)
            if left < filled:
                raise ConfigurationError(
                    f"death {variant.death!r} leaves each matrix one weight, got density {variant.density}, "
                    f"which is {left} weights for {filled} matrices: raise it"
                )
