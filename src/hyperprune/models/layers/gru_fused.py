"""``nn.GRU`` with a fused training pass.

With T steps, B sequences and H units, in the form of torch (reset gate after the product):

    r, z = sigmoid(a + u),   n = tanh(a_n + r u_n),   h' = n + z (h - n)

where a = W x + b are the driven sums, ``(T, B, 3 H)``, and u = U h + c the recurrent ones.
"""

from typing import Any, ClassVar

import torch
from torch import _VF, Tensor, nn
from torch.autograd.function import once_differentiable

from hyperprune.models.layers.fused_layers import FusedLayers, states_after
from hyperprune.models.layers.layered import Kernel
from hyperprune.models.layers.narrow_product import add_product, by_matrix
from hyperprune.models.layers.working_type import loop_type

_Pair = tuple[Tensor, Tensor]
_TANH = torch.ops.aten.tanh_backward.grad_input
_SIGMOID = torch.ops.aten.sigmoid_backward.grad_input


class _Recurrence(torch.autograd.Function):
    """Outputs ``(T, B, H)`` and last state from driven sums, state, U and c."""

    @staticmethod
    def forward(ctx: Any, driven: Tensor, state: Tensor, recurrent: Tensor, bias: Tensor) -> _Pair:
        time, batch, _ = driven.shape
        size = state.shape[1]
        gates = driven.clone()  # becomes r, z, n
        sums = driven.new_empty(time, batch, 3 * size)
        states = states_after(state, time)
        # views by step, made once: making them costs as much as using them
        r, z, n = _by_gate(gates)
        both, both_sums = gates[:, :, : 2 * size].unbind(), sums[:, :, : 2 * size].unbind()
        n_sums, sums_at, at = sums[:, :, 2 * size :].unbind(), sums.unbind(), states.unbind()
        recurrent = recurrent.to(loop_type(recurrent))
        transposed = recurrent.mT
        for t in range(time):
            add_product(bias, at[t], transposed, out=sums_at[t])
            both[t].add_(both_sums[t]).sigmoid_()
            n[t].addcmul_(r[t], n_sums[t]).tanh_()
            torch.lerp(n[t], at[t], z[t], out=at[t + 1])
        ctx.save_for_backward(gates, sums[:, :, 2 * size :].contiguous(), states, recurrent)
        return states[1:], states[-1].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, outputs: Tensor, last: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        gates, sums, states, recurrent = ctx.saved_tensors
        size = sums.shape[2]
        driven, own = torch.empty_like(gates), torch.empty_like(gates)
        r, z, n = _by_gate(gates)
        by_r, by_z, by_n = _by_gate(driven)
        both, own_both = driven[:, :, : 2 * size].unbind(), own[:, :, : 2 * size].unbind()
        own_n, own_at, sums_at = own[:, :, 2 * size :].unbind(), own.unbind(), sums.unbind()
        at, above = states.unbind(), outputs.unbind()
        state, spare, carried = last.clone(), torch.empty_like(last), torch.empty_like(last)
        for t in reversed(range(len(gates))):
            state.add_(above[t])
            torch.mul(state, z[t], out=carried)
            _TANH(torch.sub(state, carried, out=spare), n[t], grad_input=by_n[t])
            _SIGMOID(torch.sub(at[t], n[t], out=spare).mul_(state), z[t], grad_input=by_z[t])
            _SIGMOID(torch.mul(by_n[t], sums_at[t], out=spare), r[t], grad_input=by_r[t])
            own_both[t].copy_(both[t])
            torch.mul(by_n[t], r[t], out=own_n[t])
            add_product(carried, own_at[t], recurrent, out=state)
        flat = own.flatten(0, 1)
        return driven, state, by_matrix(flat, states[:-1].flatten(0, 1), recurrent), flat.sum(dim=0)


def _by_gate(stacked: Tensor) -> list[tuple[Tensor, ...]]:
    """Views of r, z and n by step."""
    return [gate.unbind() for gate in stacked.chunk(3, dim=2)]


class FusedGRU(FusedLayers, nn.GRU):  # type: ignore[misc]  # torch's overloads also take packed sequences
    """Stacked GRU layers."""

    recurrence: ClassVar[type[torch.autograd.Function]] = _Recurrence
    kernel: ClassVar[Kernel] = staticmethod(_VF.gru)
