"""The recurrence of an ON-LSTM layer over all time steps with its derivative written by hand.

As in :mod:`.highway_fused`: the loop keeps what it made, the backward loop multiplies by the
state alone, and the weight gradient is one product over all time steps at the end.

| sign | meaning | shape |
| --- | --- | --- |
| T, B, H | time, batch, hidden | |
| n, chunk | master gates, and the units that each rules: n chunk = H | |
| R | rows of the matrix: 2 n masters (input, forget), then H each of i, f, o, g | |
| sums | all rows; i, f, o and g end as what their nonlinearities give | (T, B, R) |
| soft | softmax of the master rows; its running sums are 1 - mi and mf | (T, B, 2, n) |
| mixed | I and F, what multiplies g and the old cell | (2, T, B, n, chunk) |
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from hyperprune.models.layers.graphed import current_graphs
from hyperprune.models.layers.narrow_product import add_product, by_matrix, product
from hyperprune.models.layers.working_type import loop_type

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
        weight = weight.to(loop_type(weight))
        ctx.graphs, ctx.masters = current_graphs(), masters
        kept = ctx.graphs.run(_forward, driven, weight, h, c, masters)
        *_, states, cells = kept
        ctx.save_for_backward(*kept, weight)
        return states[1:], states[-1].clone(), cells[-1].flatten(1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, outputs: Tensor, last_h: Tensor, last_c: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of driven, weight, h and c."""
        return *ctx.graphs.run(_backward, outputs, last_h, last_c, ctx.masters, *ctx.saved_tensors), None


