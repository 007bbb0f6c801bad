"""What sparse training reads and changes in an optimiser, by structure alone.

Any ``torch.optim.Optimizer`` works, also one that wraps another: its state tensors of a parameter's shape
take the optimiser's own start values where weights grow, and its momentum is ``momentum_buffer`` or
``exp_avg``. One that keeps more in mind follows the topology itself.
"""

import inspect
import math
from collections.abc import Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.optimizer import _global_optimizer_post_hooks, _global_optimizer_pre_hooks


@runtime_checkable
class FollowsTopology(Protocol):
    """An optimiser that multiplies its parameters by their masks itself and knows which weights started anew.

    One that averages weights is such: the average of a weight counts from its last growth.
    """

    def topology_changed(self, parameter: Tensor, mask: Tensor, grown: Tensor | None) -> None:
        """Called when the masks are made, moved or loaded (``grown`` None), and when they change.

        Args:
            parameter: one of the optimiser's.
            mask: 1 where live, 0 where dead, in the parameter's type; shared, don't change it.
            grown: True where a weight starts anew at 0 with the next step.
        """


class Scaler(Protocol):
    """A gradient scaler, such as ``torch.amp.GradScaler``: steps the optimiser, or doesn't."""

    def step(self, optimizer: Optimizer) -> object:
        """Call ``optimizer.step`` unless the gradients overflowed."""


def nested(optimizer: Optimizer) -> list[Optimizer]:
    """The optimiser, and those that it keeps as attributes: what accelerate, Lookahead or SAM wrap."""
    found = [optimizer]
    for holder in found:
        inner = [value for value in vars(holder).values() if isinstance(value, Optimizer)]
        found += [one for one in inner if all(one is not known for known in found)]
    return found


def hooked(optimizer: Optimizer) -> Optimizer:
    """The outermost of the nested optimisers that runs torch's step hooks; some wrappers leave them out."""
    return next(one for one in nested(optimizer) if hasattr(one, "_optimizer_step_pre_hooks"))


def has_hooks(optimizer: Optimizer) -> bool:
    """Whether something is to run before or after a step of an optimiser, or of all optimisers."""
    own = optimizer._optimizer_step_pre_hooks or optimizer._optimizer_step_post_hooks
    return bool(own or _global_optimizer_pre_hooks or _global_optimizer_post_hooks)


def state_tensors(optimizer: Optimizer, parameters: Mapping[str, nn.Parameter]) -> dict[str, list[Tensor]]:
    """The optimiser's tensors of each parameter's shape, by name: momenta and the like, not counters."""
    states = [holder.state for holder in _holders(optimizer) if holder.state]
    return {
        name: [t for state in states for t in _shaped(state.get(parameter, {}), parameter).values()]
        for name, parameter in (parameters.items() if states else ())
    }


def restart_entries(optimizer: Optimizer, parameter: nn.Parameter, entries: Tensor) -> None:
    """Set the optimiser's state at ``entries`` to what it is before a weight's first gradient.

    That is 0 for most; the step sizes of Rprop start at the learning rate, the sums of Adagrad at its
    ``initial_accumulator_value``.
    """
    for holder in _holders(optimizer):
        tensors = _shaped(holder.state.get(parameter, {}), parameter)
        start = _start_values(holder, parameter) if tensors else {}
        for name, tensor in tensors.items():
            tensor.masked_fill_(entries, start.get(name, 0.0))


def momentum_of(optimizer: Optimizer, parameter: nn.Parameter) -> Tensor | None:
    """The momentum of a parameter, or None before its first step."""
    for state in _states(optimizer, parameter):
        for key in ("momentum_buffer", "exp_avg"):
            if isinstance(state.get(key), Tensor):
                momentum: Tensor = state[key]
                return momentum
    return None


def keeps_momentum(optimizer: Optimizer) -> bool:
    """True if every group of the optimiser is set to keep a momentum."""
    return any(
        all(
            group.get("momentum", 0) > 0 or (group.get("betas") or (0,))[0] > 0
            for group in holder.param_groups
        )
        for holder in _holders(optimizer)
    )


def name_and_momentum(optimizer: Optimizer) -> tuple[str, float]:
    """What an optimiser is called in ``hyperprune.optim``, and its momentum."""
    name = getattr(optimizer, "published_name", type(optimizer).__name__.lower())
    return name, optimizer.param_groups[0].get("momentum", 0.0)


def overflowed(optimizer: Optimizer) -> bool:
    """True if a gradient scaler told a fused optimiser, which skips by itself, that gradients overflowed."""
    found = getattr(optimizer, "found_inf", None)
    return isinstance(found, Tensor) and bool(torch.any(found != 0))


def _holders(optimizer: Optimizer) -> Iterator[Optimizer]:
    """Nested optimisers with a state of their own."""
    seen: list[object] = []
    for holder in nested(optimizer):
        if all(holder.state is not known for known in seen):
            seen.append(holder.state)
            yield holder


def _states(optimizer: Optimizer, parameter: nn.Parameter) -> Iterator[dict[str, Any]]:
    for holder in _holders(optimizer):
        yield holder.state.get(parameter, {})


def _shaped(state: dict[str, Any], parameter: nn.Parameter) -> dict[str, Tensor]:
    return {n: v for n, v in state.items() if isinstance(v, Tensor) and v.shape == parameter.shape}


def _start_values(optimizer: Optimizer, parameter: nn.Parameter) -> dict[str, float]:
    """State of a fresh optimiser of the same kind and settings after a gradient of 0, by name.

    An optimiser that cannot be made from its groups alone has none: then all state starts at 0.
    """
    group = next(g for g in optimizer.param_groups if any(p is parameter for p in g["params"]))
    known = inspect.signature(type(optimizer).__init__).parameters
    settings = {name: value for name, value in group.items() if name in known and name != "params"}
    one = nn.Parameter(torch.zeros([1] * parameter.dim(), dtype=parameter.dtype, device=parameter.device))
    one.grad = torch.zeros_like(one)
    try:
        probe = type(optimizer)([one], **settings)
        probe.step()
    except (TypeError, ValueError, RuntimeError, AttributeError, KeyError, AssertionError):
        return {}
    start = {name: float(tensor) for name, tensor in _shaped(probe.state.get(one, {}), one).items()}
    return {name: value for name, value in start.items() if math.isfinite(value)}
