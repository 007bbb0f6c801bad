"""Sums of row-scaled matrices, of which Jacobians of gated layers are made."""

from collections.abc import Sequence

import torch
from torch import Tensor


def row_scaled_sum(scales: Sequence[Tensor], matrices: Sequence[Tensor]) -> Tensor:
    """Sum over g of diag(scales[g]) matrices[g], never with a diagonal matrix: ``(batch, rows, columns)``.

    Args:
        scales: each ``(batch, rows)``.
        matrices: each ``(rows, columns)``.
    """
    total: Tensor = scales[0][:, :, None] * matrices[0]
    for scale, matrix in zip(scales[1:], matrices[1:], strict=True):
        total = torch.addcmul(total, scale[:, :, None], matrix)
    return total