def _forward(driven: Tensor, weight: Tensor, h: Tensor, c: Tensor, masters: int) -> tuple[Tensor, ...]:
    """sums, soft, mixed, tanh of the new cells, states ``(T + 1, B, H)`` and cells of the same size."""
    time, batch, rows = driven.shape
    units = h.shape[1]
    split = (masters, units // masters)
    sums, soft = torch.empty_like(driven), driven.new_empty(time, batch, 2, masters)
    mixed, squashed = driven.new_empty(2, time, batch, *split), driven.new_empty(time, batch, *split)
    states, cells = driven.new_empty(time + 1, batch, units), driven.new_empty(time + 1, batch, *split)
    states[0], cells[0] = h, c.unflatten(1, split)
    master, i, f, o, g = _rows(sums, masters)
    sigmoids = sums[:, :, 2 * masters : rows - units].unbind()
    driven_at, sums_at, soft_at = driven.unbind(), sums.unbind(), soft.unbind()
    written, kept = (half.unbind() for half in mixed)
    h_at, split_h = states.unbind(), states.unflatten(2, split).unbind()
    c_at, squashed_at, transposed = cells.unbind(), squashed.unbind(), weight.mT
    for t in range(time):
        add_product(driven_at[t], h_at[t], transposed, out=sums_at[t])
        running = torch.softmax(master[t], dim=-1, out=soft_at[t]).cumsum(dim=-1)
        sigmoids[t].sigmoid_()
        g[t].tanh_()
        _mix(running, i[t], f[t], written[t], kept[t])
        torch.mul(kept[t], c_at[t], out=c_at[t + 1]).addcmul_(written[t], g[t])
        torch.tanh(c_at[t + 1], out=squashed_at[t])
        torch.mul(o[t], squashed_at[t], out=split_h[t + 1])
    return sums, soft, mixed, squashed, states, cells


def _backward(
    outputs: Tensor, last_h: Tensor, last_c: Tensor, masters: int, *saved: Tensor
) -> tuple[Tensor, ...]:
    """Gradients of driven, weight, h and c."""
    sums, soft, mixed, squashed, states, cells, weight = saved
    gradients = torch.empty_like(sums)
    _, *values = _rows(sums, masters)
    master, *found = _rows(gradients, masters)
    rulers = _rulers(soft)
    written, kept = (half.unbind() for half in mixed)
    squashed_at, c_at, above = squashed.unbind(), cells.unbind(), outputs.unbind()
    soft_at, found_at = soft.unbind(), gradients.unbind()
    split = cells.shape[2:]
    h, c = last_h.clone(), last_c.unflatten(1, split).clone()
    for t in reversed(range(len(sums))):
        by_h = (h + above[t]).reshape(c.shape)
        i, f, o, g = (value[t] for value in values)
        by_i, by_f, by_o, by_g = (place[t] for place in found)
        _SIGMOID(by_h * squashed_at[t], o, grad_input=by_o)
        c += torch.ops.aten.tanh_backward(by_h.mul_(o), squashed_at[t])
        _TANH(c * written[t], g, grad_input=by_g)
        # by I and F, the factors of g and of the old cell
        by_written, by_kept = c * g, c * c_at[t]
        c *= kept[t]
        wide = rulers.overlap[t]
        _SIGMOID(by_written * wide, i, grad_input=by_i)
        _SIGMOID(by_kept * wide, f, grad_input=by_f)
        by_running = _by_running(by_written, by_kept, i, f, rulers.master_i[t], rulers.master_f[t])
        weighted = by_running.flip(-1).cumsum(dim=-1).flip(-1).mul_(soft_at[t])
        torch.addcmul(weighted, soft_at[t], weighted.sum(-1, True), value=-1, out=master[t])
        h = product(found_at[t], weight, out=h)
    by_weight = by_matrix(gradients.flatten(0, 1), states[:-1].flatten(0, 1), weight)
    return gradients, by_weight, h, c.flatten(1)


class _Rulers(NamedTuple):
    """The masters at every step ``(B, n)``, and their overlap ``(B, n, 1)``."""

    master_i: tuple[Tensor, ...]
    master_f: tuple[Tensor, ...]
    overlap: tuple[Tensor, ...]


def _rulers(soft: Tensor) -> _Rulers:
    running = soft.cumsum(dim=-1)
    master_i, master_f = 1 - running[:, :, 0], running[:, :, 1]
    return _Rulers(master_i.unbind(), master_f.unbind(), (master_i * master_f)[..., None].unbind())


def _rows(rows: Tensor, masters: int) -> tuple[tuple[Tensor, ...], ...]:
    """By step: the master rows ``(B, 2, n)``, then the views ``(B, n, chunk)`` of i, f, o, g."""
    units = (rows.shape[2] - 2 * masters) // 4
    master, *gates = rows.split([2 * masters, units, units, units, units], dim=2)
    shaped = [gate.unflatten(2, (masters, units // masters)) for gate in gates]
    return tuple(part.unbind() for part in (master.unflatten(2, (2, masters)), *shaped))


def _mix(running: Tensor, i: Tensor, f: Tensor, written: Tensor, kept: Tensor) -> None:
    """I = i w + (mi - w) and F = f w + (mf - w) with the overlap w = mi mf."""
    minus, master_f = running.unbind(dim=1)
    overlap = torch.addcmul(master_f, minus, master_f, value=-1)  # (1 - minus) mf
    wide = overlap[:, :, None]
    torch.addcmul((1 - minus).sub_(overlap)[:, :, None], i, wide, out=written)
    torch.addcmul((master_f - overlap)[:, :, None], f, wide, out=kept)


def _by_running(
    by_written: Tensor, by_kept: Tensor, i: Tensor, f: Tensor, master_i: Tensor, master_f: Tensor
) -> Tensor:
    """Gradients ``(B, 2, n)`` of the masters' running sums, the first of which is subtracted from 1."""
    total_i, total_f = by_written.sum(dim=-1), by_kept.sum(dim=-1)
    # (i - 1) by I + (f - 1) by F
    by_overlap = (by_written * i).addcmul_(by_kept, f).sum(dim=-1).sub_(total_i).sub_(total_f)
    result = torch.stack([total_i.neg_(), total_f], dim=1)
    result[:, 0].addcmul_(by_overlap, master_f, value=-1)
    result[:, 1].addcmul_(by_overlap, master_i)
    return result
