"""In what form a matrix is kept: all of it, or its live blocks of 16 x 1, 8 x 4 or 1 x 1 weights.

Rows of a gate are padded to a multiple of 16 here, so no block lies across two gates.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pad

from hyperprune.inference.plain import Matrix

PANEL = 16
MOST_GROUPS = 1 << 16  # indices have 16 bits


@dataclass(frozen=True)
class Layout:
    """A form of storage.

    Attributes:
        name: for people.
        code: the kernels' number.
        block: rows and columns of a block; None for a dense matrix.
        cost: time of a stored value beside one of a dense matrix, as benchmarks/inference.py measures it
            where the weights lie in the processor's caches.
    """

    name: str
    code: int
    block: tuple[int, int] | None
    cost: float


DENSE = Layout("dense", 1, None, 1.0)
BLOCKS_16X1 = Layout("16x1", 2, (16, 1), 1.1)
BLOCKS_8X4 = Layout("8x4", 3, (8, 4), 1.3)
SINGLE = Layout("1x1", 4, (1, 1), 7.0)
LAYOUTS = (DENSE, BLOCKS_16X1, BLOCKS_8X4, SINGLE)  # of equal size the first is taken


@dataclass(frozen=True, eq=False)
class Stored:
    """A matrix in a layout, gates padded.

    Attributes:
        layout: which.
        rows: padded.
        columns: as they are.
        values: ``(blocks, values of a block)``, in the kernels' order.
        indices: column or group of columns of each block, ``(blocks,)``, int64; None if dense.
        starts: first block of each row of blocks, and the end, ``(lines + 1,)``; None if dense.
    """

    layout: Layout
    rows: int
    columns: int
    values: Tensor
    indices: Tensor | None = None
    starts: Tensor | None = None


def padded(matrix: Matrix) -> Matrix:
    """The matrix with the rows of each gate filled up to a multiple of 16 by dead ones."""
    rows, columns = matrix.weight.shape
    units = rows // matrix.gates
    missing = -units % PANEL

    def filled(tensor: Tensor) -> Tensor:
        return pad(tensor.view(matrix.gates, units, columns), (0, 0, 0, missing)).flatten(0, 1)

    return Matrix(filled(matrix.weight), filled(matrix.live), matrix.gates)


def live_blocks(live: Tensor, block: tuple[int, int]) -> Tensor:
    """Which blocks hold a live weight, ``(rows / R, ceil(columns / C))``; R divides the rows."""
    rows, columns = live.shape
    tall, broad = block
    whole = pad(live, (0, -columns % broad))
    return whole.view(rows // tall, tall, -1, broad).any(dim=3).any(dim=1)


def size_of(matrix: Matrix, layout: Layout, item: int = 4) -> tuple[int, int]:
    """Stored values of a padded matrix in a layout, and its bytes without the scales of int8.

    Args:
        matrix: rows of each gate padded.
        layout: which.
        item: bytes of a weight.
    """
    rows, columns = matrix.weight.shape
    if layout.block is None:
        return rows * columns, rows * columns * item
    tall, broad = layout.block
    blocks = int(live_blocks(matrix.live, layout.block).sum())
    values = blocks * tall * broad
    return values, values * item + 2 * blocks + 4 * (rows // tall + 1)


def possible(matrix: Matrix, layout: Layout) -> bool:
    """Whether the indices of a layout reach all columns."""
    return layout.block is None or -(-matrix.weight.shape[1] // layout.block[1]) <= MOST_GROUPS


def stored(matrix: Matrix, layout: Layout, values: Tensor | None = None) -> Stored:
    """A padded matrix in a layout.

    Args:
        matrix: rows of each gate padded.
        layout: one of ``LAYOUTS``.
        values: what to store in place of the weights, such as int8 ones, of their shape.
    """
    values = matrix.weight if values is None else values
    rows, columns = values.shape
    if layout.block is None:
        panels = values.view(rows // PANEL, PANEL, columns).transpose(1, 2)
        return Stored(layout, rows, columns, panels.reshape(-1, PANEL))
    tall, broad = layout.block
    mask = live_blocks(matrix.live, layout.block)
    parts = pad(values, (0, -columns % broad)).view(rows // tall, tall, -1, broad).permute(0, 2, 3, 1)
    counts = mask.sum(dim=1)
    starts = torch.cat([counts.new_zeros(1), counts.cumsum(0)])
    return Stored(layout, rows, columns, parts[mask].flatten(1), mask.nonzero()[:, 1], starts)
