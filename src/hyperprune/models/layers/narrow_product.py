"""Products of loops written by hand, whose matrix may be of a narrower type than all else (autocast).

States, gates, sums and gradients keep their type; only the factors of a product are narrowed, as autocast
narrows those of ``linear``.
"""

import torch
from torch import Tensor


def add_product(sums: Tensor, factor: Tensor, matrix: Tensor, out: Tensor) -> Tensor:
    """``out`` = sums + factor matrix; gives ``out``. ``sums`` may be ``out`` itself."""
    if matrix.dtype == out.dtype:
        return torch.addmm(sums, factor, matrix, out=out)
    return torch.add(sums, factor.to(matrix.dtype) @ matrix, out=out)


def product(factor: Tensor, matrix: Tensor, out: Tensor) -> Tensor:
    """``out`` = factor matrix; gives ``out``."""
    if matrix.dtype == out.dtype:
        return torch.mm(factor, matrix, out=out)
    return out.copy_(factor.to(matrix.dtype) @ matrix)


def by_matrix(sums: Tensor, factors: Tensor, matrix: Tensor) -> Tensor:
    """Gradient of a matrix ``(out, in)`` from that of its sums ``(n, out)`` and its factors ``(n, in)``."""
    if matrix.dtype == sums.dtype:
        return sums.mT @ factors
    return (sums.mT.to(matrix.dtype) @ factors.to(matrix.dtype)).to(sums.dtype)
