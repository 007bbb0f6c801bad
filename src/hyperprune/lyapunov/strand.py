"""The recursion for a group of sequences in one block of the state: Q and the sums of log diag R."""

import torch
from torch import Tensor

from hyperprune.lyapunov.frames import make_frame
from hyperprune.lyapunov.layers import Jacobians


class Strand:
    """Q and sums for the sequences ``rows``; logarithms are summed in float64.

    Args:
        rows: which sequences.
        start: the Q to begin with, ``(rows, n, k)``.
        identity: whether ``start`` is columns of the identity.
        transposed: whether products use J transposed.
        floor: nats per step at which logarithms are cut, or None.
        differentiable: whether derivatives are kept.
        running: whether the mean so far is kept after each counted QR.
    """

    def __init__(
        self,
        rows: slice,
        start: Tensor,
        *,
        identity: bool,
        transposed: bool,
        floor: float | None,
        differentiable: bool,
        running: bool,
    ) -> None:
        self.rows = rows
        self.total = torch.zeros(start.shape[0], start.shape[2], dtype=torch.float64, device=start.device)
        self.clamped = torch.zeros_like(self.total, dtype=torch.int64)
        self.steps = 0
        self.history: list[Tensor] | None = [] if running else None
        self._frame = make_frame(start, transposed, identity, differentiable)
        self._floor = floor

    @property
    def q(self) -> Tensor:
        """Q with positive diag R, ``(rows, n, k)``."""
        return self._frame.q()

    @property
    def mean(self) -> Tensor:
        """Mean logarithm per counted step, in nats, ``(rows, k)``."""
        return self.total / self.steps

    def push(self, jacobians: Jacobians, t: int) -> None:
        """Multiply Q by the Jacobian at ``t``."""
        self._frame.push(jacobians, t, self.rows)

    def factor(self, gap: int, counted: bool) -> None:
        """QR after ``gap`` steps; add the logarithms if they count."""
        diagonal = self._frame.factor()
        if not counted:
            return
        logs = diagonal.double().log()
        if self._floor is not None:
            bound = self._floor * gap
            self.clamped += logs < bound
            logs = logs.clamp(min=bound)
        self.total = self.total + logs
        self.steps += gap
        if self.history is not None:
            self.history.append(self.mean)
