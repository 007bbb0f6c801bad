"""``nn.RNN`` (tanh) with a fused training pass: h' = tanh(a + U h + c), a = W x + b the driven sums."""

from typing import Any, ClassVar

import torch
from torch import _VF, Tensor, nn
from torch.autograd.function import once_differentiable

from hyperprune.models.layers.fused_layers import FusedLayers, states_after
from hyperprune.models.layers.layered import Kernel
from hyperprune.models.layers.narrow_product import add_product, by_matrix, product
from hyperprune.models.layers.working_type import loop_type

_Pair = tuple[Tensor, Tensor]
_TANH = torch.ops.aten.tanh_backward.grad_input


class _Recurrence(torch.autograd.Function):
    """Outputs ``(T, B, H)`` and last state from driven sums ``(T, B, H)``, state, U and c."""

    @staticmethod
    def forward(ctx: Any, driven: Tensor, state: Tensor, recurrent: Tensor, bias: Tensor) -> _Pair:
        sums = driven + bias
        states = states_after(state, len(driven))
        # views by step, made once: making them costs as much as using them
        recurrent = recurrent.to(loop_type(recurrent))
        at, sums_at, transposed = states.unbind(), sums.unbind(), recurrent.mT
        for t in range(len(driven)):
            add_product(sums_at[t], at[t], transposed, out=at[t + 1]).tanh_()
        ctx.save_for_backward(states, recurrent)
        return states[1:], states[-1].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, outputs: Tensor, last: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        states, recurrent = ctx.saved_tensors
        driven, state = torch.empty_like(states[1:]), last.clone()
        at, driven_at, above = states.unbind(), driven.unbind(), outputs.unbind()
        for t in reversed(range(len(driven))):
            _TANH(state.add_(above[t]), at[t + 1], grad_input=driven_at[t])
            product(driven_at[t], recurrent, out=state)
        flat = driven.flatten(0, 1)
        return driven, state, by_matrix(flat, states[:-1].flatten(0, 1), recurrent), flat.sum(dim=0)


class FusedRNN(FusedLayers, nn.RNN):  # type: ignore[misc]  # torch's overloads also take packed sequences
    """Stacked tanh layers."""

    recurrence: ClassVar[type[torch.autograd.Function]] = _Recurrence
    kernel: ClassVar[Kernel] = staticmethod(_VF.rnn_tanh)
