"""What a network saw while it read a window, for its loss and for the penalties of its activations."""

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from torch import Tensor

from hyperprune.models.decoding.soft_targets import SoftTargets


@dataclass(frozen=True, eq=False)
class Activations:
    """A network's pass over a window, up to its decoder.

    Attributes:
        state: after the last step.
        hidden: of the last layer, ``(time, batch, hidden)``.
        dropped: the same after dropout, as the decoder receives it.
    """

    state: Any
    hidden: Tensor
    dropped: Tensor


@dataclass(frozen=True, eq=False)
class Reading(Activations):
    """A network's pass over a window, with its scores.

    Attributes:
        scores: what ``forward`` gives: logits, or log-probabilities, ``(time, batch, types)``. The cross
            entropy of both is the same, since log-probabilities are their own log-softmax.
    """

    scores: Tensor


@dataclass(frozen=True, eq=False)
class WindowLoss(Activations):
    """A network's pass over a window, with its loss.

    Attributes:
        objective: what is minimised: the mean cross entropy, mixed with a teacher's part where there is one.
        cross_entropy: the mean cross entropy alone, without graph, nats a token.
    """

    objective: Tensor
    cross_entropy: Tensor


class Penalised(Protocol):
    """What the penalties of activations look at: a reading, or a window's loss."""

    @property
    def hidden(self) -> Tensor:
        """Of the last layer, ``(time, batch, hidden)``."""
        ...

    @property
    def dropped(self) -> Tensor:
        """The same after dropout."""
        ...


@runtime_checkable
class Reads(Protocol):
    """A network whose last layer can be penalised (AR and TAR, Merity et al. 2017, arXiv 1708.01009)."""

    def read(self, tokens: Tensor, state: Any = None) -> Reading:
        """What ``forward(tokens, state)`` does, its activations kept."""
        ...


@runtime_checkable
class GivesLoss(Protocol):
    """A network that knows a shorter way to its loss than through the scores of all tokens."""

    def window_loss(
        self, tokens: Tensor, targets: Tensor, state: Any = None, soft: SoftTargets | None = None
    ) -> WindowLoss:
        """The cross entropy of ``forward(tokens, state)`` with ``targets``, and what penalties need."""
        ...
