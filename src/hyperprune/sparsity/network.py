"""A model's parameters, their masks and their optimiser, changed together."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.optim import Optimizer

from hyperprune.errors import ConfigurationError
from hyperprune.sparsity import distributed, optimizer_state
from hyperprune.sparsity.death import DEATH
from hyperprune.sparsity.growth import GROWTH
from hyperprune.sparsity.growth import random as random_growth
from hyperprune.sparsity.initial import initial_counts
from hyperprune.sparsity.masked import MaskedParameters
from hyperprune.sparsity.optimizer_state import FollowsTopology
from hyperprune.sparsity.parameters import Prunable
from hyperprune.sparsity.ramp import ramp_deaths, ramp_density
from hyperprune.sparsity.redistribution import REDISTRIBUTION
from hyperprune.sparsity.rules import Memory, Topology
from hyperprune.sparsity.select import keep_highest
from hyperprune.sparsity.signals import gradients, momenta
from hyperprune.sparsity.update import Change, die_and_grow, die_only
from hyperprune.sparsity.variant import PruningVariant


class SparseNetwork:
    """The space half of sparse training: which weights live. It knows nothing of time.

    Args:
        variant: the rules.
        prunable: the matrices and their budgets.
        optimizer: theirs.
        generator: CPU generator, advanced by initial masks and random growth.
        synchronize: take the first process's masks.
        keep_largest: at the start the largest weights of each matrix live, and not random ones.
    """

    def __init__(
        self,
        variant: PruningVariant,
        prunable: Prunable,
        optimizer: Optimizer,
        generator: torch.Generator,
        *,
        synchronize: bool,
        keep_largest: bool = False,
    ) -> None:
        self.variant = variant
        self.generator = generator
        self.memory: Memory = dict(DEATH[variant.death].memory)
        self._prunable = prunable
        self._optimizer = optimizer
        self._follower = optimizer if isinstance(optimizer, FollowsTopology) else None
        self._synchronize = synchronize
        self._keep_largest = keep_largest
        self._check_optimizer()
        self._final = initial_counts(prunable, variant.sparse_init, variant.density, variant.densities)
        self._check_counts()
        if synchronize:
            distributed.share_generator(generator, next(iter(prunable.parameters.values())).device)
        self.live, masks = self._first_masks()
        if synchronize:
            masks = distributed.share_masks(masks)
        self._masked = MaskedParameters(prunable.parameters, masks)
        self._masked.apply()
        self._announce({})

    @property
    def masks(self) -> dict[str, Tensor]:
        """Masks by parameter name."""
        return self._masked.masks

    @torch.no_grad()
    def update(self, rate: float, progress: float) -> Change:
        """One topology update at death rate ``rate``, or at ``progress`` of the budget for a ramp."""
        self.follow()
        variant = self.variant
        topology = self._topology()
        if variant.ramp is not None:
            density = ramp_density(variant.density, variant.ramp, progress)
            overall = variant.death == "global_magnitude"
            change = die_only(topology, ramp_deaths(topology, self._final, density, overall=overall))
        else:
            change = die_and_grow(
                topology,
                DEATH[variant.death],
                GROWTH[variant.growth],
                REDISTRIBUTION[variant.redistribution],
                rate=rate,
                memory=self.memory,
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

    def follow(self) -> None:
        """Take the masks along with a model that was moved or cast since the last step."""
        if self._masked.follow():
            self._announce({})

    @torch.no_grad()
    def load(self, masks: Mapping[str, Tensor]) -> None:
        """Take masks from a checkpoint."""
        self._masked.replace(masks)
        self.live = {n: int(mask.sum()) for n, mask in self._prunable.join(self.masks).items()}
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
                optimizer_state.clear_entries(self._optimizer, parameter, grown[name])

    def _first_masks(self) -> tuple[dict[str, int], dict[str, Tensor]]:
        """At random or the largest; for a ramp the largest at the density it begins with."""
        parameters = {name: parameter.detach() for name, parameter in self._prunable.parameters.items()}
        every = self._prunable.join({n: torch.ones_like(p, dtype=torch.bool) for n, p in parameters.items()})
        if self.variant.ramp is None:
            scores = random_growth.scores(every, {}, self.generator)
            if self._keep_largest:  # the generator has advanced all the same
                scores = {name: weights.abs() for name, weights in self._prunable.join(parameters).items()}
            masks = {
                name: keep_highest(scores[name], mask, self._final[name]) for name, mask in every.items()
            }
            return dict(self._final), self._prunable.part(masks)
        sizes = {name: mask.numel() for name, mask in every.items()}
        topology = Topology(self._prunable.join(parameters), every, sizes)
        density = ramp_density(self.variant.density, self.variant.ramp, 0.0)
        overall = self.variant.death == "global_magnitude"
        change = die_only(topology, ramp_deaths(topology, self._final, density, overall=overall))
        live = {name: size - change.died[name] for name, size in sizes.items()}
        return live, self._prunable.part(change.masks)

    def _check_optimizer(self) -> None:
        held = {id(p) for group in self._optimizer.param_groups for p in group["params"]}
        for name, parameter in self._prunable.parameters.items():
            if id(parameter) not in held or not parameter.requires_grad:
                why = "frozen" if not parameter.requires_grad else "not among the optimiser's parameters"
                raise ConfigurationError(
                    f"a prunable parameter must train, {name} is {why}: exclude it or give it to the "
                    "optimiser"
                )
        if self.variant.needs_momentum and not optimizer_state.keeps_momentum(self._optimizer):
            raise ConfigurationError(
                f"growth {self.variant.growth!r} with redistribution {self.variant.redistribution!r} reads "
                f"momenta, got {type(self._optimizer).__name__} that keeps none: use SGD with momentum, Adam "
                "or AdamW"
            )

    def _check_counts(self) -> None:
        variant, filled = self.variant, sum(p.numel() > 0 for p in self._prunable.parameters.values())
        if (
            variant.ramp is not None
            and variant.death == "global_magnitude"
            and sum(self._final.values()) < filled
        ):
            raise ConfigurationError(
                f"'global_magnitude' leaves each matrix one weight, got density {variant.density}, which is "
                f"{sum(self._final.values())} weights for {filled} matrices: raise it or use 'magnitude'"
            )
