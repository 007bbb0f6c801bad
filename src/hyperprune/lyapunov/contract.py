"""What a network or a cell offers so that its spectrum can be computed; by structure, nothing to inherit."""

from typing import Any, Protocol, runtime_checkable

from torch import Tensor


@runtime_checkable
class Network(Protocol):
    """A model whose recurrent part is open to the engine.

    ``recurrent`` is anything :func:`hyperprune.lyapunov.spectrum` accepts as a system: ``nn.LSTM``,
    ``nn.GRU``, ``nn.RNN``, their cells, a :class:`Cell`, or a list of those, layer 1 first. Each layer
    receives the hidden state of the one below; what the model does between layers in training (dropout)
    is off in evaluation and so left out. A module is run once to see that this is what it does; where
    something else reaches its one recurrent module, that is taken.
    """

    recurrent: Any

    def embed(self, tokens: Tensor) -> Tensor:
        """Turn tokens ``(time, batch)`` into the first layer's inputs ``(time, batch, features)``."""
        ...


@runtime_checkable
class Cell(Protocol):
    """One layer with a state map of its own.

    Only :meth:`step` is needed. What a cell may offer besides, found by name:

    * ``state_size``: entries of the state; needed where no ``initial_state`` is given.
    * ``hidden_size``: how many leading entries of the state are the hidden ones, which the next layer
      receives and which ``state="hidden"`` tracks; all of them where the attribute is missing.
    * ``jacobian(state, x) -> (batch, state, state)``: ``J[b, i, j] = d new_state[b, i] / d state[b, j]``.
    * ``hidden_jacobian(state, x) -> (batch, hidden, hidden)``: its leading part alone, for
      ``state="hidden"``, which spares making the rest.
    * ``jacobian_factors(state, x)``: matrices ``(batch, state, state)`` whose product, last first, is the
      Jacobian, for a step that is a chain of maps: few columns go through them one by one.
    * ``input_jacobian(state, x) -> (batch, state, features)``: the same for the input; used only by
      ``layerwise=False``.
    * ``published_direction``: the direction that ``preset="paper"`` takes for it, where that is not
      ``adjoint``.

    Where derivatives are missing, ``torch.func`` takes their place. A step is deterministic and treats
    the sequences of a batch independently.
    """

    def step(self, state: Tensor, x: Any) -> Tensor:
        """The new state ``(batch, state)``; ``x`` is ``(batch, ...)`` or None for a map without input."""
        ...
