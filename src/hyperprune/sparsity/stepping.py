"""One step: topology update if one is due, optimiser, mask; through the optimiser's own hooks."""

import logging
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.utils.hooks import RemovableHandle

from hyperprune.sparsity.network import SparseNetwork
from hyperprune.sparsity.optimizers import state as optimizer_state
from hyperprune.sparsity.schedule import Clock

_LOG = logging.getLogger(__name__)
Closure = Callable[[], Any]
Arguments = tuple[tuple[Any, ...], dict[str, Any]]


class Stepper:
    """Runs an update before, and the masks after, every step that the optimiser really takes.

    A step that a gradient scaler or an accumulating wrapper skips reaches no hook and counts for nothing.

    Args:
        optimizer: stepped by whoever calls it.
        network: masks and weights.
        clock: counts the steps.
        update: one topology update now.
    """

    def __init__(
        self, optimizer: Optimizer, network: SparseNetwork, clock: Clock, update: Callable[[], object]
    ) -> None:
        self._optimizer = optimizer
        self._network = network
        self._clock = clock
        self._update = update
        self._hooks: list[RemovableHandle] = []
        self._attached = False
        self._aside: list[tuple[Tensor, Tensor]] = []
        self._may_idle = clock.interval == "epoch" and not network.variant.static

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_hooks": []}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """A copy holds a copy of the optimiser, which has no hooks."""
        vars(self).update(state)
        if self._attached:
            self._register(optimizer_state.hooked(self._optimizer))

    def attach(self) -> None:
        """Stay with the optimiser, so that its own ``step`` does it all."""
        if not self._attached:
            self._register(optimizer_state.hooked(self._optimizer))
            self._attached = True

    def detach(self) -> None:
        """Leave the optimiser."""
        self._remove()
        self._attached = False

    def step(self, scaler: optimizer_state.Scaler | None, closure: Closure | None) -> bool:
        """Step the optimiser once, through a scaler or with a closure; True if the step counted."""
        before = self._clock.steps
        target = optimizer_state.hooked(self._optimizer)
        own = scaler is None and closure is None and target is self._optimizer
        if own and not optimizer_state.has_hooks(target):
            return self._step_at_once()
        if not self._attached:
            self._register(target)
        try:
            if scaler is not None:
                scaler.step(self._optimizer)
            elif closure is not None:
                self._optimizer.step(closure)
            else:
                self._optimizer.step()
        finally:
            self._restore_gradients()
            if not self._attached:
                self._remove()
        taken = self._clock.steps > before
        if taken and target is not self._optimizer:
            self._network.mask()  # a wrapper without hooks may have moved weights after the step inside
        return taken

    def _step_at_once(self) -> bool:
        """The same where nobody may skip the step or look at it: hooks would be registered anew each time."""
        before = self._clock.steps
        self._before(self._optimizer, (self._optimizer,), {})
        try:
            self._optimizer.step()
        finally:
            self._restore_gradients()
        self._after()
        return self._clock.steps > before

    def _register(self, target: Optimizer) -> None:
        self._hooks = [
            target.register_step_pre_hook(self._before),
            target.register_step_post_hook(lambda *_: self._after()),
        ]

    def _remove(self) -> None:
        for hook in self._hooks:
            hook.remove()
        self._hooks = []

    def _before(self, _: Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments | None:
        self._network.follow()
        if optimizer_state.overflowed(self._optimizer):
            return None
        self._warn_if_idle()
        closure: Closure | None = kwargs.get("closure", args[1] if len(args) > 1 else None)
        variant = self._network.variant
        if not self._clock.due() or variant.static:
            return None if closure is None else _with(args, kwargs, self._sparse(closure))
        loss = None
        if closure is not None and (variant.needs_gradient or variant.update_replaces_step):
            with torch.enable_grad():
                loss = closure()
        self._update()
        if variant.update_replaces_step:
            self._set_gradients_aside()
            return None if closure is None else _with(args, kwargs, lambda: loss)
        return None if closure is None else _with(args, kwargs, self._sparse(closure))

    def _after(self) -> None:
        self._restore_gradients()
        if not optimizer_state.overflowed(self._optimizer):
            self._clock.steps += 1
            self._network.mask()

    def _sparse(self, closure: Closure) -> Closure:
        """The closure on a sparse network, whatever the optimiser did to the weights before it calls."""

        def masked() -> Any:
            self._network.mask_weights()
            return closure()

        return masked

    def _set_gradients_aside(self) -> None:
        """Without gradients the optimiser moves nothing and forgets nothing."""
        for group in self._optimizer.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._aside.append((parameter, parameter.grad))
                    parameter.grad = None

    def _restore_gradients(self) -> None:
        for parameter, gradient in self._aside:
            parameter.grad = gradient
        self._aside = []

    def _warn_if_idle(self) -> None:
        if self._may_idle and self._clock.epochs == 0 and self._clock.updates == 0:
            _LOG.warning(
                'update_interval "epoch" changes masks in begin_epoch(), which was not called before this '
                "step: call it at the start of every epoch, or give update_interval a number of steps"
            )
        self._may_idle = False


def _with(args: tuple[Any, ...], kwargs: dict[str, Any], closure: Closure) -> Arguments:
    """The arguments of a step (the optimiser first) with another closure."""
    return (args[0], closure, *args[2:]), {name: v for name, v in kwargs.items() if name != "closure"}
