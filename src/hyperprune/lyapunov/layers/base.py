"""A layer as the engine sees it: it runs over a stretch of time and hands back what its Jacobians need."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


class Jacobians(ABC):
    """Jacobians along a stretch of ``time`` steps of ``batch`` sequences.

    The tracked state has ``n`` entries: the hidden ones, or all. Jacobians are
    ``J[b, i, j] = d new_state[b, i] / d state[b, j]``.
    """

    @abstractmethod
    def operator(self, t: int, rows: slice, transposed: bool, memory: Tensor | None = None) -> Tensor:
        """J at step ``t`` of the sequences ``rows``, or its transpose: ``(len(rows), n, n)``.

        Given ``memory``, a contiguous tensor of that shape, the result is the caller's to overwrite; it
        may hold the result's columns as its rows, which is the layout LAPACK wants.
        """

    def product(
        self, t: int, rows: slice, q: Tensor, transposed: bool, memory: Tensor | None = None
    ) -> Tensor:
        """J (or its transpose) times ``q`` of shape ``(len(rows), n, k)``, column-major."""
        operator = self.operator(t, rows, transposed, memory)
        return torch.matmul(q.mT, operator.mT).mT


class Linearization(Jacobians):
    """The Jacobians of one layer, by its state and by its input."""

    @abstractmethod
    def input_jacobian(self, t: int, rows: slice) -> Tensor:
        """Derivative of the tracked new state by the input, ``(len(rows), n, features)``."""

    def patterns(self, t: int, columns: int) -> Sequence[Tensor] | None:
        """Zero patterns of the Jacobian at ``t``, for layers whose weights do not tell; None if not cheap."""
        return None


@dataclass(frozen=True)
class Trajectory:
    """What a layer did over a stretch of time.

    Attributes:
        outputs: the hidden state after each step, ``(time, batch, hidden)``.
        state: the state after the last step, ``(batch, state)``.
        linearization: Jacobians along the way.
    """

    outputs: Tensor
    state: Tensor
    linearization: Linearization


class Layer(ABC):
    """One layer of a stack.

    Attributes:
        state_size: entries of the whole state.
        hidden_size: its leading entries, which go to the next layer.
        tracked: entries whose perturbations are followed (``hidden_size`` or ``state_size``).
        dtype: floating type of the weights, or None where the layer has none of its own.
        device: where the weights are, or None likewise.
        features: entries of an input, or None where the layer does not say.
    """

    state_size: int
    hidden_size: int
    tracked: int
    dtype: torch.dtype | None = None
    device: torch.device | None = None
    features: int | None = None

    @abstractmethod
    def run(self, inputs: Tensor | None, steps: int, state: Tensor, active: Tensor | None) -> Trajectory:
        """Run ``steps`` steps.

        Args:
            inputs: ``(time, batch, ...)`` or None for a map without input.
            steps: how many.
            state: ``(batch, state)``.
            active: ``(time, batch)`` booleans; a sequence keeps its state where it is False.
        """

    @abstractmethod
    def patterns(self) -> Sequence[Tensor] | None:
        """Zero patterns of the weights that a step's Jacobian is made of.

        Returns:
            Booleans ``(out, in)``, one for each map whose product, last first, the Jacobian of the tracked
            state is (see :func:`hyperprune.lyapunov.structure.components`); None where no zero can cost a
            direction; None where only Jacobians themselves show their zeros.
        """
