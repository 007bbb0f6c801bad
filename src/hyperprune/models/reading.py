"""What a network saw while it read a window, for the penalties of its activations."""

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from torch import Tensor


@dataclass(frozen=True, eq=False)
class Reading:
    """A network's pass over a window.

    Attributes:
        scores: what ``forward`` gives: logits, or log-probabilities, ``(time, batch, types)``. The cross
            entropy of both is the same, since log-probabilities are their own log-softmax.
        state: after the last step.
        hidden: of the last layer, ``(time, batch, hidden)``.
        dropped: the same after dropout, as the decoder received it.
    """

    scores: Tensor
    state: Any
    hidden: Tensor
    dropped: Tensor


@runtime_checkable
class Reads(Protocol):
    """A network whose last layer can be penalised (AR and TAR, Merity et al. 2017, arXiv 1708.01009)."""

    def read(self, tokens: Tensor, state: Any = None) -> Reading:
        """What ``forward(tokens, state)`` does, its activations kept."""
        ...
