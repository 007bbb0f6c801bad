"""Runs a stack along its inputs and every strand along the Jacobians."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from hyperprune.lyapunov.layers import GenericLayer, Jacobians, Layer, Linearization
from hyperprune.lyapunov.plan import Phase
from hyperprune.lyapunov.strand import Strand
from hyperprune.lyapunov.whole import WholeJacobians

# Matrices of a group together hold about this many numbers: large ones come one by one, so that they stay
# in the cache, small ones together, so that Python's part is small.
_GROUP_NUMBERS = 2**17
# Numbers of state that one stretch of time holds before the recursion catches up.
_STRETCH_NUMBERS = 2**19


@dataclass
class Block:
    """A diagonal block of the state with a Q of its own: a layer, or the whole state.

    Attributes:
        size: tracked entries n.
        columns: followed columns k.
        strands: one a group of sequences.
    """

    size: int
    columns: int
    strands: list[Strand]


def group_slices(batch: int, size: int, layers: Sequence[Layer], one_by_one: bool) -> list[slice]:
    """How the sequences are grouped; a generic layer gives Jacobians of all sequences at once."""
    if one_by_one:
        each = 1
    elif any(isinstance(layer, GenericLayer) for layer in layers):
        each = batch
    else:
        each = max(1, _GROUP_NUMBERS // size**2)
    return [slice(first, min(first + each, batch)) for first in range(0, batch, each)]


class Recursion:
    """The state of a computation between stretches of time.

    Args:
        layers: the stack, layer 1 first.
        blocks: one a layer, or a single one for the whole state.
        states: the state of each layer, ``(batch, state)``.
        order: the order of the layers in the whole state; None runs layer by layer.
    """

    def __init__(
        self, layers: Sequence[Layer], blocks: Sequence[Block], states: list[Tensor], order: list[int] | None
    ) -> None:
        self.layers, self.blocks, self.states, self.order = layers, blocks, states, order
        widest = max(layer.state_size for layer in layers)
        self._stretch = max(1, _STRETCH_NUMBERS // (states[0].shape[0] * widest))

    def run_phase(self, inputs: Tensor | None, phase: Phase) -> None:
        """All sequences take every step of ``phase``."""
        for begin in range(0, phase.steps, self._stretch):
            steps = min(self._stretch, phase.steps - begin)
            first = phase.first + begin
            part = None if inputs is None else inputs[first : first + steps]
            linearizations = self._run_layers(part, steps, None)
            for t in range(steps):
                gap = phase.qr_due(begin + t)
                for block, linearization in zip(self.blocks, linearizations, strict=True):
                    for strand in block.strands:
                        strand.push(linearization, t)
                        if gap:
                            strand.factor(gap, phase.counted)

    def run_masked(self, inputs: Tensor, mask: Tensor, warmup: int, steps: int | None) -> None:
        """Sequence b takes a step where ``mask[t, b]``; each counts its own steps. One strand a sequence."""
        ordinal = mask.long().cumsum(dim=0) - 1
        active = mask if steps is None else mask & (ordinal < warmup + steps)
        for begin in range(0, len(mask), self._stretch):
            part = active[begin : begin + self._stretch]
            linearizations = self._run_layers(inputs[begin : begin + len(part)], len(part), part)
            takes = part.tolist()
            counts = (ordinal[begin : begin + len(part)] >= warmup).tolist()
            for t in range(len(part)):
                for block, linearization in zip(self.blocks, linearizations, strict=True):
                    for sequence, strand in enumerate(block.strands):
                        if takes[t][sequence]:
                            strand.push(linearization, t)
                            strand.factor(1, counts[t][sequence])

    def _run_layers(self, inputs: Tensor | None, steps: int, active: Tensor | None) -> Sequence[Jacobians]:
        linearizations: list[Linearization] = []
        for number, layer in enumerate(self.layers):
            trajectory = layer.run(inputs, steps, self.states[number], active)
            self.states[number], inputs = trajectory.state, trajectory.outputs
            linearizations.append(trajectory.linearization)
        if self.order is None:
            return linearizations
        return [WholeJacobians(linearizations, self.layers, self.order)]


def column_layers(blocks: Sequence[Block], layers: Sequence[Layer], order: list[int] | None) -> list[int]:
    """The layer, from 1, of every column in the order of the blocks."""
    if order is None:
        return [number for number, block in enumerate(blocks, start=1) for _ in range(block.columns)]
    owners = [layer + 1 for layer in order for _ in range(layers[layer].tracked)]
    return owners[: blocks[0].columns]


def gather(blocks: Sequence[Block], attribute: str) -> Tensor:
    """Strands' tensors ``(rows, k)`` put together: ``(batch, columns of all blocks)``."""
    return torch.cat([torch.cat([getattr(s, attribute) for s in block.strands]) for block in blocks], dim=1)
