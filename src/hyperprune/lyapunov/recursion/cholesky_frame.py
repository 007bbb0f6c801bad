"""Q by CholeskyQR2 in float64: products and small triangular solves, for devices where Householder is slow.

On a GPU ``geqrf`` loops over the batch. Here Z = J Q is factored by its Gram matrix: Z'Z = R'R, Q = Z / R,
and the same once more, which leaves Q orthonormal to rounding while the condition of Z is well below 1e8
(Yamamoto, Nakatsukasa, Yanagisawa and Fukaya 2015, "Roundoff error analysis of the CholeskyQR2 algorithm").
"""

import torch
from torch import Tensor

from hyperprune.lyapunov.layers import Jacobians
from hyperprune.lyapunov.recursion.frames import Frame, make_frame

# smallest R_ii over the norm of its column of Z: below it the Gram matrix has lost what is asked of it
SAFE = 1e-6
# ... and so it has if the first Q is further than this from orthonormal, in the Frobenius norm of Q'Q - I: a
# pivot of zero can come out above SAFE by rounding alone, where one before it is small
APART = 0.5


class CholeskyFrame(Frame):
    """Q as a matrix, diag R positive by itself; a step that is too ill-conditioned goes to Householder.

    Products with J run in the system's own type, the factorisation in float64. Whether a step is safe is read
    once, when both factors are made: one wait for the device a step, in place of the many inside ``geqrf``.

    Attributes:
        fallbacks: steps that were factored by Householder.
    """

    def __init__(self, start: Tensor, transposed: bool, identity: bool) -> None:
        super().__init__(start, transposed, identity)
        self._matrix = start.mT.contiguous().mT
        self._memory = start.new_empty(self.group, self.n, self.n)
        self._identity = torch.eye(self.k, dtype=torch.float64, device=start.device)
        self.fallbacks = 0

    def push(self, jacobians: Jacobians, t: int, rows: slice) -> None:
        """See the base class."""
        self._matrix = jacobians.product(t, rows, self._matrix, self.transposed, self._memory)

    def factor(self) -> Tensor:
        """See the base class."""
        wide = self._matrix.double()
        first, failed = torch.linalg.cholesky_ex(wide.mT @ wide)
        diagonal = first.diagonal(dim1=-2, dim2=-1)
        large = diagonal > SAFE * torch.linalg.vector_norm(wide, dim=-2)
        half = _divided(wide, first)
        gram = half.mT @ half
        second = torch.linalg.cholesky_ex(gram)[0]
        near = torch.linalg.matrix_norm(gram - self._identity) < APART  # not so if that is not a number
        if not bool(large.all() & (failed == 0).all() & near.all()):
            return self._by_householder(wide)
        self._keep(_divided(half, second))
        found: Tensor = diagonal * second.diagonal(dim1=-2, dim2=-1)
        return found.to(self._memory.dtype)

    def q(self) -> Tensor:
        """See the base class."""
        return self._matrix

    def _by_householder(self, wide: Tensor) -> Tensor:
        self.fallbacks += 1
        reflectors, tau = torch.geqrf(wide)
        diagonal = reflectors.diagonal(dim1=-2, dim2=-1)
        signs = torch.where(diagonal < 0, -1.0, 1.0).to(wide.dtype)
        magnitudes = diagonal.abs().to(self._memory.dtype)
        self._keep(torch.linalg.householder_product(reflectors, tau) * signs[:, None, :])
        return magnitudes

    def _keep(self, q: Tensor) -> None:
        """Column-major, as products want it."""
        self._matrix = q.to(self._memory.dtype).mT.contiguous().mT


def frame_for(start: Tensor, transposed: bool, identity: bool, differentiable: bool) -> Frame:
    """The frame of the device of ``start``; on a CPU LAPACK's way is the faster one."""
    if differentiable or start.device.type in ("cpu", "mps"):  # mps has no float64
        return make_frame(start, transposed, identity, differentiable)
    return CholeskyFrame(start, transposed, identity)


def _divided(matrix: Tensor, lower: Tensor) -> Tensor:
    """``matrix`` times the inverse of R = ``lower`` transposed."""
    found: Tensor = torch.linalg.solve_triangular(lower.mT, matrix, upper=True, left=False)
    return found
