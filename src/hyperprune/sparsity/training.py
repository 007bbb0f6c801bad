"""Sparse training of any module with any optimiser: the pieces put together."""

import dataclasses
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from hyperprune.sparsity import stored_state
from hyperprune.sparsity.decay import DECAY
from hyperprune.sparsity.distributed import several_processes
from hyperprune.sparsity.generators import cpu_generator
from hyperprune.sparsity.grain.build import grain_of
from hyperprune.sparsity.network import SparseNetwork
from hyperprune.sparsity.optimizers import state as optimizer_state
from hyperprune.sparsity.optimizers.clip import Scope, clip_grad_norm_
from hyperprune.sparsity.parameters.prunable import find_prunable, unwrap
from hyperprune.sparsity.schedule import Clock
from hyperprune.sparsity.scheduled import check_schedule
from hyperprune.sparsity.stepping import Stepper
from hyperprune.sparsity.update import TopologyUpdate
from hyperprune.sparsity.variants.fields import UpdateInterval
from hyperprune.sparsity.variants.methods import METHODS
from hyperprune.sparsity.variants.variant import Numbers, PruningVariant, pairs, patterns

_LOG = logging.getLogger(__name__)


class SparseTraining:
    """Keeps a model sparse while it trains; call :meth:`step` in place of ``optimizer.step()``.

    Order inside a step: backward and clip (the caller's), topology update if one is due, optimiser, mask.
    Exactly floor(D * N + 0.5) weights live at all times; with a pattern, as many blocks of their number.

    Args:
        model: any module; DistributedDataParallel and compiled modules are looked into.
        optimizer: holds every prunable parameter of the model; may wrap another one.
        density: fraction of live weights over all prunable matrices. For this and all further arguments up to
            ``gate_densities`` see :class:`PruningVariant`, whose fields have the same names, meanings and
            defaults. Patterns with numbers may be given as a mapping.
        total_steps: optimiser steps of the full budget, over which the death rate decays and after which no
            update happens by itself; None keeps the rate constant.
        generator: CPU generator for masks and random growth; by default one of a fixed seed.
        synchronize: take the first process's masks in all processes; None: if a process group has several
            members.
        scores: for a criterion that reads them: by parameter name, as :func:`taylor_scores` gives them.
        keep_largest: as ``criterion="magnitude"``, if no other is given, but no part of the variant.

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
        sparse_init: str = "uniform",
        death: str = "magnitude",
        growth: str = "random",
        redistribution: str = "none",
        death_rate: float = 0.5,
        decay: str = "cosine",
        update_interval: UpdateInterval = "epoch",
        exclude: Sequence[str] = (),
        densities: Numbers = (),
        share_budget: Sequence[Sequence[str]] = (),
        density_schedule: str = "constant",
        schedule_span: tuple[float, float] | None = None,
        death_options: Numbers = (),
        update_until: float = 1.0,
        update_replaces_step: bool = False,
        weight_scale: str = "dense",
        criterion: str = "random",
        density_factors: Numbers = (),
        pattern: str = "1x1",
        keep_diagonal: bool = False,
        gate_densities: Numbers = (),
        total_steps: int | None = None,
        generator: torch.Generator | None = None,
        synchronize: bool | None = None,
        scores: Mapping[str, Tensor] | None = None,
        keep_largest: bool = False,
    ) -> None:
        given = locals()  # the arguments, which have the names of the variant's fields
        rules = {field.name: given[field.name] for field in dataclasses.fields(PruningVariant)}
        self.variant = variant = PruningVariant(**rules)
        self.optimizer = optimizer
        self._model = unwrap(model)
        self._clock = Clock(update_interval, total_steps, until=update_until)
        largest = keep_largest and not variant.trained and not variant.scheduled
        first = dataclasses.replace(variant, criterion="magnitude" if largest else criterion).criterion
        if variant.schedule_span is not None:
            check_schedule(variant.schedule_span, update_interval, total_steps)
        prunable = find_prunable(self._model, exclude=variant.exclude, share_budget=variant.share_budget)
        self._network = SparseNetwork(
            variant,
            prunable,
            grain_of(variant, prunable, self._model),
            optimizer,
            cpu_generator(generator),
            synchronize=several_processes() if synchronize is None else synchronize,
            criterion=first,
            scores=scores,
        )
        self._stepper = Stepper(optimizer, self._network, self._clock, self.update_topology)
        if self._network.inexact and not variant.scheduled:
            said = "pattern %s: density %.4f is reached, %s was asked for"
            _LOG.info(said, variant.pattern, self.density(), variant.density)
        if update_interval is None and not variant.static:
            _LOG.warning(
                "update_interval None: masks change in update_topology() alone, which is yours to call"
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
        scores: Mapping[str, Tensor] | None = None,
        keep_largest: bool = False,
    ) -> "SparseTraining":
        """Sparse training by a record; the arguments are the constructor's."""
        rules: dict[str, Any] = {f.name: getattr(variant, f.name) for f in dataclasses.fields(variant)}
        return cls(
            model,
            optimizer,
            **rules,
            total_steps=total_steps,
            generator=generator,
            synchronize=synchronize,
            scores=scores,
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
        update_interval: UpdateInterval | Literal["method"] = "method",
        pattern: str | None = None,
        generator: torch.Generator | None = None,
        exclude: Sequence[str] = (),
        densities: Numbers = (),
        share_budget: Sequence[Sequence[str]] = (),
        synchronize: bool | None = None,
    ) -> "SparseTraining":
        """Sparse training by a published method, a name in ``METHODS``; what isn't given is the method's own.

        An optimiser that is not the method's is taken, and a warning says so.

        Raises:
            UnknownNameError: a name that the registry doesn't hold.
            ConfigurationError: as the constructor.
        """
        method = METHODS[name]
        difference = method.difference(name, *optimizer_state.name_and_momentum(optimizer))
        if difference is not None:
            _LOG.warning(difference)
        variant = method.at(
            density,
            death_rate=death_rate,
            decay=decay,
            sparse_init=sparse_init,
            update_interval=update_interval,
            pattern=pattern,
            exclude=patterns("exclude", exclude),
            densities=pairs(densities),
            share_budget=share_budget,
        )
        rest: dict[str, Any] = {"generator": generator, "synchronize": synchronize}
        return cls.from_variant(variant, model, optimizer, total_steps=total_steps, **rest)

    @classmethod
    def attach(
        cls, model: nn.Module, optimizer: Optimizer, *, update_interval: UpdateInterval = 100, **options: Any
    ) -> "SparseTraining":
        """Sparse training of a loop that stays as it is: ``optimizer.step()`` does it all.

        :meth:`detach` ends it. ``options`` are the constructor's.
        """
        sparse = cls(model, optimizer, update_interval=update_interval, **options)
        sparse._stepper.attach()
        return sparse

    def detach(self) -> None:
        """Leave the optimiser of :meth:`attach`; the masks stay as they are, and no longer hold."""
        self._stepper.detach()

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
        return DECAY[self.variant.decay].rate(self.variant.death_rate, self._clock.decay_progress)

    def live(self) -> int:
        """Number of live weights of all matrices together."""
        return self._network.live_weights()

    def blocks(self) -> int | None:
        """Number of live blocks, single weights of embeddings included; none where all weights are single."""
        return sum(self._network.live.values()) if self._network.inexact else None

    def density(self) -> float:
        """Fraction of live weights over all prunable matrices."""
        return self.live() / sum(mask.numel() for mask in self.masks.values())

    def begin_epoch(self) -> None:
        """Call at the start of every epoch; with ``update_interval="epoch"`` it updates, but for the first.

        Growth by gradient waits for the epoch's first step. Other intervals ignore it.
        """
        if not self._clock.begin_epoch() or self.variant.static:
            return
        if self.variant.needs_gradient or self.variant.update_replaces_step:
            self._clock.pending = True
        else:
            self.update_topology()

    def update_topology(self) -> TopologyUpdate:
        """One death-and-growth update now, due or not; with a schedule, pruning to the density of now.

        Raises:
            ConfigurationError: the growth rule needs gradients or momenta that don't exist yet.
        """
        self._clock.pending = False
        rate = self.death_rate
        if self.variant.static:
            nothing = dict.fromkeys(self._network.live, 0)
            return TopologyUpdate(self.steps, rate, nothing, nothing)
        change = self._network.update(rate, self._clock.progress)
        self._clock.updates += 1
        return TopologyUpdate(self.steps, rate, change.died, change.grew)

    def step(
        self, scaler: optimizer_state.Scaler | None = None, closure: Callable[[], Any] | None = None
    ) -> bool:
        """Topology update if one is due, then the optimiser, then the masks.

        Args:
            scaler: a gradient scaler, stepped in the optimiser's place. A step that it skips doesn't count.
            closure: for optimisers that evaluate the loss again, such as SAM. It sees masked weights.

        Returns:
            True if the step counted: the optimiser stepped, or the update took its place.
        """
        return self._stepper.step(scaler, closure)

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
        return stored_state.save(self._network, self._clock)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take a state of :meth:`state_dict`, before or after the model's and the optimiser's.

        Raises:
            CheckpointError: it belongs to another variant or model.
        """
        stored_state.load(state, self._network, self._clock)
