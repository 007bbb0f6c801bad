"""Runs a stack along its inputs and every strand along the Jacobians."""

from collections.abc import Sequence

import torch
from torch import Tensor

from hyperprune.lyapunov.layers import Jacobians
from hyperprune.lyapunov.recursion.blocks import Block
from hyperprune.lyapunov.recursion.plan import Phase
from hyperprune.lyapunov.recursion.walk import Walk, cut
from hyperprune.lyapunov.recursion.whole import WholeJacobians


class Recursion:
    """The state of a computation between stretches of time.

    Args:
        walk: the stack at its beginning.
        blocks: one a layer, or a single one for the whole state.
        order: the order of the layers in the whole state; None runs layer by layer.
    """

    def __init__(self, walk: Walk, blocks: Sequence[Block], order: list[int] | None) -> None:
        self.walk, self.blocks, self.order = walk, blocks, order
        # of each sequence: steps that counted, and QR that did
        self.counts = torch.zeros(len(walk.states[0]), dtype=torch.int64)
        self.factored = torch.zeros_like(self.counts)

    def run_phase(self, inputs: Tensor | None, phase: Phase) -> None:
        """All sequences take every step of ``phase``."""
        for first, steps in self.walk.stretches(phase.first, phase.steps):
            linearizations = self._run_layers(cut(inputs, first, steps), steps, None)
            for t in range(steps):
                gap = phase.qr_due(first - phase.first + t)
                if gap and phase.counted:
                    self.counts += gap
                    self.factored += 1
                for block, linearization in zip(self.blocks, linearizations, strict=True):
                    for strand in block.strands:
                        strand.push(linearization, t)
                        if gap:
                            strand.factor(gap, phase.counted)

    def run_masked(self, inputs: Tensor, active: Tensor, warmup: int) -> None:
        """Sequence b takes a step where ``active[t, b]``; each counts its own steps.

        Strands are of one sequence each.
        """
        counted = active.long().cumsum(dim=0) > warmup
        self.counts += (active & counted).sum(dim=0).cpu()
        self.factored += self.counts
        for first, steps in self.walk.stretches(0, len(active)):
            part = active[first : first + steps]
            linearizations = self._run_layers(inputs[first : first + steps], steps, part)
            takes, counts = part.tolist(), counted[first : first + steps].tolist()
            for t in range(steps):
                for block, linearization in zip(self.blocks, linearizations, strict=True):
                    for strand in block.strands:
                        if takes[t][strand.rows.start]:
                            strand.push(linearization, t)
                            strand.factor(1, counts[t][strand.rows.start])

    def _run_layers(self, inputs: Tensor | None, steps: int, active: Tensor | None) -> Sequence[Jacobians]:
        linearizations = self.walk.advance(inputs, steps, active)
        if self.order is None:
            return [block.prepared(own) for block, own in zip(self.blocks, linearizations, strict=True)]
        return [self.blocks[0].prepared(WholeJacobians(linearizations, self.walk.layers, self.order))]
