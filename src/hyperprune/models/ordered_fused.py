"""The recurrence of an ON-LSTM layer over all time steps with its derivative written by hand.

As in :mod:`hyperprune.models.highway_fused`: the loop keeps what it made, the backward loop multiplies by the
state alone, and the weight gradient is one product over all time steps at the end.

| sign | meaning | shape |
| --- | --- | --- |
| T, B, H | time, batch, hidden | |
| n, chunk | master gates, and the units that each rules: n chunk = H | |
| R | rows of the matrix: 2 n masters (input, forget), then H each of i, f, o, g | |
| sums | all rows; i, f, o and g end as what their nonlinearities give | (T, B, R) |
| soft | softmax of the master rows; its running sums are 1 - mi and mf | (T, B, 2, n) |
| mixed | I and F, what multiplies g and the old cell | (T, 2, B, n, chunk) |
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

_TANH = torch.ops.aten.tanh_backward.grad_input
_SIGMOID = torch.ops.aten.sigmoid_backward.grad_input


class FusedOrdered(torch.autograd.Function):
    """``(outputs, last h, last c)`` from inputs that are projected already; differentiable once.

    Args (in order):
        driven: projected inputs with all biases, ``(T, B, R)``.
        weight: ``(R, H)``.
        h: ``(B, H)``.
        c: ``(B, H)``.
        masters: n.
    """

    @staticmethod
    def forward(
        ctx: Any, driven: Tensor, weight: Tensor, h: Tensor, c: Tensor, masters: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Run the loop and keep what the backward pass needs."""
        time, batch, rows = driven.shape
        split = (masters, h.shape[1] // masters)
        sums = torch.empty_like(driven)
        soft = driven.new_empty(time, batch, 2, masters)
        sizes = (batch, *split)
        mixed, squashed = driven.new_empty(time, 2, *sizes), driven.new_empty(time, *sizes)
        states, cells = driven.new_empty(time + 1, batch, h.shape[1]), driven.new_empty(time + 1, *sizes)
        states[0], cells[0] = h, c.unflatten(1, split)
        transposed = weight.mT
        for t in range(time):
            torch.addmm(driven[t], states[t], transposed, out=sums[t])
            master, gates = _parts(sums[t], masters)
            running = torch.softmax(master, dim=-1, out=soft[t]).cumsum(dim=-1)
            sums[t, :, 2 * masters : rows - h.shape[1]].sigmoid_()
            i, f, o, g = gates
            g.tanh_()
            _mix(running, i, f, mixed[t])
            torch.mul(mixed[t, 1], cells[t], out=cells[t + 1]).addcmul_(mixed[t, 0], g)
            torch.tanh(cells[t + 1], out=squashed[t])
            torch.mul(o, squashed[t], out=states[t + 1].unflatten(1, split))
        ctx.masters = masters
        ctx.save_for_backward(sums, soft, mixed, squashed, states, cells, weight)
        return states[1:], states[-1].clone(), cells[-1].flatten(1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, outputs: Tensor, last_h: Tensor, last_c: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of driven, weight, h and c."""
        sums, soft, mixed, squashed, states, cells, weight = ctx.saved_tensors
        masters = ctx.masters
        split = (masters, states.shape[2] // masters)
        gradients = torch.empty_like(sums)
        h, c = last_h, last_c.unflatten(1, split).clone()
        for t in reversed(range(len(sums))):
            h = h + outputs[t]
            _, values = _parts(sums[t], masters)
            master, found = _parts(gradients[t], masters)
            by_h = h.unflatten(1, split)
            _SIGMOID(by_h * squashed[t], values[2], grad_input=found[2])
            c += torch.ops.aten.tanh_backward(by_h * values[2], squashed[t])
            _TANH(c * mixed[t, 0], values[3], grad_input=found[3])
            # by I and F, the products of g and of the old cell
            _unmix(c * values[3], c * cells[t], values, soft[t], found, master)
            c *= mixed[t, 1]
            h = gradients[t] @ weight
        flat = gradients.flatten(0, 1)
        by_weight = flat.mT @ states[:-1].flatten(0, 1)
        return gradients, by_weight, h, c.flatten(1), None


def _parts(rows: Tensor, masters: int) -> tuple[Tensor, tuple[Tensor, ...]]:
    """The master rows ``(B, 2, n)`` and the views ``(B, n, chunk)`` of i, f, o, g."""
    units = (rows.shape[1] - 2 * masters) // 4
    master, *gates = rows.split([2 * masters, units, units, units, units], dim=1)
    return master.unflatten(1, (2, masters)), tuple(gate.unflatten(1, (masters, -1)) for gate in gates)


def _mix(running: Tensor, i: Tensor, f: Tensor, mixed: Tensor) -> None:
    """I = i w + (mi - w) and F = f w + (mf - w) with the overlap w = mi mf."""
    master_i, master_f = 1 - running[:, 0], running[:, 1]
    overlap = master_i * master_f
    wide = overlap[..., None]
    torch.addcmul((master_i - overlap)[..., None], i, wide, out=mixed[0])
    torch.addcmul((master_f - overlap)[..., None], f, wide, out=mixed[1])


def _unmix(
    by_i: Tensor,
    by_f: Tensor,
    values: tuple[Tensor, ...],
    soft: Tensor,
    found: tuple[Tensor, ...],
    master: Tensor,
) -> None:
    """Gradients of the sums of i, f and both masters from those of I and F."""
    i, f = values[:2]
    running = soft.cumsum(dim=-1)
    master_i, master_f = 1 - running[:, 0], running[:, 1]
    wide = (master_i * master_f)[..., None]
    _SIGMOID(by_i * wide, i, grad_input=found[0])
    _SIGMOID(by_f * wide, f, grad_input=found[1])
    by_overlap = (by_i * (i - 1)).addcmul_(by_f, f - 1).sum(dim=-1)
    by_master_i = by_i.sum(dim=-1).addcmul_(by_overlap, master_f)
    by_master_f = by_f.sum(dim=-1).addcmul_(by_overlap, master_i)
    # back through the running sum, whose first is subtracted from 1, and through the softmax
    by_running = torch.stack([by_master_i.neg_(), by_master_f], dim=1)
    weighted = by_running.flip(-1).cumsum(dim=-1).flip(-1).mul_(soft)
    torch.addcmul(weighted, soft, weighted.sum(dim=-1, keepdim=True), value=-1, out=master)
