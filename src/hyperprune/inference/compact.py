"""Tensors of a file: whole, or live values and where they are; whichever is smaller.

A compact tensor ``w`` is kept as ``w:values`` and either ``w:bits``, one bit a block, the first in the
highest bit of a byte, or ``w:counts`` and ``w:columns``, for each row of blocks how many live and in which
columns. Blocks lie within a gate; those at the edges are cut to the matrix. Values come row by row. Whole
numbers have a scale for each row in ``w:scales``.
"""

import math
from collections.abc import Mapping
from typing import Literal

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor
from torch.nn.functional import pad

from hyperprune.errors import ExportError
from hyperprune.inference.layouts import MOST_GROUPS
from hyperprune.inference.plain import Matrix
from hyperprune.inference.quantise import quantised, restored

_BLOCKS = ((16, 1), (8, 4), (1, 1))
_SPARSEST = 500  # blocks to a live one, beyond which bits are kept: a small file never becomes a huge matrix
_MOST_UNPACKED = 1000  # bytes in memory to a byte of the file
_ALWAYS = 1 << 24  # bytes that any file may take


class TensorRecord(BaseModel):
    """How a tensor is kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shape: tuple[int, ...] = Field(max_length=8, description="Of the tensor itself.")
    layout: Literal["dense", "bits", "columns"] = Field("dense", description="See the file's page.")
    block: tuple[int, int] = Field((1, 1), description="Rows and columns of a block.")
    gates: int = Field(1, ge=1, le=64, description="Gates that lie one below the other in the rows.")
    int8: bool = Field(False, description="Whole numbers with a scale for each row.")
    live: int = Field(0, ge=0, description="Live weights.")


def compacted(name: str, matrix: Matrix, *, int8: bool = False) -> tuple[TensorRecord, dict[str, Tensor]]:
    """The smallest form of a matrix: its record and its tensors by name in the file."""
    values, extra = matrix.weight, {}
    if int8:
        values, scales = quantised(matrix.weight)
        extra = {f"{name}:scales": scales}
    item = values.element_size()
    shape = (values.shape[0], values.shape[1])
    best: tuple[int, TensorRecord, Tensor | None] = (
        values.numel() * item,
        TensorRecord(shape=shape, gates=matrix.gates, int8=int8, live=matrix.count),
        None,
    )
    for block in _BLOCKS:
        blocks = _grid(matrix.live, block, matrix.gates)
        stored = int(_spread(blocks, block, matrix.gates, shape).sum()) * item
        live, (lines, groups) = int(blocks.sum()), blocks.shape
        sizes = {"bits": -(-blocks.numel() // 8)}
        if groups <= MOST_GROUPS and blocks.numel() <= _SPARSEST * live:
            sizes["columns"] = 2 * live + 4 * lines
        for layout, size in sizes.items():
            if stored + size < best[0]:
                update = {"layout": layout, "block": block}
                best = (stored + size, best[1].model_copy(update=update), blocks)
    _, record, mask = best
    if mask is None:
        return record, {(f"{name}:values" if int8 else name): values, **extra}
    kept = values[_spread(mask, record.block, matrix.gates, shape)]
    where = (
        {f"{name}:bits": torch.from_numpy(np.packbits(mask.numpy().reshape(-1)))}
        if record.layout == "bits"
        else {
            f"{name}:counts": mask.sum(dim=1, dtype=torch.int32),
            f"{name}:columns": mask.nonzero()[:, 1].to(torch.uint16),
        }
    )
    return record, {f"{name}:values": kept, **where, **extra}


def unpacked(name: str, record: TensorRecord, tensors: Mapping[str, Tensor]) -> Matrix:
    """The matrix that a record and the tensors of its file stand for; everything is checked first.

    Args:
        name: of the matrix.
        record: how it is kept.
        tensors: of the file.

    Raises:
        ExportError: they do not fit each other.
    """
    if len(record.shape) != 2 or min(record.shape) < 1:
        raise ExportError(f"{name} must be a matrix, got the shape {record.shape}: export the network again")
    shape = (record.shape[0], record.shape[1])
    if record.block not in _BLOCKS or shape[0] % record.gates:
        raise ExportError(
            f"{name} must have blocks of {_BLOCKS} in whole gates, got {record.block} and "
            f"{record.gates} gates of {shape[0]} rows: export the network again"
        )
    dtype = torch.int8 if record.int8 else torch.float32
    if record.layout == "dense":
        values = _tensor(f"{name}:values" if record.int8 else name, tensors, dtype, shape)
        live = values != 0
    else:
        live = _spread(_blocks(name, record, tensors, shape), record.block, record.gates, shape)
        values = torch.zeros(shape, dtype=dtype)
        values[live] = _tensor(f"{name}:values", tensors, dtype, (int(live.sum()),))
    if record.int8:
        values = restored(values, _tensor(f"{name}:scales", tensors, torch.float32, (shape[0],)))
    return Matrix(values, live, record.gates)


def whole(name: str, record: TensorRecord, tensors: Mapping[str, Tensor]) -> Tensor:
    """A tensor that is kept as it is, such as a bias.

    Raises:
        ExportError: it is missing or of another shape.
    """
    found = tensors.get(name)
    if found is None or tuple(found.shape) != record.shape:
        raise _misfit(name, record.shape, found)
    return found


def _blocks(name: str, record: TensorRecord, tensors: Mapping[str, Tensor], shape: tuple[int, int]) -> Tensor:
    """Which blocks live, ``(lines, groups)``."""
    tall, broad = record.block
    lines, groups = record.gates * -(-(shape[0] // record.gates) // tall), -(-shape[1] // broad)
    if record.layout == "bits":
        count = lines * groups
        bits = _tensor(f"{name}:bits", tensors, torch.uint8, (-(-count // 8),))
        return torch.from_numpy(np.unpackbits(bits.numpy(), count=count)).bool().view(lines, groups)
    counts = _tensor(f"{name}:counts", tensors, torch.int32, (lines,)).long()
    if counts.numel() and (int(counts.min()) < 0 or int(counts.max()) > groups):
        raise ExportError(f"{name} has a count of blocks out of range: it is damaged")
    columns = _tensor(f"{name}:columns", tensors, torch.uint16, (int(counts.sum()),)).long()
    if columns.numel() and int(columns.max()) >= groups:
        raise ExportError(f"{name} has a column out of range: it is damaged")
    mask = torch.zeros(lines, groups, dtype=torch.bool)
    mask[torch.arange(lines).repeat_interleave(counts), columns] = True
    if int(mask.sum()) != columns.numel():
        raise ExportError(f"{name} names a block twice: it is damaged")
    return mask


def _grid(live: Tensor, block: tuple[int, int], gates: int) -> Tensor:
    """Blocks of each gate that hold a live weight, ``(lines, groups)``."""
    tall, broad = block
    units, columns = live.shape[0] // gates, live.shape[1]
    filled = pad(live.view(gates, units, columns), (0, -columns % broad, 0, -units % tall))
    lines, groups = filled.shape[1] // tall, filled.shape[2] // broad
    return filled.view(gates, lines, tall, groups, broad).any(dim=4).any(dim=2).flatten(0, 1)


def _spread(blocks: Tensor, block: tuple[int, int], gates: int, shape: tuple[int, int]) -> Tensor:
    """The weights that lie in live blocks, of the matrix' shape."""
    tall, broad = block
    wide = blocks.view(gates, -1, blocks.shape[1]).repeat_interleave(tall, 1).repeat_interleave(broad, 2)
    return wide[:, : shape[0] // gates, : shape[1]].reshape(shape)


def _tensor(name: str, tensors: Mapping[str, Tensor], dtype: torch.dtype, shape: tuple[int, ...]) -> Tensor:
    found = tensors.get(name)
    if found is None or found.dtype != dtype or tuple(found.shape) != shape:
        raise _misfit(name, shape, found)
    return found


def _misfit(name: str, shape: tuple[int, ...], found: Tensor | None) -> ExportError:
    seen = "there is none" if found is None else f"got {tuple(found.shape)} of {found.dtype}"
    return ExportError(f"{name} must be there in the shape {shape}, {seen}: the file is damaged")


def check_sizes(records: Mapping[str, TensorRecord], file_bytes: int) -> None:
    """Refuse tensors that would take far more memory than their file has bytes.

    Raises:
        ExportError: they would.
    """
    declared = 4 * sum(math.prod(record.shape) for record in records.values())
    if declared > max(_ALWAYS, file_bytes * _MOST_UNPACKED):
        raise ExportError(
            f"the tensors declare {declared:,} bytes, more than a file of {file_bytes:,} can hold: it is "
            "damaged"
        )
