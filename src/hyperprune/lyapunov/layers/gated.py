"""Closed-form Jacobians of RNN, GRU and LSTM: sums of row-scaled weight matrices, never a diagonal matrix.

With u the layer's hidden vector before a projection (u = h where there is none), c the cell state and
W_g the recurrent matrix of gate g, all three networks have

    du'/dh = sum_g diag(a_g) W_g + diag(delta)     du'/dc = diag(alpha)
    dc'/dh = sum_g diag(b_g) W_g                   dc'/dc = diag(phi)

and h' = P u' with the projection P. The sum costs O(gates H^2) a step, against 2 H^3 for products with
diagonal matrices.
"""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from hyperprune.lyapunov.layers.base import Linearization


@dataclass(frozen=True)
class CellPart:
    """Coefficients of the cell state of an LSTM, each ``(time, batch, ...)``: b, alpha and phi."""

    by_gate: Tensor
    to_hidden: Tensor
    diagonal: Tensor


@dataclass(frozen=True)
class Gates:
    """The weight matrices of a layer, split by gate.

    Attributes:
        recurrent: W, ``(gates, H, hidden)``.
        inputs: the input matrices, ``(gates, H, features)``.
        projection: P, ``(hidden, H)``, or None.
    """

    recurrent: Tensor
    inputs: Tensor
    projection: Tensor | None = None
    _columns: list[Tensor] = field(default_factory=list, repr=False)

    def recurrent_columns(self) -> Tensor:
        """W in column-major memory, made on first use and kept: forward products need J column by column."""
        if not self._columns:
            self._columns.append(self.recurrent.mT.contiguous().mT)
        return self._columns[0]


@dataclass(frozen=True)
class GatedLinearization(Linearization):
    """Jacobians of a gated layer from its coefficients.

    Attributes:
        gates: the weights.
        by_gate: a, ``(time, batch, gates, H)``.
        inputs_by_gate: the same for the input matrices; differs from ``by_gate`` in a GRU only.
        diagonal: delta, ``(time, batch, H)``, or None.
        cell: the cell state's part, or None where only h is tracked.
    """

    gates: Gates
    by_gate: Tensor
    inputs_by_gate: Tensor
    diagonal: Tensor | None = None
    cell: CellPart | None = None

    def operator(self, t: int, rows: slice, transposed: bool, memory: Tensor | None = None) -> Tensor:
        """See the base class; only the case without cell and projection can use ``memory``."""
        simple = self.cell is None and self.gates.projection is None
        out = (
            memory
            if simple and not self.by_gate.requires_grad and not self.gates.recurrent.requires_grad
            else None
        )
        # The result is J with memory by columns, or J' with memory by columns, which is J by rows.
        weights = self.gates.recurrent if transposed else self.gates.recurrent_columns()
        if out is not None and not transposed:
            out = out.mT
        jacobian = self._blocks(t, rows, weights, out)
        return jacobian.mT if transposed else jacobian

    def _blocks(self, t: int, rows: slice, weights: Tensor, out: Tensor | None) -> Tensor:
        hidden = row_scaled_sum(self.by_gate[t, rows], weights, out)
        if self.diagonal is not None:
            scale = self.diagonal[t, rows]
            if out is None:
                hidden = hidden + torch.diag_embed(scale)
            else:
                hidden.diagonal(dim1=-2, dim2=-1).add_(scale)
        if self.gates.projection is not None:
            hidden = self.gates.projection @ hidden
        if self.cell is None:
            return hidden
        to_hidden = torch.diag_embed(self.cell.to_hidden[t, rows])
        if self.gates.projection is not None:
            to_hidden = self.gates.projection * self.cell.to_hidden[t, rows][:, None, :]
        below = torch.cat(
            [
                row_scaled_sum(self.cell.by_gate[t, rows], weights),
                torch.diag_embed(self.cell.diagonal[t, rows]),
            ],
            dim=-1,
        )
        return torch.cat([torch.cat([hidden, to_hidden], dim=-1), below], dim=-2)

    def input_jacobian(self, t: int, rows: slice) -> Tensor:
        """See the base class."""
        hidden = row_scaled_sum(self.inputs_by_gate[t, rows], self.gates.inputs)
        if self.gates.projection is not None:
            hidden = self.gates.projection @ hidden
        if self.cell is None:
            return hidden
        return torch.cat([hidden, row_scaled_sum(self.cell.by_gate[t, rows], self.gates.inputs)], dim=-2)


def row_scaled_sum(scales: Tensor, matrices: Tensor, out: Tensor | None = None) -> Tensor:
    """Sum over g of diag(scales[:, g]) matrices[g].

    Args:
        scales: ``(batch, gates, H)``.
        matrices: ``(gates, H, columns)``.
        out: where to write, ``(batch, H, columns)`` with any strides; None keeps the derivative.
    """
    if out is None:
        total = scales[:, 0, :, None] * matrices[0]
        for gate in range(1, matrices.shape[0]):
            total = torch.addcmul(total, scales[:, gate, :, None], matrices[gate])
        return total
    torch.mul(scales[:, 0, :, None], matrices[0], out=out)
    for gate in range(1, matrices.shape[0]):
        out.addcmul_(scales[:, gate, :, None], matrices[gate])
    return out
