"""Some rows of a matrix, cut into blocks."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Piece:
    """Rows of one parameter, whose entries are blocks; dimensions after the first count as columns.

    Where the diagonal stays, it is no part of any block: it lives whatever they do. Entries of single
    weights then leave its places out, so that a row has one entry less.

    Attributes:
        parameter: its name.
        begin: first row.
        rows: number of rows.
        columns: number of columns.
        block: rows and columns of a block, which divide those of the piece.
        diagonal: whether its diagonal stays; it is square then.
    """

    parameter: str
    begin: int
    rows: int
    columns: int
    block: tuple[int, int] = (1, 1)
    diagonal: bool = False

    @property
    def single(self) -> bool:
        """Whether a block is one weight."""
        return self.block == (1, 1)

    @property
    def kept(self) -> int:
        """Weights that live whatever the blocks do."""
        return self.rows if self.diagonal else 0

    @property
    def entries(self) -> int:
        """Number of entries."""
        if self.single:
            return self.rows * self.columns - self.kept
        return (self.rows // self.block[0]) * (self.columns // self.block[1])

    def scored(self, tensor: Tensor) -> Tensor:
        """Entries of the parameter's tensor: itself, or the sums of magnitudes over the blocks.

        Half precision is summed in float32.
        """
        part = self._part(tensor)
        if self.single:
            return self._off_diagonal(part) if self.diagonal else part
        sizes = part.abs()
        if self.diagonal:
            sizes.fill_diagonal_(0)
        wide = sizes.float() if sizes.dtype in (torch.float16, torch.bfloat16) else sizes
        return self._blocks(wide).sum(dim=(1, 3))

    def live(self, mask: Tensor) -> Tensor:
        """Which entries live: those whose weights all do."""
        part = self._part(mask)
        if self.single:
            return self._off_diagonal(part) if self.diagonal else part
        if self.diagonal:
            part = part.clone().fill_diagonal_(True)
        return self._blocks(part).all(dim=3).all(dim=1)

    def spread(self, entries: Tensor) -> Tensor:
        """The mask of these rows, ``(rows, columns)``."""
        if not self.single:
            tall, broad = self.block
            mask = entries.repeat_interleave(tall, 0).repeat_interleave(broad, 1)
        elif self.diagonal:
            mask = self._with_diagonal(entries)
        else:
            mask = entries
        return mask.fill_diagonal_(True) if self.diagonal else mask

    def _part(self, tensor: Tensor) -> Tensor:
        return tensor.reshape(tensor.shape[0], self.columns)[self.begin : self.begin + self.rows]

    def _blocks(self, part: Tensor) -> Tensor:
        tall, broad = self.block
        return part.reshape(self.rows // tall, tall, self.columns // broad, broad)

    def _off_diagonal(self, part: Tensor) -> Tensor:
        """Row by row without the diagonal, ``(n, n - 1)``: the flat entries after the first lie in rows of
        n + 1, each of which ends on the diagonal.
        """
        side = self.rows
        return part.reshape(-1)[1:].view(side - 1, side + 1)[:, :-1].reshape(side, side - 1)

    def _with_diagonal(self, entries: Tensor) -> Tensor:
        side = self.rows
        ends = entries.new_ones(side - 1, 1)
        flat = torch.cat([entries.reshape(side - 1, side), ends], dim=1).flatten()
        return torch.cat([entries.new_ones(1), flat]).view(side, side)
