"""Sparse training of any module with any optimiser: the pieces put together."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from hyperprune.sparsity import checkpoint, optimizer_state
from hyperprune.sparsity.clip import Scope, clip_grad_norm_
from hyperprune.sparsity.decay import DECAY
from hyperprune.sparsity.distributed import several_processes
from hyperprune.sparsity.generators import cpu_generator
from hyperprune.sparsity.methods import METHODS
from hyperprune.sparsity.network import SparseNetwork
from hyperprune.sparsity.parameters import find_prunable, unwrap
from hyperprune.sparsity.ramp import check_ramp
from hyperprune.sparsity.schedule import Clock
from hyperprune.sparsity.update import TopologyUpdate
from hyperprune.sparsity.variant import Interval, PruningVariant, patterns

Densities = Mapping[str, float] | Sequence[tuple[str, float]]


class SparseTraining:
    """Keeps a model sparse while it trains; call :meth:`step` in place of ``optimizer.step()``.

    Order inside a step: backward and clip (the caller's), topology update if one is due, optimiser, mask.
    The number of live weights is exactly floor(D * N + 0.5) at all times.

    Args:
        model: any module; DistributedDataParallel and compiled modules are looked into.
        optimizer: holds every prunable parameter of the model.
        density: fraction of live weights over all prunable matrices; for this and the other rules and
            patterns see :class:`PruningVariant`, whose fields have the same names.
        sparse_init: where the live weights are at the start.
        death: which live weights die.
        growth: which dead weights come alive.
        redistribution: how the deaths are shared out between the matrices.
        death_rate: fraction of the live weights that die at an update; 0 is static.
        total_steps: optimiser steps of the full budget, over which the death rate decays and after which no
            update happens by itself; None keeps the rate constant.
        decay: how the death rate falls.
        update_interval: ``epoch``, a number of steps, or None for :meth:`update_topology` alone.
        generator: CPU generator for masks and random growth; by default one of a fixed seed.
        exclude: patterns of parameters that stay dense.
        densities: density at the start by pattern.
        share_budget: groups of patterns of parameters that share one budget.
        ramp: fractions of the budget between which the density falls from 1.
        synchronize: take the first process's masks in all processes; None: if a process group has several
            members.
        keep_largest: for a model that is trained already: the first masks keep, of each matrix, its largest
            weights, as many as ``sparse_init`` gives it; at random otherwise.

    Raises:
        UnknownNameError: a rule that no registry holds.
        ConfigurationError: an impossible value or combination; says why.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer,
        *,
        density: float,
        sparse_init: str,
        death: str,
        growth: str,
        redistribution: str,
        death_rate: float,
        total_steps: int | None = None,
        decay: str = "cosine",
        update_interval: Interval = None,
        generator: torch.Generator | None = None,
        exclude: Sequence[str] = (),
        densities: Densities = (),
        share_budget: Sequence[Sequence[str]] = (),
        ramp: tuple[float, float] | None = None,
        synchronize: bool | None = None,
        keep_largest: bool = False,
    ) -> None:
        self.variant = PruningVariant(
            density=density,
            sparse_init=sparse_init,
            death=death,
            growth=growth,
            redistribution=redistribution,
            death_rate=death_rate,
            decay=decay,
            update_interval=update_interval,
            exclude=patterns("exclude", exclude),
            densities=_pairs(densities),
            share_budget=tuple(patterns("share_budget", group) for group in share_budget),
            ramp=ramp,
        )
        self.optimizer = optimizer
        self._model = unwrap(model)
        self._clock = Clock(update_interval, total_steps)
        if ramp is not None:
            check_ramp(ramp, update_interval, total_steps)
        self._network = SparseNetwork(
            self.variant,
            find_prunable(self._model, exclude=self.variant.exclude, share_budget=self.variant.share_budget),
            optimizer,
            cpu_generator(generator),
            synchronize=several_processes() if synchronize is None else synchronize,
            keep_largest=keep_largest,
        )

    @classmethod
    def from_variant(
        cls,
        variant: PruningVariant,
        model: nn.Module,
        optimizer: Optimizer,
        *,
        total_steps: int | None = None,
        generator: torch.Generator | None = None,
        synchronize: bool | None = None,
        keep_largest: bool = False,
    ) -> "SparseTraining":
        """Sparse training by a record; the arguments are the constructor's."""
        return cls(
            model,
            optimizer,
            density=variant.density,
            sparse_init=variant.sparse_init,
            death=variant.death,
            growth=variant.growth,
            redistribution=variant.redistribution,
            death_rate=variant.death_rate,
            total_steps=total_steps,
            decay=variant.decay,
            update_interval=variant.update_interval,
            generator=generator,
            exclude=variant.exclude,
            densities=variant.densities,
            share_budget=variant.share_budget,
            ramp=variant.ramp,
            synchronize=synchronize,
            keep_largest=keep_largest,
        )

    @classmethod
    def from_method(
        cls,
        name: str,
        model: nn.Module,
        optimizer: Optimizer,
        *,
        density: float,
        total_steps: int | None = None,
        death_rate: float | None = None,
        decay: str | None = None,
        sparse_init: str | None = None,
        update_interval: Interval | Literal["method"] = "method",
        generator: torch.Generator | None = None,
        exclude: Sequence[str] = (),
        densities: Densities = (),
        share_budget: Sequence[Sequence[str]] = (),
        synchronize: bool | None = None,
    ) -> "SparseTraining":
        """Sparse training by a published method, a name in ``METHODS``; what isn't given is the method's own.

        Raises:
            UnknownNameError: a name that the registry doesn't hold.
            ConfigurationError: as the constructor.
        """
        variant = METHODS[name].at(
            density,
            death_rate=death_rate,
            decay=decay,
            sparse_init=sparse_init,
            update_interval=update_interval,
            exclude=patterns("exclude", exclude),
            densities=_pairs(densities),
            share_budget=share_budget,
        )
        return cls.from_variant(
            variant, model, optimizer, total_steps=total_steps, generator=generator, synchronize=synchronize
        )

    @property
    def masks(self) -> dict[str, Tensor]:
        """Parameter name -> bool tensor of its shape, True where live; the truth, so don't change them."""
        return self._network.masks

    @property
    def steps(self) -> int:
        """Optimiser steps taken; a step that a gradient scaler skipped is none."""
        return self._clock.steps

    @property
    def death_rate(self) -> float:
        """Death rate p of now, after its decay."""
        return DECAY[self.variant.decay].rate(self.variant.death_rate, self._clock.progress)

    def live(self) -> int:
        """Number of live weights of all matrices together."""
        return sum(self._network.live.values())

    def density(self) -> float:
        """Fraction of live weights over all prunable matrices."""
        return self.live() / sum(mask.numel() for mask in self.masks.values())

    def begin_epoch(self) -> None:
        """Call at the start of every epoch; with ``update_interval="epoch"`` it updates, but for the first.

        Growth by gradient waits for the gradients of the epoch's first step. Other intervals ignore it.
        """
        if not self._clock.begin_epoch() or self.variant.static:
            return
        if self.variant.needs_gradient:
            self._clock.pending = True
        else:
            self.update_topology()

    def update_topology(self) -> TopologyUpdate:
        """One death-and-growth update now, due or not; with a ramp, pruning to the density of now.

        Raises:
            ConfigurationError: the growth rule needs gradients or momenta that don't exist yet.
        """
        self._clock.pending = False
        rate = self.death_rate
        if self.variant.static:
            nothing = dict.fromkeys(self._network.live, 0)
            return TopologyUpdate(self.steps, rate, nothing, nothing)
        change = self._network.update(rate, self._clock.progress)
        return TopologyUpdate(self.steps, rate, change.died, change.grew)

    def step(self, scaler: optimizer_state.Scaler | None = None) -> bool:
        """Topology update if one is due, then the optimiser, then the masks.

        Args:
            scaler: a gradient scaler; it is stepped in the optimiser's place. A step that it skips counts for
                nothing: no update, no decay.

        Returns:
            True if the optimiser was stepped.
        """
        before = self.steps
        hooks = [
            self.optimizer.register_step_pre_hook(lambda *_: self._before_optimizer()),
            self.optimizer.register_step_post_hook(lambda *_: self._after_optimizer()),
        ]
        try:
            if scaler is None:
                self.optimizer.step()
            else:
                scaler.step(self.optimizer)
        finally:
            for hook in hooks:
                hook.remove()
        return self.steps > before

    def clip_grad_norm_(self, max_norm: float, scope: Scope = "all") -> Tensor:
        """Scale the gradients of the whole model to a norm of at most ``max_norm``; returns the norm before.

        Args:
            max_norm: largest norm.
            scope: ``all`` counts the gradients of dead weights too, as published; ``live`` leaves them out.
        """
        return clip_grad_norm_(self._model, self.masks, max_norm, scope)

    def state_dict(self) -> dict[str, Any]:
        """Masks (bool) and the generator's state (uint8) as tensors, everything else as JSON can hold it.

        With the model's and the optimiser's own states a run continues from it bit for bit.
        """
        return checkpoint.save(self._network, self._clock)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take a state of :meth:`state_dict`, before or after the model's and the optimiser's.

        Raises:
            CheckpointError: it belongs to another variant or model.
        """
        checkpoint.load(state, self._network, self._clock)

    def _before_optimizer(self) -> None:
        self._network.follow()
        if self._clock.due() and not self.variant.static and not optimizer_state.overflowed(self.optimizer):
            self.update_topology()

    def _after_optimizer(self) -> None:
        if not optimizer_state.overflowed(self.optimizer):
            self._clock.steps += 1
            self._network.mask()


def _pairs(densities: Densities) -> tuple[tuple[str, float], ...]:
    return tuple(densities.items() if isinstance(densities, Mapping) else densities)
