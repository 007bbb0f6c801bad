"""The recursion for a group of sequences in one block of the state: Q and the sums of log diag R."""

import torch
from torch import Tensor

from hyperprune.lyapunov.layers import Jacobians
from hyperprune.lyapunov.recursion.cholesky_frame import frame_for
from hyperprune.lyapunov.recursion.parts import PartJacobians

# A diagonal entry of R below this many roundings of the largest one is what is left of a zero: such zeros
# come out at 1 to 10 roundings, seldom at 100.
_ROUNDINGS = 16
# One above this many stands for a direction that is followed by more than rounding.
_CLEAR = 1024
# So many QR are looked at together.
_AT_ONCE = 64
# Products with the first Jacobian that turn random columns towards the directions that live.
_SETTLING = 20


class Strand:
    """Q and sums for the sequences ``rows``; logarithms are summed in float64.

    Args:
        rows: which sequences.
        start: the Q to begin with, ``(rows, n, k)``, or of each of some components, ``(rows * components,
            m, k)``.
        identity: whether ``start`` is columns of the identity.
        transposed: whether products use J transposed.
        floor: nats per step at which logarithms are cut, or None.
        differentiable: whether derivatives are kept.
        running: whether the mean so far is kept after each counted QR.
        units: ``(components, m)``, those followed alone; None for the whole block.
        settle: whether ``start`` is drawn and to be turned by the first Jacobian before anything counts.
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
        units: Tensor | None = None,
        settle: bool = False,
    ) -> None:
        self.rows, self.units = rows, units
        self.total = torch.zeros(start.shape[0], start.shape[2], dtype=torch.float64, device=start.device)
        self.clamped = torch.zeros_like(self.total, dtype=torch.int64)
        self.steps = 0
        self.history: list[Tensor] | None = [] if running else None
        self._frame = frame_for(start, transposed, identity, differentiable)
        self._floor, self._settle = floor, settle
        self._rounded, self._clear = torch.zeros_like(self.clamped), torch.zeros_like(self.clamped)
        self._diagonals: list[Tensor] = []

    @property
    def q(self) -> Tensor:
        """Q with positive diag R, ``(rows, n, k)``."""
        return self._frame.q()

    @property
    def mean(self) -> Tensor:
        """Mean logarithm per counted step, in nats, ``(rows, k)``."""
        return self.total / self.steps

    @property
    def rounded(self) -> Tensor:
        """How many counted diagonal entries of R were roundings of zero, ``(rows, k)``."""
        self._look()
        return self._rounded

    @property
    def clear(self) -> Tensor:
        """How many were far from roundings of zero, ``(rows, k)``."""
        self._look()
        return self._clear

    def push(self, jacobians: Jacobians, t: int) -> None:
        """Multiply Q by the Jacobian at ``t``."""
        if self.units is not None:
            jacobians = PartJacobians(jacobians, self.units)
        if self._settle:
            self._settle = False
            for _ in range(_SETTLING):
                self._frame.push(jacobians, t, self.rows)
                self._frame.factor()
        self._frame.push(jacobians, t, self.rows)

    def factor(self, gap: int, counted: bool) -> None:
        """QR after ``gap`` steps; add the logarithms if they count."""
        diagonal = self._frame.factor()
        if not counted:
            return
        self._diagonals.append(diagonal.detach())
        if len(self._diagonals) == _AT_ONCE:
            self._look()
        logs = diagonal.double().log()
        if self._floor is not None:
            bound = self._floor * gap
            self.clamped += logs < bound
            logs = logs.clamp(min=bound)
        self.total = self.total + logs
        self.steps += gap
        if self.history is not None:
            self.history.append(self.mean)

    def _look(self) -> None:
        if self._diagonals:
            diagonal = torch.stack(self._diagonals)
            rounding = diagonal.amax(dim=-1, keepdim=True) * torch.finfo(diagonal.dtype).eps
            self._rounded += (diagonal <= _ROUNDINGS * rounding).sum(dim=0)
            self._clear += (diagonal > _CLEAR * rounding).sum(dim=0)
            self._diagonals.clear()

    def of_sequences(self, values: Tensor) -> Tensor:
        """From ``(rows * components, k)`` to ``(rows, all columns)``, component by component."""
        return values if self.units is None else values.unflatten(0, (-1, len(self.units))).flatten(1)
