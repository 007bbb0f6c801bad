"""Q and its QR step: kept as Householder reflectors, as a matrix, or with derivatives."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from hyperprune.lyapunov.layers import Jacobians

# Applying reflectors to J saves forming Q; flops say it pays for k above about this share of n.
_REFLECTORS_PAY = 0.55


class Frame(ABC):
    """The orthonormal columns Q of a group of sequences, ``(group, n, k)``.

    Args:
        start: where Q begins, ``(group, n, k)``.
        transposed: whether products use J transposed.
        identity: whether ``start`` is columns of the identity, so that the first product is known.
    """

    def __init__(self, start: Tensor, transposed: bool, identity: bool) -> None:
        self.group, self.n, self.k = start.shape
        self.transposed = transposed

    @abstractmethod
    def push(self, jacobians: Jacobians, t: int, rows: slice) -> None:
        """Multiply by the Jacobian at step ``t``."""

    @abstractmethod
    def factor(self) -> Tensor:
        """Replace the product by its Q; gives |diag R|, ``(group, k)``."""

    @abstractmethod
    def q(self) -> Tensor:
        """Q with the signs that make diag R positive, ``(group, n, k)``."""


class FormedFrame(Frame):
    """Q as a matrix; the cheaper way for few columns. LAPACK works in place on column-major memory."""

    def __init__(self, start: Tensor, transposed: bool, identity: bool) -> None:
        super().__init__(start, transposed, identity)
        self._matrix = start.mT.contiguous().mT
        self._memory = start.new_empty(self.group, self.n, self.n)
        self._signs = start.new_ones(self.group, self.k)

    def push(self, jacobians: Jacobians, t: int, rows: slice) -> None:
        """See the base class."""
        self._matrix = jacobians.product(t, rows, self._matrix, self.transposed, self._memory)

    def factor(self) -> Tensor:
        """See the base class."""
        reflectors, tau = torch.geqrf(self._matrix)
        diagonal = reflectors.diagonal(dim1=-2, dim2=-1)
        self._signs = self._signs * _signs(diagonal)
        magnitude = diagonal.abs()
        self._matrix = torch.linalg.householder_product(reflectors, tau)
        return magnitude

    def q(self) -> Tensor:
        """See the base class."""
        return self._matrix * self._signs[:, None, :]


class ReflectorFrame(Frame):
    """Q as Householder reflectors, applied to J from the right: 4/3 n^3 flops saved a step at k = n."""

    def __init__(self, start: Tensor, transposed: bool, identity: bool) -> None:
        super().__init__(start, transposed, identity)
        self._signs = start.new_ones(self.group, self.k)
        self._tau = start.new_empty(self.group, self.k)
        # Two buffers take turns: one holds the reflectors while the next J is made in the other.
        self._used = start.new_empty(self.group, self.n, self.n)
        self._spare = torch.empty_like(self._used)
        # One of the two is set: the reflectors of Q, or a matrix that waits for its QR. Neither: Q = I.
        self._reflectors: Tensor | None = None
        self._pending: Tensor | None = None if identity else start

    def push(self, jacobians: Jacobians, t: int, rows: slice) -> None:
        """See the base class."""
        operator = jacobians.operator(t, rows, self.transposed, self._spare)
        if self._reflectors is not None:
            torch.ormqr(self._reflectors, self._tau, operator, left=False, out=operator)
            self._pending, self._reflectors = operator[:, :, : self.k], None
        elif self._pending is None:
            self._pending = operator[:, :, : self.k]
        else:
            self._pending = torch.matmul(self._pending.mT, operator.mT).mT
        self._used, self._spare = self._spare, self._used

    def factor(self) -> Tensor:
        """See the base class."""
        assert self._pending is not None
        torch.geqrf(self._pending, out=(self._pending, self._tau))
        self._reflectors, self._pending = self._pending, None
        diagonal = self._reflectors.diagonal(dim1=-2, dim2=-1)
        self._signs = self._signs * _signs(diagonal)
        return diagonal.abs()

    def q(self) -> Tensor:
        """See the base class."""
        assert self._reflectors is not None, "Q is known after a QR only"
        matrix = torch.linalg.householder_product(self._reflectors, self._tau)
        signed: Tensor = matrix * self._signs[:, None, :]
        return signed


class DifferentiableFrame(Frame):
    """Q by ``torch.linalg.qr``, which has a derivative; everything stays in the graph."""

    def __init__(self, start: Tensor, transposed: bool, identity: bool) -> None:
        super().__init__(start, transposed, identity)
        self._matrix = start

    def push(self, jacobians: Jacobians, t: int, rows: slice) -> None:
        """See the base class."""
        self._matrix = jacobians.product(t, rows, self._matrix, self.transposed)

    def factor(self) -> Tensor:
        """See the base class."""
        q, r = torch.linalg.qr(self._matrix)
        diagonal: Tensor = r.diagonal(dim1=-2, dim2=-1)
        self._matrix = q * _signs(diagonal.detach())[:, None, :]
        return diagonal.abs()

    def q(self) -> Tensor:
        """See the base class."""
        return self._matrix


def make_frame(start: Tensor, transposed: bool, identity: bool, differentiable: bool) -> Frame:
    """The frame that costs least for the sizes of ``start``; arguments as those of :class:`Frame`."""
    if differentiable:
        return DifferentiableFrame(start, transposed, identity)
    _, n, k = start.shape
    kind = ReflectorFrame if k > _REFLECTORS_PAY * n else FormedFrame
    return kind(start, transposed, identity)


def _signs(diagonal: Tensor) -> Tensor:
    return torch.where(diagonal < 0, -1.0, 1.0).to(diagonal.dtype)
