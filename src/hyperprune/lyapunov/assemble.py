"""Strands for every block and group of sequences before a computation, and the record after it."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from hyperprune.errors import ConfigurationError, DivergedError
from hyperprune.lyapunov.conventions import Conventions
from hyperprune.lyapunov.layers import Layer
from hyperprune.lyapunov.record import Position, Spectrum
from hyperprune.lyapunov.recursion import Block, Recursion, column_layers, gather, group_slices
from hyperprune.lyapunov.states import flatten_states
from hyperprune.lyapunov.strand import Strand


def make_blocks(
    layers: Sequence[Layer],
    conventions: Conventions,
    zero: Tensor,
    start: Position | None,
    ragged: bool,
    differentiable: bool,
    running: bool,
) -> list[Block]:
    """Blocks with fresh strands: a block a layer, or one for the whole state.

    Args:
        layers: the stack.
        conventions: what is computed.
        zero: ``(batch, 0)``; gives batch, type and device.
        start: where Q begins, or None for the identity.
        ragged: whether sequences differ in length, so that each has a strand of its own.
        differentiable: whether derivatives are kept.
        running: whether the mean so far is kept.

    Raises:
        ConfigurationError: ``start`` is of another system.
    """
    sizes = [layer.tracked for layer in layers]
    if conventions.layerwise is False:
        sizes = [sum(sizes)]
    blocks = []
    for number, size in enumerate(sizes):
        columns = min(conventions.k or size, size)
        whole = (len(zero), size, columns)
        if start is None:
            q = torch.eye(size, columns, dtype=zero.dtype, device=zero.device).expand(whole)
        else:
            q = _start_q(start, number, whole).to(zero)
        strands = []
        for rows in group_slices(len(zero), size, layers, ragged):
            strands.append(
                Strand(
                    rows,
                    q[rows],
                    identity=start is None,
                    transposed=conventions.direction == "adjoint",
                    floor=conventions.floor,
                    differentiable=differentiable,
                    running=running,
                )
            )
        blocks.append(Block(size, columns, strands))
    return blocks


def _start_q(start: Position, number: int, shape: tuple[int, int, int]) -> Tensor:
    q = start.q[number] if number < len(start.q) else None
    if q is None or tuple(q.shape) != shape:
        raise ConfigurationError(
            f"start must hold a Q of shape {shape} for block {number + 1}, got "
            f"{None if q is None else tuple(q.shape)}: give the end of a spectrum of the same system "
            "and conventions"
        )
    return q


def make_record(
    recursion: Recursion,
    layers: list[Layer],
    order: list[int],
    conventions: Conventions,
    mask: Tensor | None,
    keep_end: bool,
) -> Spectrum:
    """The record of a finished recursion; raises DivergedError for exponents that are no numbers."""
    blocks = recursion.blocks
    owners = torch.tensor(column_layers(blocks, layers, recursion.order))
    columns = owners.argsort(stable=True)  # from the order of the state to layer 1 first
    unit = math.log(conventions.log_base)
    exponents = gather(blocks, "mean").cpu()[:, columns] / unit
    if bool(exponents.isnan().any()):
        raise DivergedError("the spectrum is not a number: the network or its inputs left the finite numbers")
    counts = torch.cat([torch.full((len(s.total),), s.steps) for s in blocks[0].strands])
    running = None
    if blocks[0].strands[0].history is not None:
        running = _history(recursion, mask is not None).cpu()[:, :, columns] / unit
    end = None
    if keep_end:
        q = tuple(torch.cat([strand.q for strand in block.strands]) for block in blocks)
        end = Position(flatten_states(recursion.states, order), q)
    clamped = gather(blocks, "clamped").cpu()[:, columns]
    return Spectrum(exponents, owners[columns], conventions, counts, clamped, running, end)


def _history(recursion: Recursion, ragged: bool) -> Tensor:
    """Running means ``(times, batch, columns)`` in nats; shorter sequences end in NaN."""
    longest = max(len(s.history or ()) for block in recursion.blocks for s in block.strands)
    parts = []
    for block in recursion.blocks:
        rows = [torch.stack(s.history or []) for s in block.strands]
        if ragged:
            rows = [
                nn.functional.pad(row, (0, 0, 0, 0, 0, longest - len(row)), value=math.nan) for row in rows
            ]
        parts.append(torch.cat(rows, dim=1))
    return torch.cat(parts, dim=2)
