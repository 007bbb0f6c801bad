"""``nn.GRU`` with a fused training pass.

With T steps, B sequences and H units, in the form of torch (reset gate after the product):

    r, z = sigmoid(a + u),   n = tanh(a_n + r u_n),   h' = n + z (h - n)

where a = W x + b are the driven sums, ``(T, B, 3 H)``, and u = U h + c the recurrent ones.
"""

from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from hyperprune.models.fused_layers import FusedLayers

_TANH = torch.ops.aten.tanh_backward.grad_input
_SIGMOID = torch.ops.aten.sigmoid_backward.grad_input


class _Recurrence(torch.autograd.Function):
    """Outputs ``(T, B, H)`` and last state from driven sums, state, U and c."""

    @staticmethod
    def forward(
        ctx: Any, driven: Tensor, state: Tensor, recurrent: Tensor, bias: Tensor
    ) -> tuple[Tensor, Tensor]:
        time, batch, _ = driven.shape
        size = state.shape[1]
        gates = driven.clone()  # becomes r, z, n
        sums = driven.new_empty(time, batch, 3 * size)
        states = driven.new_empty(time + 1, batch, size)
        states[0] = state
        for t in range(time):
            torch.addmm(bias, states[t], recurrent.mT, out=sums[t])
            both, n = gates[t, :, : 2 * size], gates[t, :, 2 * size :]
            both.add_(sums[t, :, : 2 * size]).sigmoid_()
            n.addcmul_(both[:, :size], sums[t, :, 2 * size :]).tanh_()
            torch.lerp(n, states[t], both[:, size:], out=states[t + 1])
        ctx.save_for_backward(gates, sums[:, :, 2 * size :].contiguous(), states, recurrent)
        return states[1:], states[-1].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, outputs: Tensor, last: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        gates, sums, states, recurrent = ctx.saved_tensors
        size = sums.shape[2]
        driven, own = torch.empty_like(gates), torch.empty_like(gates)
        state = last
        for t in reversed(range(len(gates))):
            state = state + outputs[t]
            r, z, n = gates[t].split(size, dim=1)
            by_r, by_z, by_n = driven[t].split(size, dim=1)
            _TANH(state - state * z, n, grad_input=by_n)
            _SIGMOID(state * (states[t] - n), z, grad_input=by_z)
            _SIGMOID(by_n * sums[t], r, grad_input=by_r)
            own[t, :, : 2 * size] = driven[t, :, : 2 * size]
            torch.mul(by_n, r, out=own[t, :, 2 * size :])
            state = torch.addmm(state * z, own[t], recurrent)
        flat = own.flatten(0, 1)
        return driven, state, flat.mT @ states[:-1].flatten(0, 1), flat.sum(dim=0)


class FusedGRU(FusedLayers, nn.GRU):  # type: ignore[misc]  # torch's overloads also take packed sequences
    """Stacked GRU layers."""

    recurrence: ClassVar[type[torch.autograd.Function]] = _Recurrence
