"""An LSTM layer whose recurrent products run in a narrower type than its states (autocast on a CPU).

torch narrows an LSTM as a whole and hardly gains by it. Here states, gates and sums keep their type; only the
factors of the products are narrowed, and the gradient of the recurrent matrix is one product over all steps.
With T steps, B sequences, H units and driven sums a = W x + b, ``(T, B, 4 H)``, in the order of torch:

    i, f, o = sigmoid(a + U h),   g = tanh(a + U h),   c' = f c + i g,   h' = o tanh(c')
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import _VF, Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import linear

from hyperprune.models.layers.fused_layers import states_after
from hyperprune.models.layers.layered import Kernel
from hyperprune.models.layers.narrow_product import by_matrix, product
from hyperprune.models.layers.working_type import loop_type

_TANH = torch.ops.aten.tanh_backward.grad_input
_SIGMOID = torch.ops.aten.sigmoid_backward.grad_input


class _Recurrence(torch.autograd.Function):
    """Outputs ``(T, B, H)`` and last h and c from driven sums, h, c and U."""

    @staticmethod
    def forward(
        ctx: Any, driven: Tensor, h: Tensor, c: Tensor, recurrent: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        time, size = len(driven), h.shape[1]
        recurrent = recurrent.to(loop_type(recurrent))
        gates, states, cells = driven.clone(), states_after(h, time), states_after(c, time)
        squashed = torch.empty_like(states[1:])  # tanh(c')
        i, f, g, o = _by_gate(gates)
        sums, at, cell_at, tanh_at = gates.unbind(), states.unbind(), cells.unbind(), squashed.unbind()
        both, spare, transposed = gates[:, :, : 2 * size].unbind(), torch.empty_like(driven[0]), recurrent.mT
        for t in range(time):
            sums[t].add_(product(at[t], transposed, out=spare))
            both[t].sigmoid_()
            o[t].sigmoid_()
            g[t].tanh_()
            torch.mul(f[t], cell_at[t], out=cell_at[t + 1]).addcmul_(i[t], g[t])
            torch.mul(o[t], torch.tanh(cell_at[t + 1], out=tanh_at[t]), out=at[t + 1])
        ctx.save_for_backward(gates, states, cells, squashed, recurrent)
        return states[1:], states[-1].clone(), cells[-1].clone()

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, outputs: Tensor, last: Tensor, last_cell: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        gates, states, cells, squashed, recurrent = ctx.saved_tensors
        driven = torch.empty_like(gates)
        i, f, g, o = _by_gate(gates)
        by_i, by_f, by_g, by_o = _by_gate(driven)
        driven_at, above = driven.unbind(), outputs.unbind()
        cell_at, tanh_at = cells.unbind(), squashed.unbind()
        state, cell, spare = last.clone(), last_cell.clone(), torch.empty_like(last)
        for t in reversed(range(len(gates))):
            state.add_(above[t])
            _SIGMOID(torch.mul(state, tanh_at[t], out=spare), o[t], grad_input=by_o[t])
            cell.add_(_TANH(state.mul_(o[t]), tanh_at[t], grad_input=spare))
            _SIGMOID(torch.mul(cell, g[t], out=spare), i[t], grad_input=by_i[t])
            _SIGMOID(torch.mul(cell, cell_at[t], out=spare), f[t], grad_input=by_f[t])
            _TANH(torch.mul(cell, i[t], out=spare), g[t], grad_input=by_g[t])
            cell.mul_(f[t])
            product(driven_at[t], recurrent, out=state)
        by_recurrent = by_matrix(driven.flatten(0, 1), states[:-1].flatten(0, 1), recurrent)
        return driven, state, cell, by_recurrent


def lstm(
    inputs: Tensor, begin: Sequence[Tensor], weights: Sequence[Tensor], *further: Any
) -> tuple[Tensor, Tensor, Tensor]:
    """One layer, one way, time first, as ``_VF.lstm`` takes it, which it calls where nothing is narrowed.

    Args:
        inputs: ``(T, B, features)``.
        begin: h and c, each ``(1, B, H)``.
        weights: input matrix, recurrent matrix, and the biases of both.
        further: what else ``_VF.lstm`` takes.

    Returns:
        Outputs ``(T, B, H)`` and the last h and c, each ``(1, B, H)``.
    """
    if not narrows(weights[1]):
        torchs: Kernel = _VF.lstm
        outputs, h, c = torchs(inputs, begin, weights, *further)
        return outputs, h, c
    weight, recurrent, bias, recurrent_bias = weights
    h, c = begin[0][0], begin[1][0]
    driven = linear(inputs, weight, bias + recurrent_bias).to(h.dtype)  # autocast narrows the product
    outputs, h, c = _Recurrence.apply(driven, h, c, recurrent)
    return outputs, h[None], c[None]


def narrows(recurrent: Tensor) -> bool:
    """Whether autocast is on, on a CPU, in a pass that will be differentiated, and the matrix is worth it."""
    on_cpu = recurrent.device.type == "cpu"
    return on_cpu and torch.is_grad_enabled() and loop_type(recurrent) != recurrent.dtype


def _by_gate(gates: Tensor) -> list[tuple[Tensor, ...]]:
    """Views of the gates i, f, g and o, by step."""
    return [part.unbind() for part in gates.chunk(4, dim=2)]
