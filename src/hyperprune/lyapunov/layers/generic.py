"""Any step function as a layer: Jacobians of its own where it offers them, ``torch.func`` elsewhere."""

from collections.abc import Sequence

import torch
from torch import Tensor

from hyperprune.errors import ConfigurationError
from hyperprune.lyapunov.layers.automatic import GenericLinearization, Step
from hyperprune.lyapunov.layers.base import Layer, Trajectory
from hyperprune.lyapunov.layers.own import OwnDerivatives


class GenericLayer(Layer):
    """A layer from a step function.

    Args:
        step: ``step(state, x) -> state`` on ``(batch, state)``.
        state_size: entries of the state.
        hidden_size: how many leading entries go to the next layer.
        full: whether all of the state is tracked or the leading ``hidden_size`` entries.
        own: derivatives that the cell offers.
        known: zero patterns of the weights, where somebody knows them (see :meth:`Layer.patterns`).
    """

    def __init__(
        self,
        step: Step,
        state_size: int,
        hidden_size: int,
        full: bool,
        own: OwnDerivatives | None = None,
        known: Sequence[Tensor] | None = None,
    ) -> None:
        self.state_size, self.hidden_size = state_size, hidden_size
        self.tracked = state_size if full else hidden_size
        self._step, self._own, self._known = step, own or OwnDerivatives(), known

    def run(self, inputs: Tensor | None, steps: int, state: Tensor, active: Tensor | None) -> Trajectory:
        """See the base class; raises ConfigurationError for a step that changes the state's shape or type."""
        states, outputs = [], []
        for t in range(steps):
            new = self._step(state, None if inputs is None else inputs[t])
            if not isinstance(new, Tensor) or new.shape != state.shape or new.dtype != state.dtype:
                raise ConfigurationError(_unlike(state, new))
            states.append(state)
            state = new if active is None else torch.where(active[t, :, None], new, state)
            outputs.append(state[:, : self.hidden_size])
        linearization = GenericLinearization(self._step, states, inputs, self.tracked, self._own)
        return Trajectory(torch.stack(outputs), state, linearization)

    def patterns(self) -> Sequence[Tensor] | None:
        """See the base class."""
        return self._known


def _unlike(state: Tensor, new: object) -> str:
    seen = f"{tuple(new.shape)} of {new.dtype}" if isinstance(new, Tensor) else type(new).__name__
    return (
        f"step must return a state like the one it was given, {tuple(state.shape)} of {state.dtype}, "
        f"got {seen}: "
        "give initial_state and inputs of the step's own shape and type"
    )
