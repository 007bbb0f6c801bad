"""What sparse training reads and changes in an optimiser, by structure alone.

Any ``torch.optim.Optimizer`` works: its state tensors of a parameter's shape are cleared where weights grow,
and its momentum is ``momentum_buffer`` or ``exp_avg``. One that keeps more in mind follows the topology
itself.
"""

from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn
from torch.optim import Optimizer


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


def state_tensors(optimizer: Optimizer, parameter: nn.Parameter) -> list[Tensor]:
    """The optimiser's tensors of the parameter's shape: momenta and the like, not counters."""
    state: dict[str, Any] = optimizer.state.get(parameter, {})
    return [v for v in state.values() if isinstance(v, Tensor) and v.shape == parameter.shape]


def clear_entries(optimizer: Optimizer, parameter: nn.Parameter, entries: Tensor) -> None:
    """Set the optimiser's state to zero at ``entries``."""
    for tensor in state_tensors(optimizer, parameter):
        tensor.masked_fill_(entries, 0)


def momentum_of(optimizer: Optimizer, parameter: nn.Parameter) -> Tensor | None:
    """The momentum of a parameter, or None before its first step."""
    state: dict[str, Any] = optimizer.state.get(parameter, {})
    for key in ("momentum_buffer", "exp_avg"):
        if isinstance(state.get(key), Tensor):
            momentum: Tensor = state[key]
            return momentum
    return None


def keeps_momentum(optimizer: Optimizer) -> bool:
    """True if every group of the optimiser is set to keep a momentum."""
    return all(
        group.get("momentum", 0) > 0 or (group.get("betas") or (0,))[0] > 0
        for group in optimizer.param_groups
    )


def overflowed(optimizer: Optimizer) -> bool:
    """True if a gradient scaler told a fused optimiser, which skips by itself, that gradients overflowed."""
    found = getattr(optimizer, "found_inf", None)
    return isinstance(found, Tensor) and bool(torch.any(found != 0))
